/**
 * Asks for a proof, one member after the other, until one gives a proof that verifies. A member whose
 * proof does not is passed over like one that is silent, and named in the answer.
 */
import type { Identifier } from '@callbook/protocol';
import { assertIdentifier } from './claim.ts';
import type { DirectoryContext } from './directory-context.ts';
import { clientError, isClientError, type ClientErrorCode } from './errors.ts';
import { summariseFailures, survive, type MemberFailure } from './failover.ts';
import { callMember } from './member-call.ts';
import type { Member } from './member.ts';
import { parseProofAnswer } from './proof-answer.ts';
import { verifyProof, type ProvenIdentifier } from './verify-proof.ts';

export interface Proof extends ProvenIdentifier {
  /** Members that were asked before and did not give a good proof. */
  readonly passedOver: readonly { readonly member: string; readonly code: ClientErrorCode }[];
}

/** Proves what the directory says of an identifier. Throws what the members' failures come to. */
export async function prove(context: DirectoryContext, identifier: Identifier): Promise<Proof> {
  assertIdentifier(identifier);
  const failures: MemberFailure[] = [];
  for (const member of context.members) {
    try {
      const proven = await proveByNewest(context, member, identifier);
      const passedOver = failures.map((failure) => {
        return { member: failure.member.name, code: failure.error.code };
      });
      return { ...proven, passedOver };
    } catch (error) {
      failures.push(survive(member, error));
    }
  }
  throw summariseFailures(failures, 1);
}

/** A proof by a charter that is not known may be by a newer one: then it is asked for again. */
async function proveByNewest(
  context: DirectoryContext,
  member: Member,
  identifier: Identifier,
): Promise<ProvenIdentifier> {
  try {
    return await proveAt(context, member, identifier);
  } catch (error) {
    const isOther = isClientError(error) && error.code === 'proof_charter_mismatch';
    if (!isOther || !(await context.walk.again())) throw error;
    return await proveAt(context, member, identifier);
  }
}

async function proveAt(
  { known: charter, clock, crypto, fetch }: DirectoryContext,
  member: Member,
  identifier: Identifier,
): Promise<ProvenIdentifier> {
  const json = await callMember(fetch, member, {
    method: 'POST',
    path: '/v1/proof',
    body: { identifier },
  });
  const nowMs = clock.nowMs();
  const proven = verifyProof(parseProofAnswer(json), { charter, identifier, crypto, nowMs });
  if (proven.member !== member.name) {
    throw clientError('proof_root_invalid', 'root is signed by another member than the one asked');
  }
  return proven;
}
