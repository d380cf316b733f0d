/**
 * Claims an identifier that nobody holds: challenges at as many members as the charter wants
 * challenged leaves of, one `register` entry, and the receipts of a quorum.
 */
import {
  bytesEqual,
  challengedMin,
  commitPayload,
  deriveKeys,
  entryId,
  parseIdentifier,
  signEntry,
  type Identifier,
  type PublishedKey,
  type Route,
  type Visibility,
} from '@callbook/protocol';
import {
  passChallenge,
  type CodeForm,
  type CodeSource,
  type PassedChallenge,
} from './challenge.ts';
import type { DirectoryContext } from './directory-context.ts';
import { clientError } from './errors.ts';
import { summariseFailures, survive, type MemberFailure } from './failover.ts';
import type { Holding } from './holding.ts';
import { orderMembers, type Member } from './member.ts';
import { authoritySigner, encodeValidPayload, publishedKeysOf } from './own-keys.ts';
import type { PendingEntry, SavePending } from './pending-entry.ts';
import type { OnProgress } from './progress.ts';
import { assertComplete, submitEntry } from './submission.ts';

export interface ClaimOptions {
  readonly identifier: Identifier;
  /** 32 bytes; made fresh for each person and kept by them alone. */
  readonly seed: Uint8Array;
  readonly routes: readonly Route[];
  readonly visibility: Visibility;
  /** Published instead of the keys derived from the seed. */
  readonly keys?: readonly PublishedKey[];
  readonly form: CodeForm;
  readonly code: CodeSource;
  /** Names of members to ask first. */
  readonly members?: readonly string[];
  readonly onProgress?: OnProgress;
  readonly savePending?: SavePending;
}

/**
 * Claims `identifier` and returns the holding to keep. Throws `identifier_held` when somebody holds
 * it, `entry_incomplete` when the pending entry has to be resumed, and the challenge's errors.
 */
export async function claim(context: DirectoryContext, options: ClaimOptions): Promise<Holding> {
  assertCharterCurrent(context);
  assertIdentifier(options.identifier);
  const challenges = await passChallenges(context, {
    options,
    order: orderMembers(context.members, options.members ?? []),
    count: Math.max(1, challengedMin(context.charter, 'register')),
  });
  const pending = await signRegister(context, options, challenges);
  await options.savePending?.(pending);
  const onProgress = options.onProgress ?? ignoreProgress;
  const { receipts } = assertComplete(await submitEntry(context, { pending, onProgress }));
  return { ...pending.holding, receipts };
}

export const ignoreProgress: OnProgress = () => undefined;

/** Throws `charter_expired`: "an expired charter still folds but admits no new notarisation". */
export function assertCharterCurrent(context: DirectoryContext): void {
  if (context.clock.nowMs() < context.charter.expiresAtMs) return;
  throw clientError('charter_expired', 'the pinned charter has expired');
}

/** Throws `identifier_malformed` unless the text is in canonical form. */
export function assertIdentifier(identifier: string): void {
  if (parseIdentifier(identifier).verdict === 'accept') return;
  throw clientError('identifier_malformed', 'identifier is not in canonical form');
}

export interface ChallengeRound {
  readonly options: Pick<ClaimOptions, 'identifier' | 'seed' | 'form' | 'code' | 'onProgress'>;
  readonly order: readonly Member[];
  /** How many members have to be passed. */
  readonly count: number;
}

/** Passes challenges at `count` of the members, one after the other, skipping those that fail. */
export async function passChallenges(
  context: DirectoryContext,
  round: ChallengeRound,
): Promise<PassedChallenge[]> {
  const { identifier, seed, form, code, onProgress = ignoreProgress } = round.options;
  const of = { labelEpoch: context.charter.labelEpoch, identifier };
  const authorityKey = deriveKeys(seed, of).authority.publicKey;
  const passed: PassedChallenge[] = [];
  const failures: MemberFailure[] = [];
  for (const member of round.order) {
    if (passed.length === round.count) break;
    try {
      const options = { identifier, authorityKey, form, code, onProgress };
      passed.push(await passChallenge(context, member, options));
    } catch (error) {
      const failure = survive(member, error);
      failures.push(failure);
      onProgress({ step: 'member_skipped', member: member.name, code: failure.error.code });
    }
  }
  if (passed.length < round.count) throw summariseFailures(failures, round.count);
  assertAgreedNext(passed);
  return passed;
}

function assertAgreedNext(passed: readonly PassedChallenge[]): void {
  const next = passed[0]?.next;
  if (next === undefined) return;
  const agreed = passed.every(
    (other) =>
      other.next.kind === next.kind &&
      other.next.epoch === next.epoch &&
      sameBytesOrNull(other.next.prev, next.prev),
  );
  if (!agreed) {
    throw clientError('members_disagree', 'members name different entries to follow');
  }
  if (next.kind !== 'register') {
    throw clientError('identifier_held', 'somebody holds the identifier');
  }
}

function sameBytesOrNull(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : bytesEqual(a, b);
}

async function signRegister(
  context: DirectoryContext,
  options: ClaimOptions,
  challenges: readonly PassedChallenge[],
): Promise<PendingEntry> {
  const first = challenges[0];
  if (first === undefined) throw new TypeError('a claim needs a passed challenge');
  const { labelEpoch, label, vrfProof, next } = first;
  const { identifier, seed } = options;
  const { crypto } = context;
  const payload = encodeValidPayload({
    identifier,
    visibility: options.visibility,
    routes: [...options.routes],
    keys: [...(options.keys ?? publishedKeysOf(deriveKeys(seed, { labelEpoch, identifier })))],
    vrfProof,
  });
  const opening = context.random.bytes(32);
  const authority = authoritySigner(crypto, seed, { labelEpoch, identifier });
  const ownership = { recovery: null, lock: false, email: null };
  const entry = await signEntry(
    {
      v: 1,
      kind: 'register',
      labelEpoch,
      label,
      epoch: next.epoch,
      seq: 0,
      prev: next.prev,
      authority: authority.publicKey,
      commitment: commitPayload(opening, payload, crypto),
      ...ownership,
    },
    { authority },
  );
  const id = entryId(entry, crypto);
  const entryIds = { ownershipId: id, entryId: id, seq: 0 };
  const chain = { epoch: next.epoch, ...entryIds, ...ownership, payload, opening };
  return {
    kind: 'register',
    entry,
    payload,
    opening,
    challenges: challenges.map(({ member, challengeId }) => ({ member: member.name, challengeId })),
    receipts: [],
    holding: { identifier, seed, labelEpoch, label, vrfProof, ...chain, receipts: [] },
  };
}
