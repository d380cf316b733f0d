/**
 * A claim, or the replacement of a lost key, on its way: everything that is needed to go on after a
 * reload, from the number to the signed entry that no member has seen. One at a time; which screen comes
 * next follows from it, so that the address can say what it will and nothing is skipped.
 */
import {
  encodePendingJson,
  encodeReplacementJson,
  parsePendingJson,
  parseReplacementJson,
  type PendingEntry,
  type Replacement,
} from '@callbook/client';
import {
  encodeBase64Url,
  parseBase64Url,
  parseIdentifier,
  type Identifier,
  type PublishedKey,
  type RequestClass,
  type Route,
  type Visibility,
} from '@callbook/protocol';
import { webError } from '../errors.ts';

/** How a seed has been backed up, and tested to be. */
export type BackupWay = 'file' | 'words';

/** How its holder is reached. */
export interface Reach {
  readonly routes: readonly Route[];
  readonly visibility: Visibility;
  /** Brought along; they take the place of the derived ones for the same use. */
  readonly ownKeys: readonly PublishedKey[];
}

export interface Journey {
  readonly kind: 'claim' | 'replace';
  readonly identifier: Identifier;
  readonly labelEpoch: number;
  /** 32 bytes, until a backup has been tested; longer only where the browser keeps no key of its own. */
  readonly seed: Uint8Array | null;
  readonly authorityKey: Uint8Array;
  /** Those that derive from the seed. */
  readonly derivedKeys: readonly PublishedKey[];
  readonly backup: BackupWay | null;
  readonly reach: Reach | null;
  /** Of a replacement. */
  readonly requestClass: RequestClass | null;
  /** Requests that this key has made before. */
  readonly attempt: number;
  readonly replacement: Replacement | null;
  /** Signed, and perhaps logged at some members. */
  readonly pending: PendingEntry | null;
}

/** The screen on which a journey goes on. */
export function nextScreenOf(journey: Journey): 'backup' | 'code' | 'hold' | 'reach' {
  const { backup, reach, replacement, pending } = journey;
  if (pending !== null) return 'code';
  if (replacement !== null && replacement.commitFromMs !== null) return 'hold';
  if (backup === null) return 'backup';
  return reach === null ? 'reach' : 'code';
}

/** What is published: the derived keys, but for the uses for which others were brought along. */
export function keysToPublish({ derivedKeys, reach }: Journey): PublishedKey[] {
  return withOwnKeys(derivedKeys, reach?.ownKeys ?? []);
}

/** Puts keys that were brought along in the place of those for the same use. */
export function withOwnKeys(
  keys: readonly PublishedKey[],
  own: readonly PublishedKey[],
): PublishedKey[] {
  return [...keys.filter(({ use }) => own.every((key) => key.use !== use)), ...own];
}

/** Returns the JSON value that `parseJourneyJson` reads. */
export function encodeJourneyJson(journey: Journey): unknown {
  const { seed, authorityKey, derivedKeys, reach, replacement, pending } = journey;
  return {
    ...journey,
    seed: seed === null ? null : encodeBase64Url(seed),
    authorityKey: encodeBase64Url(authorityKey),
    derivedKeys: derivedKeys.map(encodeKey),
    reach: reach === null ? null : { ...reach, ownKeys: reach.ownKeys.map(encodeKey) },
    replacement: replacement === null ? null : encodeReplacementJson(replacement),
    pending: pending === null ? null : encodePendingJson(pending),
  };
}

/** Reads what the vault has opened: nobody else wrote it. Throws `storage_lost`, `holding_malformed`. */
export function parseJourneyJson(json: unknown): Journey {
  const kept = json as KeptJourney;
  const identifier = parseIdentifier(kept.identifier);
  if (identifier.verdict !== 'accept') throw webError('storage_lost', 'journey has no identifier');
  return {
    ...kept,
    identifier: identifier.value,
    seed: kept.seed === null ? null : keptBytes(kept.seed),
    authorityKey: keptBytes(kept.authorityKey),
    derivedKeys: kept.derivedKeys.map(parseKey),
    reach:
      kept.reach === null ? null : { ...kept.reach, ownKeys: kept.reach.ownKeys.map(parseKey) },
    replacement: kept.replacement === null ? null : parseReplacementJson(kept.replacement),
    pending: kept.pending === null ? null : parsePendingJson(kept.pending),
  };
}

interface KeptKey extends Omit<PublishedKey, 'key'> {
  readonly key: string;
}

type Changed =
  'authorityKey' | 'derivedKeys' | 'identifier' | 'pending' | 'reach' | 'replacement' | 'seed';

interface KeptJourney extends Omit<Journey, Changed> {
  readonly identifier: string;
  readonly seed: string | null;
  readonly authorityKey: string;
  readonly derivedKeys: readonly KeptKey[];
  readonly reach: (Omit<Reach, 'ownKeys'> & { readonly ownKeys: readonly KeptKey[] }) | null;
  readonly replacement: unknown;
  readonly pending: unknown;
}

function encodeKey({ use, algorithm, key }: PublishedKey): KeptKey {
  return { use, algorithm, key: encodeBase64Url(key) };
}

function parseKey({ use, algorithm, key }: KeptKey): PublishedKey {
  return { use, algorithm, key: keptBytes(key) };
}

/** Bytes that the page has kept as base64url. Throws `storage_lost`. */
function keptBytes(text: string): Uint8Array {
  const bytes = parseBase64Url(text);
  if (bytes === undefined) throw webError('storage_lost', 'kept bytes are no base64url');
  return bytes;
}
