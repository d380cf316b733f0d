/** Signs what opens an epoch: the `register` of a first or next holder, the `commit` of a replacement. */
import {
  commitPayload,
  deriveKeys,
  entryId,
  signEntry,
  type Identifier,
  type PublishedKey,
  type Route,
  type Signer,
  type Visibility,
} from '@callbook/protocol';
import type { DirectoryContext } from './directory-context.ts';
import { encodeValidPayload, publishedKeysOf } from './own-keys.ts';
import type { MemberChallenge, PendingEntry } from './pending-entry.ts';

/** What the new holder publishes, and by which keys. */
export interface Publication {
  readonly identifier: Identifier;
  /** 32 bytes; null where nothing derives from one. */
  readonly seed: Uint8Array | null;
  readonly authority: Signer;
  readonly routes: readonly Route[];
  readonly visibility: Visibility;
  /** Published instead of the keys derived from the seed. */
  readonly keys?: readonly PublishedKey[];
}

/** Where the entry stands. */
export interface OpeningPlace {
  readonly kind: 'register' | 'commit';
  readonly labelEpoch: number;
  /** 32 bytes. */
  readonly label: Uint8Array;
  /** 80 bytes. */
  readonly vrfProof: Uint8Array;
  /** The epoch that is opened. */
  readonly epoch: number;
  readonly prev: Uint8Array | null;
  /** Id of the request, in a commit. */
  readonly request?: Uint8Array;
  readonly challenges: readonly MemberChallenge[];
  /** End of the hold, in a commit: leaves from before it count nowhere. */
  readonly countsFromMs?: number;
}

/** Signs the entry; nobody has seen it yet. Throws `payload_invalid`. */
export async function signOpening(
  context: DirectoryContext,
  { identifier, seed, authority, routes, visibility, keys }: Publication,
  place: OpeningPlace,
): Promise<PendingEntry> {
  const { crypto } = context;
  const { kind, labelEpoch, label, vrfProof, epoch, prev, request, challenges, countsFromMs } =
    place;
  const derived =
    seed === null ? [] : publishedKeysOf(deriveKeys(seed, { labelEpoch, identifier }));
  const payload = encodeValidPayload({
    identifier,
    visibility,
    routes: [...routes],
    keys: [...(keys ?? derived)],
    vrfProof,
  });
  const opening = context.random.bytes(32);
  const authorityKey = authority.publicKey;
  const terms = { recovery: null, lock: false, email: null };
  const commitment = commitPayload(opening, payload, crypto);
  const entry = await signEntry(
    {
      v: 1,
      kind,
      labelEpoch,
      label,
      epoch,
      seq: 0,
      prev,
      authority: authorityKey,
      commitment,
      ...terms,
      ...(request === undefined ? {} : { request }),
    },
    { authority },
  );
  const id = entryId(entry, crypto);
  const chain = { epoch, ownershipId: id, entryId: id, seq: 0, ...terms, payload, opening };
  const kept = { identifier, seed, authorityKey, labelEpoch };
  const holding = { ...kept, label, vrfProof, ...chain, receipts: [] };
  const signed = { kind, entry, payload, opening, challenges, receipts: [], holding };
  return countsFromMs === undefined ? signed : { ...signed, countsFromMs };
}
