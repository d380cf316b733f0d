/**
 * What a holder does with a claimed identifier: publish other routes or keys (one member suffices),
 * rotate to a new seed, release it (a quorum each). Every change is signed by the authority key in
 * force, saved by the caller, and only then posted.
 */
import {
  commitPayload,
  deriveKeys,
  entryId,
  signEntry,
  type Payload,
  type PublishedKey,
  type Route,
  type Visibility,
} from '@callbook/protocol';
import { assertCharterCurrent } from './claim.ts';
import type { DirectoryContext } from './directory-context.ts';
import { holdingPayload, type Holding } from './holding.ts';
import { authoritySigner, encodeValidPayload, replaceDerivedKeys } from './own-keys.ts';
import type { PendingEntry, SavePending } from './pending-entry.ts';
import { ignoreProgress, type OnProgress } from './progress.ts';
import { assertComplete, submitEntry } from './submission.ts';

/** What to publish instead; anything left out stays as it is. */
export interface PayloadChanges {
  readonly routes?: readonly Route[];
  readonly keys?: readonly PublishedKey[];
  readonly visibility?: Visibility;
}

/** What an ownership entry says beside the key; a rotate changes it. */
export interface OwnershipTerms {
  /** SHA-256 of the recovery public key, 32 bytes. */
  readonly recovery?: Uint8Array | null;
  readonly lock?: boolean;
  /** Commitment to an e-mail address, 32 bytes. */
  readonly email?: Uint8Array | null;
}

export interface ChangeOptions {
  readonly onProgress?: OnProgress;
  readonly savePending?: SavePending;
}

/** Publishes other routes, keys or visibility; returns the holding to keep. */
export async function publish(
  context: DirectoryContext,
  change: { holding: Holding; changes: PayloadChanges },
  options: ChangeOptions = {},
): Promise<Holding> {
  const { holding, changes } = change;
  const before = holdingPayload(holding);
  const after: Payload = {
    ...before,
    visibility: changes.visibility ?? before.visibility,
    routes: [...(changes.routes ?? before.routes)],
    keys: [...(changes.keys ?? before.keys)],
  };
  return submitChange(context, await signUpdate(context, holding, after), options);
}

export interface Rotation {
  readonly holding: Holding;
  /** 32 bytes; the holding's own to change only the terms. */
  readonly newSeed: Uint8Array;
  readonly terms?: OwnershipTerms;
}

/** Puts the keys of `newSeed` in the place of the old ones; returns the holding to keep. */
export async function rotate(
  context: DirectoryContext,
  change: Rotation,
  options: ChangeOptions = {},
): Promise<Holding> {
  assertCharterCurrent(context);
  return submitChange(context, await signRotate(context, change), options);
}

/**
 * Ends the holding; the identifier may be claimed again after the charter's pause. Returns the id of
 * the release (32 bytes), by which members tell when they have erased what it ended.
 */
export async function release(
  context: DirectoryContext,
  holding: Holding,
  options: ChangeOptions = {},
): Promise<Uint8Array> {
  assertCharterCurrent(context);
  const pending = await signRelease(context, holding);
  await submitChange(context, pending, options);
  return entryId(pending.entry, context.crypto);
}

async function submitChange(
  context: DirectoryContext,
  pending: PendingEntry,
  options: ChangeOptions,
): Promise<Holding> {
  await options.savePending?.(pending);
  const onProgress = options.onProgress ?? ignoreProgress;
  const { receipts } = assertComplete(await submitEntry(context, { pending, onProgress }));
  return { ...pending.holding, receipts };
}

/** The fields of the next entry that every change of `holding` shares. */
function nextEntryOf(holding: Holding) {
  const { labelEpoch, label, epoch } = holding;
  return { v: 1 as const, labelEpoch, label, epoch, prev: holding.ownershipId };
}

async function signUpdate(
  context: DirectoryContext,
  holding: Holding,
  after: Payload,
): Promise<PendingEntry> {
  const { crypto, random } = context;
  const payload = encodeValidPayload(after);
  const opening = random.bytes(32);
  const authority = authoritySigner(crypto, holding.seed, holding);
  const seq = holding.seq + 1;
  const entry = await signEntry(
    {
      ...nextEntryOf(holding),
      kind: 'update',
      seq,
      authority: authority.publicKey,
      commitment: commitPayload(opening, payload, crypto),
      recovery: holding.recovery,
      lock: holding.lock,
      email: holding.email,
    },
    { authority },
  );
  const next = { ...holding, seq, entryId: entryId(entry, crypto), payload, opening, receipts: [] };
  return pendingOf('update', { entry, payload, opening, holding: next });
}

async function signRotate(
  context: DirectoryContext,
  { holding, newSeed, terms: changed = {} }: Rotation,
): Promise<PendingEntry> {
  const { crypto, random } = context;
  const { recovery, lock, email } = holding;
  const terms = { recovery, lock, email, ...changed };
  const before = holdingPayload(holding);
  const derived = {
    before: deriveKeys(holding.seed, holding),
    after: deriveKeys(newSeed, holding),
  };
  const payload = encodeValidPayload({ ...before, keys: replaceDerivedKeys(before.keys, derived) });
  const opening = random.bytes(32);
  const newAuthority = authoritySigner(crypto, newSeed, holding);
  const entry = await signEntry(
    {
      ...nextEntryOf(holding),
      kind: 'rotate',
      seq: 0,
      authority: newAuthority.publicKey,
      commitment: commitPayload(opening, payload, crypto),
      ...terms,
    },
    { authority: authoritySigner(crypto, holding.seed, holding), newAuthority },
  );
  const id = entryId(entry, crypto);
  const chain = { seed: newSeed, ownershipId: id, entryId: id, seq: 0, payload, opening };
  const next = { ...holding, ...chain, ...terms, receipts: [] };
  return pendingOf('rotate', { entry, payload, opening, holding: next });
}

async function signRelease(context: DirectoryContext, holding: Holding): Promise<PendingEntry> {
  const authority = authoritySigner(context.crypto, holding.seed, holding);
  const entry = await signEntry(
    {
      ...nextEntryOf(holding),
      kind: 'release',
      seq: 0,
      authority: authority.publicKey,
      commitment: null,
      recovery: null,
      lock: false,
      email: null,
    },
    { authority },
  );
  return pendingOf('release', { entry, payload: null, opening: null, holding });
}

function pendingOf(
  kind: PendingEntry['kind'],
  of: Pick<PendingEntry, 'entry' | 'payload' | 'opening' | 'holding'>,
): PendingEntry {
  return { kind, ...of, challenges: [], receipts: [] };
}
