/**
 * The request that begins a replacement: a new key asks for an identifier whose key is lost. It is saved
 * before a member sees it, and again when it is complete, so that it can be broken off anywhere.
 */
import {
  challengedMin,
  entryId,
  signEntry,
  type Identifier,
  type RequestClass,
  type Signer,
} from '@callbook/protocol';
import { memberChallenges, passChallenges, type PassedMember } from './challenge-round.ts';
import type { CodeForm, CodeSource } from './challenge.ts';
import type { DirectoryContext } from './directory-context.ts';
import { clientError } from './errors.ts';
import type { ChallengeStore } from './kept-challenge.ts';
import { orderMembers } from './member.ts';
import { ignoreProgress, type OnProgress } from './progress.ts';
import { recoverySigner } from './recovery-key.ts';
import { explained } from './refusals.ts';
import type { Replacement } from './replacement-record.ts';
import { replacementStanding } from './replacement-standing.ts';
import { lacksChallenges, withNewChallenges } from './resume.ts';
import { newAuthority, type KeySource } from './signers/authority-signer.ts';
import { assertComplete, submitEntry } from './submission.ts';

/** Saves a replacement durably; members hear of it only after it has returned. */
export type SaveReplacement = (replacement: Replacement) => Promise<void> | void;

interface ChallengeSource {
  readonly form: CodeForm;
  readonly code: CodeSource;
  /** Has challenges that were opened before the application was started anew. */
  readonly challenges?: ChallengeStore;
  /** Names of members to ask first. */
  readonly members?: readonly string[];
  readonly onProgress?: OnProgress;
}

export interface RequestOptions extends ChallengeSource, KeySource {
  readonly identifier: Identifier;
  readonly requestClass: RequestClass;
  /** As printed; for class `recovery`, and for others within three days of a stolen key's rotate. */
  readonly recoveryCode?: string;
  /** In canonical form with its scheme; for class `email`. */
  readonly email?: Identifier;
  /** Number of requests that this key has made before. */
  readonly attempt?: number;
  readonly save?: SaveReplacement;
}

/** Requests that the new key takes the identifier over, and returns what has to be kept. */
export async function requestReplacement(
  context: DirectoryContext,
  options: RequestOptions,
): Promise<Replacement> {
  const { identifier, recoveryCode } = options;
  const recovery =
    recoveryCode === undefined
      ? undefined
      : recoverySigner(context.crypto, recoveryCode, identifier);
  const { labelEpoch } = context.charter;
  const authority = newAuthority(context, { ...options, labelEpoch });
  const passed = await passChallenges(context, {
    ...options,
    authorityKey: authority.publicKey,
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
  const replacement = await signRequest(context, options, { passed, authority, recovery });
  await options.save?.(replacement);
  const { email, onProgress, save } = options;
  return submitRequest(context, replacement, { email, onProgress, save });
}

async function signRequest(
  context: DirectoryContext,
  options: RequestOptions,
  given: { passed: readonly PassedMember[]; authority: Signer; recovery: Signer | undefined },
): Promise<Replacement> {
  const { passed, authority, recovery } = given;
  const { next, labelEpoch, label, vrfProof } = firstOf(passed);
  const { identifier, seed = null, requestClass, attempt = 0 } = options;
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
    authorityKey: authority.publicKey,
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

export interface SubmitOptions {
  readonly email?: Identifier | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly save?: SaveReplacement | undefined;
  /** How to supply codes again, should the challenges be over. */
  readonly challenge?: { readonly form: CodeForm; readonly code: CodeSource };
}

/** Brings a saved request to its end; the bytes never change. */
export async function submitRequest(
  context: DirectoryContext,
  replacement: Replacement,
  options: SubmitOptions,
): Promise<Replacement> {
  const { onProgress = ignoreProgress, challenge, email, save } = options;
  let { request } = replacement;
  let submission = await submitEntry(context, { pending: request, onProgress });
  if (challenge !== undefined && lacksChallenges(request, submission)) {
    const { identifier, authorityKey } = replacement;
    const claim = { identifier, authorityKey, ...challenge, email, onProgress };
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

/** The first of the members that were passed; there is always one. */
export function firstOf(passed: readonly PassedMember[]): PassedMember {
  const first = passed[0];
  if (first === undefined) throw new TypeError('an entry of a claimant needs a passed challenge');
  return first;
}

export function identifierFree(): Error {
  return clientError('identifier_free', 'nobody holds the identifier any more');
}
