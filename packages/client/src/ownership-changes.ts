/**
 * What a holder does with the ownership of a claimed identifier: rotate to a new seed, change the terms,
 * release it. A quorum has to log each.
 */
import {
  bytesEqual,
  commitPayload,
  deriveKeys,
  deriveOpenPgpKeys,
  entryId,
  signEntry,
  type Payload,
  type Signer,
} from '@callbook/protocol';
import { nextEntryOf, pendingOf, submitChange, type ChangeOptions } from './changes.ts';
import { assertCharterCurrent } from './claim.ts';
import type { DirectoryContext } from './directory-context.ts';
import { holdingPayload, type Holding } from './holding.ts';
import { encodeValidPayload, isCertificateOf, replaceDerivedKeys } from './own-keys.ts';
import type { PendingEntry } from './pending-entry.ts';
import { authorityOf, newAuthority } from './signers/authority-signer.ts';

/** What an ownership entry says beside the key; a rotate changes it. */
export interface OwnershipTerms {
  /** SHA-256 of the recovery public key, 32 bytes. */
  readonly recovery?: Uint8Array | null;
  readonly lock?: boolean;
  /** Commitment to an e-mail address, 32 bytes. */
  readonly email?: Uint8Array | null;
}

/** As for any change, and where the new authority key is. */
export interface RotateOptions extends ChangeOptions {
  /** Has the new authority key; without it, the key derives from the new seed. */
  readonly newSigner?: Signer;
}

/**
 * Puts the keys of `newSeed` (32 bytes) in the place of the old ones, or without a seed another
 * authority key alone; returns the holding to keep.
 */
export async function rotate(
  context: DirectoryContext,
  change: { holding: Holding; newSeed: Uint8Array | null },
  options: RotateOptions = {},
): Promise<Holding> {
  assertCharterCurrent(context);
  const { holding, newSeed } = change;
  const { identifier, labelEpoch } = holding;
  const source = { seed: newSeed, signer: options.newSigner };
  const authority = newAuthority(context, { identifier, labelEpoch, ...source });
  const to = { seed: newSeed ?? holding.seed, authority };
  return submitChange(context, await signRotate(context, { holding, to, terms: {} }), options);
}

/** Changes what the ownership entry says beside the key; returns the holding to keep. */
export async function changeTerms(
  context: DirectoryContext,
  change: { holding: Holding; terms: OwnershipTerms },
  options: ChangeOptions = {},
): Promise<Holding> {
  assertCharterCurrent(context);
  const { holding, terms } = change;
  const to = { seed: holding.seed, authority: await authorityOf(context, holding) };
  return submitChange(context, await signRotate(context, { holding, to, terms }), options);
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

interface Rotation {
  readonly holding: Holding;
  /** What is in force afterwards: the holding's own to change only the terms. */
  readonly to: { readonly seed: Uint8Array | null; readonly authority: Signer };
  readonly terms: OwnershipTerms;
}

async function signRotate(
  context: DirectoryContext,
  { holding, to, terms: changed }: Rotation,
): Promise<PendingEntry> {
  const { crypto, random } = context;
  const { recovery, lock, email } = holding;
  const terms = { recovery, lock, email, ...changed };
  const payload = encodeValidPayload(payloadAfter(holding, to.seed));
  const opening = random.bytes(32);
  const authorityKey = to.authority.publicKey;
  const entry = await signEntry(
    {
      ...nextEntryOf(holding),
      kind: 'rotate',
      seq: 0,
      authority: authorityKey,
      commitment: commitPayload(opening, payload, crypto),
      ...terms,
    },
    { authority: await authorityOf(context, holding), newAuthority: to.authority },
  );
  const id = entryId(entry, crypto);
  const chain = { ownershipId: id, entryId: id, seq: 0, payload, opening };
  const next = { ...holding, seed: to.seed, authorityKey, ...chain, ...terms, receipts: [] };
  return pendingOf('rotate', { entry, payload, opening, holding: next });
}

/** The published keys that derive from the seed are those of the new one; others stay. */
function payloadAfter(holding: Holding, seed: Uint8Array | null): Payload {
  const before = holdingPayload(holding);
  if (holding.seed === null || seed === null || bytesEqual(holding.seed, seed)) return before;
  const seeds = { before: deriveKeys(holding.seed, holding), after: deriveKeys(seed, holding) };
  const { sign } = deriveOpenPgpKeys(holding.seed, holding);
  const keys = before.keys.filter((key) => !isCertificateOf(key, sign.publicKey));
  return { ...before, keys: replaceDerivedKeys(keys, seeds) };
}

async function signRelease(context: DirectoryContext, holding: Holding): Promise<PendingEntry> {
  const authority = await authorityOf(context, holding);
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
