/**
 * Replaces a lost key, from the claimant's side: a `request` by a new key, the hold, and a `commit` by
 * the same key after challenges passed afresh. Days may lie between the two, so the caller keeps a
 * `Replacement` between them and can be broken off anywhere: it is saved before a member sees the
 * request, and again when the request is complete.
 */
import {
  bytesEqual,
  challengedMin,
  entryId,
  signEntry,
  type Identifier,
  type RequestClass,
  type Signer,
} from '@callbook/protocol';
import { memberChallenges, passChallenges, type PassedMember } from './challenge-round.ts';
import type { CodeForm, CodeSource } from './challenge.ts';
import { assertCharterCurrent, assertIdentifier } from './claim.ts';
import type { DirectoryContext } from './directory-context.ts';
import { clientError } from './errors.ts';
import type { Holding } from './holding.ts';
import { orderMembers } from './member.ts';
import { signOpening, type Publication } from './opening-entry.ts';
import { authoritySigner } from './own-keys.ts';
import type { SavePending } from './pending-entry.ts';
import { ignoreProgress, type OnProgress } from './progress.ts';
import { recoverySigner } from './recovery-key.ts';
import { explained } from './refusals.ts';
import { replacementStanding } from './replacement-standing.ts';
import type { Replacement } from './replacement-record.ts';
import { lacksChallenges, withNewChallenges } from './resume.ts';
import { assertComplete, submitEntry } from './submission.ts';

/** Saves a replacement durably; members hear of it only after it has returned. */
export type SaveReplacement = (replacement: Replacement) => Promise<void> | void;

interface ChallengeSource {
  readonly form: CodeForm;
  readonly code: CodeSource;
  /** Names of members to ask first. */
  readonly members?: readonly string[];
  readonly onProgress?: OnProgress;
}

export interface RequestOptions extends ChallengeSource {
  readonly identifier: Identifier;
  /** Of the new key, 32 bytes. The same for every request of one claimant: members count by it. */
  readonly seed: Uint8Array;
  readonly requestClass: RequestClass;
  /** As printed; for class `recovery`, and for others within three days of a stolen key's rotate. */
  readonly recoveryCode?: string;
  /** In canonical form with its scheme; for class `email`. */
  readonly email?: Identifier;
  /** Number of requests that this key has made before. */
  readonly attempt?: number;
  readonly save?: SaveReplacement;
}

/**
 * Requests that `seed`'s key takes the identifier over, and returns what has to be kept until the
 * commit. Throws `identifier_free`, `class_not_allowed`, `replacement_paused`, `entry_incomplete` (to
 * be continued by `resumeRequest`), and the challenges' errors.
 */
export async function requestReplacement(
  context: DirectoryContext,
  options: RequestOptions,
): Promise<Replacement> {
  assertCharterCurrent(context);
  assertIdentifier(options.identifier);
  const recovery =
    options.recoveryCode === undefined
      ? undefined
      : recoverySigner(context.crypto, options.recoveryCode, options.identifier);
  const passed = await passChallenges(context, {
    ...options,
    email: options.requestClass === 'email' ? options.email : undefined,
    order: orderMembers(context.members, options.members ?? []),
    count: challengedMin(context.charter, 'request'),
  });
  const { next } = firstOf(passed);
  if (next.kind === 'register') throw identifierFree();
  if (next.kind === 'commit') {
    // A request of this key is complete: whoever lost the record of it makes no second one.
    throw clientError('hold_pending', 'a request of this key is pending already', {
      details: { fromMs: next.fromMs },
    });
  }
  const replacement = await signRequest(context, options, { passed, recovery });
  await options.save?.(replacement);
  return submitRequest(context, replacement, options);
}

async function signRequest(
  context: DirectoryContext,
  options: RequestOptions,
  given: { passed: readonly PassedMember[]; recovery: Signer | undefined },
): Promise<Replacement> {
  const { passed, recovery } = given;
  const { next, labelEpoch, label, vrfProof } = firstOf(passed);
  const { identifier, seed, requestClass, attempt = 0 } = options;
  const authority = authoritySigner(context.crypto, seed, { labelEpoch, identifier });
  const terms = { commitment: null, recovery: null, lock: false, email: null };
  const entry = await signEntry(
    {
      v: 1,
      kind: 'request',
      labelEpoch,
      label,
      epoch: next.epoch,
      seq: attempt,
      prev: null,
      authority: authority.publicKey,
      class: requestClass,
      ...terms,
    },
    { authority, ...(recovery === undefined ? {} : { recovery }) },
  );
  return {
    identifier,
    seed,
    labelEpoch,
    label,
    vrfProof,
    requestClass,
    attempt,
    epoch: next.epoch,
    requestId: entryId(entry, context.crypto),
    request: {
      kind: 'request',
      entry,
      payload: null,
      opening: null,
      receipts: [],
      challenges: memberChallenges(passed),
    },
    commitFromMs: null,
  };
}

