/**
 * Finds a proof that bears an answer out, at one member after the other. A proof that cannot be had is
 * told; one that is bad, or shows something else, is an error unless another member's is good.
 */
import { bytesEqual, type Identifier } from '@callbook/protocol';
import type { DirectoryContext } from './directory-context.ts';
import { clientError } from './errors.ts';
import { isSilent, summariseFailures, survive, type MemberFailure } from './failover.ts';
import { proofCallMsMax } from './limits.ts';
import type { ProofReason } from './lookup-reason.ts';
import type { CountedLookup } from './lookup.ts';
import { describePublished } from './member-answers.ts';
import type { Member } from './member.ts';
import { proveAt, withPassedOver } from './prove.ts';
import type { ProvenIdentifier } from './verify-proof.ts';

export interface ProofSearch {
  readonly identifier: Identifier;
  readonly order: readonly Member[];
  /** What is to be proven, as soon as it is known. */
  readonly answer: Promise<CountedLookup>;
  readonly signal?: AbortSignal;
}

/** Throws `members_disagree` or the code of a bad proof; else says what there is. */
export async function findProof(
  context: DirectoryContext,
  search: ProofSearch,
): Promise<ProofReason> {
  const failures: MemberFailure[] = [];
  for (const member of search.order) {
    // The first member is asked while the answers still come in: no round trip is lost.
    const proven = await tryProof(context, member, search);
    const answer = await search.answer;
    if ('error' in proven) {
      failures.push(proven);
      if (isWithheld(proven, answer)) break;
    } else if (bearsOut(proven, answer)) {
      return { state: 'proven', proof: withPassedOver(proven, failures) };
    } else failures.push(differing(member));
  }
  return unproven(failures);
}

async function tryProof(
  context: DirectoryContext,
  member: Member,
  { identifier, signal }: ProofSearch,
): Promise<MemberFailure | ProvenIdentifier> {
  const ended = signal === undefined ? {} : { signal };
  try {
    return await proveAt(context, member, { identifier, timeoutMs: proofCallMsMax, ...ended });
  } catch (error) {
    signal?.throwIfAborted();
    const failure = survive(member, error);
    if (failure.error.code === 'member_timeout') context.health.failed(member);
    return failure;
  }
}

/** What it comes to when no member has proven an answer. */
export function unproven(failures: readonly MemberFailure[]): ProofReason {
  const differs = failures.some(({ error }) => error.code === 'proof_differs');
  if (differs) {
    throw clientError('members_disagree', 'no proof bears out what the members tell', {
      details: { asked: failures.length },
    });
  }
  const worst = summariseFailures(failures, 1);
  if (failures.every(isSilent)) return { state: 'unavailable', code: worst.code };
  throw worst;
}

export function differing(member: Member): MemberFailure {
  const message = `proof of ${member.name} shows another state than the members tell`;
  return { member, error: clientError('proof_differs', message) };
}

export function withheld(member: Member): MemberFailure {
  const message = `member ${member.name} shows no proof without a token`;
  return { member, error: clientError('token_missing', message) };
}

/** Without a token no member proves that there is nothing: the others need not be asked. */
export function isWithheld({ error }: MemberFailure, { state }: CountedLookup): boolean {
  return error.code === 'token_missing' && state === 'absent';
}

/** Whether what is proven is what the members have answered. */
export function bearsOut(proven: ProvenIdentifier, answer: CountedLookup): boolean {
  // Held without anything published is "absent" to whoever looks up, and so may be what its holder has
  // given up: the proof tells the difference.
  if (answer.state === 'absent') {
    return proven.state !== 'published' || proven.binding?.status === 'released';
  }
  const { binding } = answer;
  const isSame =
    proven.binding !== null &&
    proven.binding.epoch === binding.epoch &&
    proven.binding.seq === binding.seq &&
    bytesEqual(proven.label, binding.label) &&
    bytesEqual(proven.binding.ownershipId, binding.ownershipId) &&
    bytesEqual(proven.binding.entryId, binding.entryId);
  return (
    isSame &&
    proven.payload !== null &&
    describePublished(proven.payload) === describePublished(binding)
  );
}
