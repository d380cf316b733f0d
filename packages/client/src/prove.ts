/**
 * Asks for a proof, one member after the other, until one gives a proof that verifies. A member whose
 * proof does not is passed over like one that is silent, and named in the answer.
 */
import type { Identifier } from '@callbook/protocol';
import { assertIdentifier } from './claim.ts';
import type { DirectoryContext } from './directory-context.ts';
import { clientError, isClientError, type ClientErrorCode } from './errors.ts';
import { summariseFailures, survive, type MemberFailure } from './failover.ts';
import { proofsAtOnce } from './limits.ts';
import { callMember } from './member-call.ts';
import type { Member } from './member.ts';
import { parseProofAnswer, parseProofsAnswer, type ProofAnswer } from './proof-answer.ts';
import {
  verifyIdentifier,
  verifyProof,
  verifyRoot,
  type ProvenIdentifier,
} from './verify-proof.ts';

export interface Proof extends ProvenIdentifier {
  /** Members that were asked before and did not give a good proof. */
  readonly passedOver: readonly { readonly member: string; readonly code: ClientErrorCode }[];
}

/** Proves what the directory says of an identifier. Throws what the members' failures come to. */
export async function prove(context: DirectoryContext, identifier: Identifier): Promise<Proof> {
  assertIdentifier(identifier);
  const failures: MemberFailure[] = [];
  for (const member of context.health.inOrder(context.members)) {
    try {
      return withPassedOver(await proveAt(context, member, { identifier }), failures);
    } catch (error) {
      failures.push(survive(member, error));
    }
  }
  throw summariseFailures(failures, 1);
}

export function withPassedOver(
  proven: ProvenIdentifier,
  failures: readonly MemberFailure[],
): Proof {
  const passedOver = failures.map(({ member, error }) => ({
    member: member.name,
    code: error.code,
  }));
  return { ...proven, passedOver };
}

/** What one member is asked to prove, and how long it is waited for. */
export interface ProofQuestion {
  readonly identifier: Identifier;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** One member's proof, verified. Throws for anything less. */
export async function proveAt(
  context: DirectoryContext,
  member: Member,
  of: ProofQuestion,
): Promise<ProvenIdentifier> {
  return (await provenAnswerAt(context, member, of)).proven;
}

/** The same, with the answer that proves it. */
export async function provenAnswerAt(
  context: DirectoryContext,
  member: Member,
  of: ProofQuestion,
): Promise<{ readonly answer: ProofAnswer; readonly proven: ProvenIdentifier }> {
  const { identifier } = of;
  return await byNewestCharter(context, async () => {
    const json = await callMember(context.fetch, member, {
      method: 'POST',
      path: '/v1/proof',
      body: { identifier },
      ...(of.timeoutMs === undefined ? {} : { timeoutMs: of.timeoutMs }),
      ...signalOf(of),
    });
    const answer = parseProofAnswer(json);
    const proven = verifyProof(answer, { ...claimOf(context), identifier });
    assertSignedBy(member, proven);
    return { answer, proven };
  });
}

/**
 * One member's proofs of several identifiers, verified, in their order; null where it shows none without a token. Throws where one of them is
 * bad: a member that forges one is not believed in the others.
 */
export async function proveSeveralAt(
  context: DirectoryContext,
  member: Member,
  of: { readonly identifiers: readonly Identifier[]; readonly signal?: AbortSignal },
): Promise<(ProvenIdentifier | null)[]> {
  const { identifiers } = of;
  return await byNewestCharter(context, async () => {
    const json = await callMember(context.fetch, member, {
      method: 'POST',
      path: '/v1/proofs',
      body: { identifiers },
      ...signalOf(of),
    });
    const answer = parseProofsAnswer(json, identifiers.length);
    const claim = claimOf(context);
    const root = verifyRoot(answer, claim);
    assertSignedBy(member, root);
    const proven: (ProvenIdentifier | null)[] = [];
    for (const [place, result] of answer.results.entries()) {
      const identifier = identifiers[place];
      if (identifier === undefined) throw new TypeError('every result has its identifier');
      proven.push(result && verifyIdentifier(result, root, { ...claim, identifier }));
      // Each takes milliseconds: a page must be able to draw between some of them.
      if (place % proofsAtOnce === proofsAtOnce - 1) await context.pause(0);
    }
    return proven;
  });
}

function claimOf({ known: charter, clock, crypto }: DirectoryContext) {
  return { charter, crypto, nowMs: clock.nowMs() };
}

function signalOf({ signal }: { readonly signal?: AbortSignal }): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

function assertSignedBy(asked: Member, { member }: { readonly member: string }): void {
  if (member === asked.name) return;
  throw clientError('proof_root_invalid', 'root is signed by another member than the one asked');
}

/** A proof by a charter that is not known may be by a newer one: then it is asked for again. */
async function byNewestCharter<T>(context: DirectoryContext, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const isOther = isClientError(error) && error.code === 'proof_charter_mismatch';
    if (!isOther || !(await context.walk.again())) throw error;
    return await ask();
  }
}
