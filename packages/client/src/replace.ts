/**
 * `replace`: takes an identifier over whose key is lost, one step at a call: the request, days later the
 * commit by the same key after challenges passed afresh, and in between the answer to when that may be.
 * The caller keeps a `Replacement` from the first step to the last, and gives it back with every call.
 */
import {
  bytesEqual,
  challengedMin,
  type PublishedKey,
  type Route,
  type Visibility,
} from '@callbook/protocol';
import { memberChallenges, passChallenges, type PassedMember } from './challenge-round.ts';
import { assertCharterCurrent, assertIdentifier } from './claim.ts';
import type { DirectoryContext } from './directory-context.ts';
import { clientError } from './errors.ts';
import type { Holding } from './holding.ts';
import { orderMembers } from './member.ts';
import { signOpening } from './opening-entry.ts';
import type { SavePending } from './pending-entry.ts';
import { ignoreProgress } from './progress.ts';
import { explained } from './refusals.ts';
import type { Replacement } from './replacement-record.ts';
import {
  firstOf,
  identifierFree,
  requestReplacement,
  submitRequest,
  type RequestOptions,
} from './replacement-request.ts';
import { replacementStanding, type ReplacementStanding } from './replacement-standing.ts';
import { authorityOf } from './signers/authority-signer.ts';
import { assertComplete, submitEntry } from './submission.ts';

export interface ReplaceOptions extends RequestOptions {
  /** What an earlier step has returned or saved; left out, a request begins. */
  readonly replacement?: Replacement;
  /** What is published from the commit on. Default: no routes, in DNS, the keys that derive from the seed. */
  readonly routes?: readonly Route[];
  readonly visibility?: Visibility;
  readonly keys?: readonly PublishedKey[];
  /** Saves the commit, as `save` does the request. */
  readonly savePending?: SavePending;
}

/** Where a replacement is after a call: its hold runs, or the identifier is taken over. */
export type ReplaceStep =
  /** The hold runs: call again with the replacement from that time on. */
  | {
      readonly state: 'holding';
      readonly replacement: Replacement;
      readonly commitFromMs: number;
    }
  /** The identifier is taken over. */
  | { readonly state: 'taken'; readonly holding: Holding };

/**
 * Does the next step of a replacement. Throws `identifier_free`, `class_not_allowed`,
 * `replacement_paused`, `replacement_vetoed`, `replacement_superseded`, the challenges' errors, and
 * `entry_incomplete`: then what was saved is given to the next call, or for a commit to `resume`.
 */
export async function replace(
  context: DirectoryContext,
  options: ReplaceOptions,
): Promise<ReplaceStep> {
  assertCharterCurrent(context);
  assertIdentifier(options.identifier);
  const { replacement } = options;
  if (replacement === undefined) return holding(await requestReplacement(context, options));
  if (replacement.commitFromMs === null) {
    const { form, code, email, onProgress, save } = options;
    const again = { challenge: { form, code }, email, onProgress, save };
    return holding(await submitRequest(context, replacement, again));
  }
  const standing = await replacementStanding(context, replacement);
  if (standing.state === 'holding') {
    return holding({ ...replacement, commitFromMs: standing.commitFromMs });
  }
  const countsFromMs = readyFromMs(standing);
  const taken = await commitReplacement(context, { replacement, countsFromMs }, options);
  return { state: 'taken', holding: taken };
}

function holding(replacement: Replacement): ReplaceStep {
  const { commitFromMs } = replacement;
  if (commitFromMs === null) throw new TypeError('a complete request has the end of its hold');
  return { state: 'holding', replacement, commitFromMs };
}

function readyFromMs(standing: ReplacementStanding): number {
  switch (standing.state) {
    case 'ready':
    case 'holding':
      return standing.commitFromMs;
    case 'vetoed':
      throw clientError('replacement_vetoed', 'the holder has vetoed the request');
    case 'superseded':
      throw clientError('replacement_superseded', 'the identifier has another holder by now');
    case 'unknown':
      throw clientError('members_disagree', 'too few members know of the request');
    case 'free':
      throw identifierFree();
  }
}

async function commitReplacement(
  context: DirectoryContext,
  of: { replacement: Replacement; countsFromMs: number },
  options: ReplaceOptions,
): Promise<Holding> {
  const { replacement, countsFromMs } = of;
  const { identifier, seed, authorityKey, labelEpoch, label, vrfProof } = replacement;
  const { signer, routes = [], visibility = 'dns', keys } = options;
  const signers = signer === undefined ? context.signers : () => signer;
  const authority = await authorityOf({ crypto: context.crypto, signers }, replacement);
  const passed = await passChallenges(context, {
    ...options,
    identifier,
    authorityKey,
    email: undefined,
    order: orderMembers(context.members, options.members ?? []),
    count: challengedMin(context.charter, 'commit'),
  });
  assertCommits(replacement, passed);
  const pending = await signOpening(
    context,
    { identifier, seed, authority, routes, visibility, ...(keys === undefined ? {} : { keys }) },
    {
      kind: 'commit',
      labelEpoch,
      label,
      vrfProof,
      epoch: replacement.epoch + 1,
      prev: null,
      request: replacement.requestId,
      challenges: memberChallenges(passed),
      countsFromMs,
    },
  );
  await options.savePending?.(pending);
  const { onProgress = ignoreProgress } = options;
  const submission = await submitEntry(context, { pending, onProgress });
  const { receipts } = explained(() => assertComplete(submission));
  return { ...pending.holding, receipts };
}

/** The members that sent codes have the last word: they judge by what they have logged. */
function assertCommits(replacement: Replacement, passed: readonly PassedMember[]): void {
  const { next } = firstOf(passed);
  if (next.kind === 'register') throw identifierFree();
  if (next.kind === 'commit' && bytesEqual(next.request, replacement.requestId)) return;
  if (next.epoch > replacement.epoch) {
    throw clientError('replacement_superseded', 'the identifier has another holder by now');
  }
  throw clientError('replacement_vetoed', 'the request does not stand any more');
}
