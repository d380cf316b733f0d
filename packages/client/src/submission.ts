/**
 * Brings one entry to the members: the same entry to one after the other, each with the receipts
 * collected so far, until the receipts prove that it is complete. A member asks the others itself,
 * so that usually one call is enough; the client goes round for when that member cannot.
 */
import { encodeBase64Url, encodeReceiptJson } from '@callbook/protocol';
import { parseSubmissionAnswer } from './api-answers.ts';
import type { DirectoryContext } from './directory-context.ts';
import { clientError } from './errors.ts';
import { summariseFailures, survive, type MemberFailure } from './failover.ts';
import { entryCallMsMax, submissionPauseMs, submissionRoundsMax } from './limits.ts';
import { callMember } from './member-call.ts';
import type { Member } from './member.ts';
import type { SignedEntry } from './pending-entry.ts';
import type { OnProgress } from './progress.ts';
import { namesUnknownCharter, ReceiptSet } from './receipts.ts';

export interface SubmissionOptions {
  readonly pending: SignedEntry;
  readonly onProgress: OnProgress;
}

/** What came of a submission; `assertComplete` turns anything less than enough into an error. */
export interface Submission {
  readonly collected: ReceiptSet;
  readonly failures: readonly MemberFailure[];
}

/** Posts the pending entry until its receipts are complete, or no round brings more. */
export async function submitEntry(
  context: DirectoryContext,
  options: SubmissionOptions,
): Promise<Submission> {
  const { pending, onProgress } = options;
  const collected = new ReceiptSet(context, pending);
  collected.add(pending.receipts);
  const failures: MemberFailure[] = [];
  for (let round = 0; round < submissionRoundsMax && !collected.complete; round += 1) {
    if (round > 0) await context.pause(submissionPauseMs * round);
    const roundFailures = await submitRound(context, { pending, collected, onProgress });
    failures.push(...roundFailures);
    // Nobody has logged it and nobody will: going round again would only cost time.
    if (collected.count === 0 && roundFailures.every(isFinal)) break;
  }
  return { collected, failures };
}

/**
 * Returns the receipts of a complete entry. Throws `entry_incomplete` when some members but fewer
 * than the quorum have logged it (the same entry may be submitted again at any time), and the worst
 * of the members' errors when none has.
 */
export function assertComplete({ collected, failures }: Submission): ReceiptSet {
  if (collected.complete) return collected;
  // A member that fell silent may have logged the entry: only when every failure is a refusal is it
  // certain that the entry is nowhere, and that another may be signed in its place.
  const isNowhere = collected.count === 0 && failures.length > 0;
  const worst = isNowhere ? summariseFailures(failures, 1) : undefined;
  if (worst !== undefined && (worst.code !== 'request_refused' || failures.every(isFinal))) {
    throw worst;
  }
  throw clientError(
    'entry_incomplete',
    `${collected.count} members have logged the entry, ${collected.needed} must`,
    { details: { count: collected.count, needed: collected.needed } },
  );
}

function isFinal({ error }: MemberFailure): boolean {
  return error.code === 'request_refused' || error.code === 'challenge_lost';
}

interface Round {
  readonly pending: SignedEntry;
  readonly collected: ReceiptSet;
  readonly onProgress: OnProgress;
}

async function submitRound(context: DirectoryContext, round: Round): Promise<MemberFailure[]> {
  const failures: MemberFailure[] = [];
  for (const member of membersInOrder(context, round.pending)) {
    if (round.collected.complete) break;
    if (!mayTake(member, round)) continue;
    try {
      await submitTo(context, member, round);
    } catch (error) {
      const failure = survive(member, error);
      failures.push(failure);
      round.onProgress({ step: 'member_skipped', member: member.name, code: failure.error.code });
    }
  }
  return failures;
}

/** The members that challenged the claimant first: the others witness only after them. */
function membersInOrder(context: DirectoryContext, pending: SignedEntry): Member[] {
  const challenged = new Set(pending.challenges.map(({ member }) => member));
  return [
    ...context.members.filter(({ name }) => challenged.has(name)),
    ...context.members.filter(({ name }) => !challenged.has(name)),
  ];
}

function mayTake(member: Member, { pending, collected }: Round): boolean {
  if (pending.challenges.some((challenge) => challenge.member === member.name)) return true;
  return collected.challengedCount >= collected.challengedNeeded;
}

async function submitTo(context: DirectoryContext, member: Member, round: Round): Promise<void> {
  const { pending, collected, onProgress } = round;
  onProgress({ step: 'posting', member: member.name });
  const challenge = pending.challenges.find((candidate) => candidate.member === member.name);
  const answer = parseSubmissionAnswer(
    await callMember(context.fetch, member, {
      method: 'POST',
      path: '/v1/entries',
      timeoutMs: entryCallMsMax,
      body: {
        entry: encodeBase64Url(pending.entry),
        ...(pending.payload === null ? {} : { payload: encodeBase64Url(pending.payload) }),
        ...(pending.opening === null ? {} : { opening: encodeBase64Url(pending.opening) }),
        ...(challenge === undefined ? {} : { challenge: challenge.challengeId }),
        ...(challenge?.emailChallengeId === undefined
          ? {}
          : { emailChallenge: challenge.emailChallengeId }),
        ...(collected.count === 0 ? {} : { receipts: collected.receipts.map(encodeReceiptJson) }),
      },
    }),
  );
  // The federation has a charter that is newer than what we knew.
  if (namesUnknownCharter(context, answer.receipts)) await context.walk.again();
  collected.add(answer.receipts);
  onProgress({ step: 'receipts', count: collected.count, needed: collected.needed });
}
