/**
 * Continues an entry that was signed and saved earlier, after a crash or when too few members were
 * there. The bytes never change. A claim may need new challenges, as a passed one serves its
 * entry for ten minutes only; they are made for the same authority key.
 */
import { parseEntry } from '@callbook/protocol';
import { memberChallenges, passChallenges, type ChallengeRound } from './challenge-round.ts';
import type { CodeForm, CodeSource } from './challenge.ts';
import type { DirectoryContext } from './directory-context.ts';
import { clientError } from './errors.ts';
import type { Holding } from './holding.ts';
import type { PendingEntry, SavePending, SignedEntry } from './pending-entry.ts';
import { ignoreProgress, type OnProgress } from './progress.ts';
import { explained } from './refusals.ts';
import { assertComplete, submitEntry, type Submission } from './submission.ts';

/** How an entry is gone on with whose challenges may have been forgotten. */
export interface ResumeOptions {
  /** How to supply codes again, should a register need them. */
  readonly challenge?: { readonly form: CodeForm; readonly code: CodeSource };
  readonly onProgress?: OnProgress;
  readonly savePending?: SavePending;
}

/**
 * Submits `pending` again and returns the holding that it leads to (after a release, the one it
 * ended). Throws as `claim` and the changes do.
 */
export async function resume(
  context: DirectoryContext,
  pending: PendingEntry,
  options: ResumeOptions = {},
): Promise<Holding> {
  const onProgress = options.onProgress ?? ignoreProgress;
  let submission = await submitEntry(context, { pending, onProgress });
  if (options.challenge !== undefined && lacksChallenges(pending, submission)) {
    const renewed = await renewChallenges(context, { pending, submission, options });
    await options.savePending?.(renewed);
    submission = await submitEntry(context, { pending: renewed, onProgress });
  }
  const { receipts } = explained(() => assertComplete(submission));
  // A veto is nothing that is published: the receipts of what is stay with the holding.
  return pending.kind === 'veto' ? pending.holding : { ...pending.holding, receipts };
}

/** Whether the entry was refused only because its challenges are over. */
export function lacksChallenges(
  { kind }: SignedEntry,
  { collected, failures }: Submission,
): boolean {
  return (
    (kind === 'register' || kind === 'request' || kind === 'commit') &&
    collected.challengedCount < collected.challengedNeeded &&
    failures.some(({ error }) => error.code === 'challenge_lost')
  );
}

async function renewChallenges(
  context: DirectoryContext,
  of: { pending: PendingEntry; submission: Submission; options: ResumeOptions },
): Promise<PendingEntry> {
  const { pending, submission, options } = of;
  const { challenge, onProgress } = options;
  if (challenge === undefined) return pending;
  const { identifier, authorityKey } = pending.holding;
  const renewed = await withNewChallenges(context, {
    signed: pending,
    submission,
    claim: { identifier, authorityKey, ...challenge, onProgress },
  });
  return { ...pending, ...renewed };
}

/** Passes challenges again at members that have not logged the entry yet. */
export async function withNewChallenges(
  context: DirectoryContext,
  of: {
    signed: SignedEntry;
    submission: Submission;
    claim: Omit<ChallengeRound, 'order' | 'count'>;
  },
): Promise<SignedEntry> {
  const { signed, claim } = of;
  const { collected } = of.submission;
  const passed = await passChallenges(context, {
    ...claim,
    order: context.members.filter(({ logKey }) => !collected.has(logKey.name)),
    count: collected.challengedNeeded - collected.challengedCount,
  });
  assertStillNext(signed, passed[0]?.next.epoch);
  const names = new Set(passed.map(({ member }) => member.name));
  return {
    ...signed,
    receipts: collected.receipts,
    challenges: [
      ...signed.challenges.filter(({ member }) => !names.has(member)),
      ...memberChallenges(passed),
    ],
  };
}

/** Throws `request_refused` when the entry can no longer follow what is in force. */
function assertStillNext(pending: SignedEntry, nextEpoch: number | undefined): void {
  const entry = parseEntry(pending.entry);
  if (entry.verdict === 'accept' && entry.value.epoch === nextEpoch) return;
  throw clientError('request_refused', 'the entry no longer follows the one in force');
}
