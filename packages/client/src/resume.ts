/**
 * Continues an entry that was signed and saved earlier, after a crash or when too few members were
 * there. The bytes never change. A register may need new challenges, as a passed one serves its
 * entry for ten minutes only; they are made for the same authority key.
 */
import { parseEntry } from '@callbook/protocol';
import { ignoreProgress, passChallenges } from './claim.ts';
import type { CodeForm, CodeSource } from './challenge.ts';
import type { DirectoryContext } from './directory-context.ts';
import { clientError } from './errors.ts';
import type { Holding } from './holding.ts';
import type { PendingEntry, SavePending } from './pending-entry.ts';
import type { OnProgress } from './progress.ts';
import { assertComplete, submitEntry, type Submission } from './submission.ts';

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
  return { ...pending.holding, receipts: assertComplete(submission).receipts };
}

function lacksChallenges(pending: PendingEntry, { collected, failures }: Submission): boolean {
  return (
    pending.kind === 'register' &&
    collected.challengedCount < collected.challengedNeeded &&
    failures.some(({ error }) => error.code === 'challenge_lost')
  );
}

async function renewChallenges(
  context: DirectoryContext,
  of: { pending: PendingEntry; submission: Submission; options: ResumeOptions },
): Promise<PendingEntry> {
  const { pending, submission, options } = of;
  const { collected } = submission;
  const { challenge } = options;
  if (challenge === undefined) return pending;
  const passed = await passChallenges(context, {
    options: { ...pending.holding, ...challenge, onProgress: options.onProgress ?? ignoreProgress },
    order: context.members.filter(({ logKey }) => !collected.has(logKey.name)),
    count: collected.challengedNeeded - collected.challengedCount,
  });
  assertStillNext(pending, passed[0]?.next.epoch);
  const names = new Set(passed.map(({ member }) => member.name));
  return {
    ...pending,
    receipts: collected.receipts,
    challenges: [
      ...pending.challenges.filter(({ member }) => !names.has(member)),
      ...passed.map(({ member, challengeId }) => ({ member: member.name, challengeId })),
    ],
  };
}

/** Throws `request_refused` when the entry can no longer follow what is in force. */
function assertStillNext(pending: PendingEntry, nextEpoch: number | undefined): void {
  const entry = parseEntry(pending.entry);
  if (entry.verdict === 'accept' && entry.value.epoch === nextEpoch) return;
  throw clientError('request_refused', 'the entry no longer follows the one in force');
}