export interface ResumeRequestOptions {
  /** How to supply codes again, should the old challenges be over. */
  readonly challenge?: { readonly form: CodeForm; readonly code: CodeSource };
  /** The address of a request of class `email`, as nothing keeps it. */
  readonly email?: Identifier;
  readonly onProgress?: OnProgress;
  readonly save?: SaveReplacement;
}

/** Brings a saved request to its end; the bytes never change. Errors as `requestReplacement`. */
export async function resumeRequest(
  context: DirectoryContext,
  replacement: Replacement,
  options: ResumeRequestOptions = {},
): Promise<Replacement> {
  if (replacement.commitFromMs !== null) return replacement;
  return submitRequest(context, replacement, options);
}

async function submitRequest(
  context: DirectoryContext,
  replacement: Replacement,
  options: ResumeRequestOptions,
): Promise<Replacement> {
  const { onProgress = ignoreProgress, challenge, email, save } = options;
  let { request } = replacement;
  let submission = await submitEntry(context, { pending: request, onProgress });
  if (challenge !== undefined && lacksChallenges(request, submission)) {
    const { identifier, seed } = replacement;
    const claim = { identifier, seed, ...challenge, email, onProgress };
    request = await withNewChallenges(context, { signed: request, submission, claim });
    await save?.({ ...replacement, request });
    submission = await submitEntry(context, { pending: request, onProgress });
  }
  const { receipts, timeMs } = explained(() => assertComplete(submission));
  const done = {
    ...replacement,
    request: { ...request, receipts },
    commitFromMs: (timeMs ?? context.clock.nowMs()) + holdMs(context, replacement),
  };
  await save?.(done);
  return refined(context, done, save);
}

/**
 * The hold as the members see it: a lock or a theft changes it, which the claimant cannot know. What
 * the charter says stands in until they have read each other's logs.
 */
async function refined(
  context: DirectoryContext,
  replacement: Replacement,
  save: SaveReplacement | undefined,
): Promise<Replacement> {
  const standing = await replacementStanding(context, replacement).catch(() => undefined);
  if (standing?.state !== 'holding' && standing?.state !== 'ready') return replacement;
  const { commitFromMs } = standing;
  if (commitFromMs === replacement.commitFromMs) return replacement;
  const better = { ...replacement, commitFromMs };
  await save?.(better);
  return better;
}

function holdMs({ charter }: DirectoryContext, { requestClass }: Replacement): number {
  const { recoveryMs, emailMs, possessionMs } = charter.holds;
  return { recovery: recoveryMs, email: emailMs, possession: possessionMs }[requestClass];
}

export interface CommitOptions
  extends ChallengeSource, Pick<Publication, 'routes' | 'visibility' | 'keys'> {
  readonly savePending?: SavePending;
}

/**
 * Takes the identifier over after the hold and returns the holding to keep. Throws `hold_pending`,
 * `replacement_vetoed`, `replacement_superseded`, `identifier_free`, all before a code is sent;
 * `entry_incomplete` when the pending entry has to be resumed, and the challenges' errors.
 */
export async function commitReplacement(
  context: DirectoryContext,
  replacement: Replacement,
  options: CommitOptions,
): Promise<Holding> {
  assertCharterCurrent(context);
  const standing = await replacementStanding(context, replacement);
  assertReady(standing);
  const passed = await passChallenges(context, {
    ...options,
    identifier: replacement.identifier,
    seed: replacement.seed,
    order: orderMembers(context.members, options.members ?? []),
    count: challengedMin(context.charter, 'commit'),
  });
  assertCommits(replacement, passed);
  const { identifier, seed, labelEpoch, label, vrfProof, epoch, requestId } = replacement;
  const pending = await signOpening(
    context,
    { ...options, identifier, seed },
    {
      kind: 'commit',
      labelEpoch,
      label,
      vrfProof,
      epoch: epoch + 1,
      prev: null,
      request: requestId,
      challenges: memberChallenges(passed),
    },
  );
  await options.savePending?.(pending);
  const { onProgress = ignoreProgress } = options;
  const submission = await submitEntry(context, { pending, onProgress });
  const { receipts } = explained(() => assertComplete(submission));
  return { ...pending.holding, receipts };
}

function assertReady(standing: Awaited<ReturnType<typeof replacementStanding>>): void {
  switch (standing.state) {
    case 'ready':
      return;
    case 'holding':
      throw clientError('hold_pending', 'the hold of the request is not over', {
        details: { fromMs: standing.commitFromMs },
      });
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

function firstOf(passed: readonly PassedMember[]): PassedMember {
  const first = passed[0];
  if (first === undefined) throw new TypeError('an entry of a claimant needs a passed challenge');
  return first;
}

function identifierFree(): Error {
  return clientError('identifier_free', 'nobody holds the identifier any more');
}
