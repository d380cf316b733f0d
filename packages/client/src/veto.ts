/**
 * A holder's veto of a request to replace it. Signed by the authority key in force; with challenges
 * passed as well it also defeats a request that the key alone cannot (docs/spec/fold.md, rule 21).
 */
import { signEntry } from '@callbook/protocol';
import { memberChallenges, passChallenges } from './challenge-round.ts';
import type { CodeForm, CodeSource } from './challenge.ts';
import { assertCharterCurrent } from './claim.ts';
import type { DirectoryContext } from './directory-context.ts';
import type { Holding } from './holding.ts';
import { orderMembers } from './member.ts';
import type { MemberChallenge, PendingEntry, SavePending } from './pending-entry.ts';
import { ignoreProgress, type OnProgress } from './progress.ts';
import { explained } from './refusals.ts';
import { authorityOf } from './signers/authority-signer.ts';
import { assertComplete, submitEntry } from './submission.ts';

/** Whether control of the identifier is proven as well, and who is told of the steps. */
export interface VetoOptions {
  /** Passes challenges at f + 1 members first. */
  readonly challenge?: {
    readonly form: CodeForm;
    readonly code: CodeSource;
    readonly members?: readonly string[];
  };
  /** Number of vetoes of this request that were signed before and did not defeat it. */
  readonly attempt?: number;
  readonly onProgress?: OnProgress;
  readonly savePending?: SavePending;
}

/** Vetoes a request (its id, 32 bytes). Throws `entry_incomplete` where it has to be resumed. */
export async function veto(
  context: DirectoryContext,
  of: { holding: Holding; requestId: Uint8Array },
  options: VetoOptions = {},
): Promise<void> {
  assertCharterCurrent(context);
  const challenges = await challengesOf(context, of.holding, options);
  const pending = await signVeto(context, of, { challenges, attempt: options.attempt ?? 0 });
  await options.savePending?.(pending);
  const { onProgress = ignoreProgress } = options;
  const submission = await submitEntry(context, { pending, onProgress });
  explained(() => assertComplete(submission));
}

async function challengesOf(
  context: DirectoryContext,
  { identifier, authorityKey }: Holding,
  { challenge, onProgress }: VetoOptions,
): Promise<MemberChallenge[]> {
  if (challenge === undefined) return [];
  const passed = await passChallenges(context, {
    identifier,
    authorityKey,
    ...challenge,
    onProgress,
    order: orderMembers(context.members, challenge.members ?? []),
    count: context.charter.faults + 1,
  });
  return memberChallenges(passed);
}

async function signVeto(
  context: DirectoryContext,
  { holding, requestId }: { holding: Holding; requestId: Uint8Array },
  { challenges, attempt }: { challenges: readonly MemberChallenge[]; attempt: number },
): Promise<PendingEntry> {
  const { labelEpoch, label, epoch } = holding;
  const authority = await authorityOf(context, holding);
  const terms = { commitment: null, recovery: null, lock: false, email: null };
  const entry = await signEntry(
    {
      v: 1,
      kind: 'veto',
      labelEpoch,
      label,
      epoch,
      seq: attempt,
      prev: null,
      authority: authority.publicKey,
      request: requestId,
      ...terms,
    },
    { authority },
  );
  return { kind: 'veto', entry, payload: null, opening: null, challenges, receipts: [], holding };
}
