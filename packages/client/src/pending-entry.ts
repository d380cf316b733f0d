/**
 * A signed entry on its way. It is handed to the caller to be saved *before* the first member sees
 * it: a second entry for the same slot would compete with the first, so that after a crash only
 * the same bytes may be submitted again. It carries the holding that it leads to, with the new
 * seed of a rotate, so that no crash can lose the key that came into force.
 */
import { encodeBase64Url, encodeReceiptJson, type Receipt } from '@callbook/protocol';
import { clientError } from './errors.ts';
import { encodeHoldingJson, parseHoldingJson, savedReceipts, type Holding } from './holding.ts';
import {
  savedBytes,
  savedBytesOrNull,
  savedFields,
  savedInteger,
  savedList,
  savedText,
} from './saved-fields.ts';

/** The kinds that this client signs. */
export type PendingKind =
  'register' | 'rotate' | 'release' | 'update' | 'request' | 'veto' | 'commit';

/** A challenge that was passed at one member, which its leaf needs. */
export interface MemberChallenge {
  /** Name of the member that was passed. */
  readonly member: string;
  readonly challengeId: string;
  /** Challenge of an e-mail address, for a request of class `email`. */
  readonly emailChallengeId?: string;
}

/** A signed entry with what members need to log it. */
export interface SignedEntry {
  readonly kind: PendingKind;
  /** The encoded, signed entry. */
  readonly entry: Uint8Array;
  readonly payload: Uint8Array | null;
  readonly opening: Uint8Array | null;
  readonly challenges: readonly MemberChallenge[];
  readonly receipts: readonly Receipt[];
  /** End of the hold, in a commit: leaves from before it count nowhere. */
  readonly countsFromMs?: number;
}

export interface PendingEntry extends SignedEntry {
  /** What the holder has once the entry is complete; after a release, what it had. */
  readonly holding: Holding;
}

/** Saves a pending entry durably; the entry is posted only after it has returned. */
export type SavePending = (pending: PendingEntry) => Promise<void> | void;

/** Returns the JSON value that `parsePendingJson` reads. */
export function encodePendingJson(pending: PendingEntry): Record<string, unknown> {
  return { ...encodeSignedJson(pending), holding: encodeHoldingJson(pending.holding) };
}

/** Returns the JSON value that `parseSignedJson` reads. */
export function encodeSignedJson(signed: SignedEntry): Record<string, unknown> {
  return {
    kind: signed.kind,
    entry: encodeBase64Url(signed.entry),
    payload: signed.payload === null ? null : encodeBase64Url(signed.payload),
    opening: signed.opening === null ? null : encodeBase64Url(signed.opening),
    challenges: signed.challenges,
    receipts: signed.receipts.map(encodeReceiptJson),
    ...(signed.countsFromMs === undefined ? {} : { countsFromMs: signed.countsFromMs }),
  };
}

/** Reads a saved pending entry. Throws `holding_malformed`. */
export function parsePendingJson(json: unknown): PendingEntry {
  const { holding } = savedFields(json, 'pending');
  return { ...parseSignedJson(json), holding: parseHoldingJson(holding) };
}

/** Reads a saved signed entry. Throws `holding_malformed`. */
export function parseSignedJson(json: unknown): SignedEntry {
  const fields = savedFields(json, 'pending');
  const { countsFromMs } = fields;
  return {
    kind: savedKind(savedText(fields, 'kind')),
    entry: savedBytes(fields, 'entry'),
    payload: savedBytesOrNull(fields, 'payload'),
    opening: savedBytesOrNull(fields, 'opening', 32),
    challenges: savedList(fields, 'challenges').map(savedChallenge),
    receipts: savedReceipts(savedList(fields, 'receipts')),
    ...(countsFromMs === undefined ? {} : { countsFromMs: savedInteger(fields, 'countsFromMs') }),
  };
}

function savedChallenge(json: unknown): MemberChallenge {
  const fields = savedFields(json, 'challenges');
  const challengeId = savedText(fields, 'challengeId');
  const challenge = { member: savedText(fields, 'member'), challengeId };
  if (fields['emailChallengeId'] === undefined) return challenge;
  return { ...challenge, emailChallengeId: savedText(fields, 'emailChallengeId') };
}

const pendingKinds: readonly PendingKind[] = [
  'register',
  'rotate',
  'release',
  'update',
  'request',
  'veto',
  'commit',
];

function savedKind(text: string): PendingKind {
  const kind = pendingKinds.find((candidate) => candidate === text);
  if (kind !== undefined) return kind;
  throw clientError('holding_malformed', 'pending entry is of a kind this client does not sign');
}
