/**
 * The shapes of the API's answers (docs/spec, API), read strictly: a member that answers anything
 * else is treated as one that failed. Bytes arrive as base64url, entry ids in paths as hex.
 */
import {
  parseReceiptJson,
  type KeyAlgorithm,
  type KeyUse,
  type NextClaim,
  type PendingRequest,
  type PublishedBinding,
  type PublishedKey,
  type Receipt,
  type Route,
  type RouteService,
  type Visibility,
} from '@callbook/protocol';
import {
  readArray,
  readBytes,
  readBytesOrNull,
  readChoice,
  readFields,
  readInteger,
  readText,
  type Fields,
} from './answer-fields.ts';
import { clientError } from './errors.ts';

export interface ChallengeAnswer {
  readonly challengeId: string;
  readonly expiresAtMs: number;
  /** Encapsulated key, 32 bytes. */
  readonly enc: Uint8Array;
  readonly channel: 'sms' | 'email' | 'sip';
  readonly form: 'app' | 'digits';
}

export function parseChallengeAnswer(json: unknown): ChallengeAnswer {
  const fields = readFields(json);
  return {
    challengeId: readText(fields, 'id'),
    expiresAtMs: readInteger(fields, 'expiresAtMs'),
    enc: readBytes(fields, 'enc', 32),
    channel: readChoice(fields, 'channel', ['sms', 'email', 'sip']),
    form: readChoice(fields, 'form', ['app', 'digits']),
  };
}

export interface LabelAnswer {
  readonly labelEpoch: number;
  /** 32 bytes. */
  readonly label: Uint8Array;
  /** 80 bytes. */
  readonly vrfProof: Uint8Array;
  readonly usableUntilMs: number;
  readonly next: NextClaim;
}

export function parseLabelAnswer(json: unknown): LabelAnswer {
  const fields = readFields(json);
  return {
    labelEpoch: readInteger(fields, 'labelEpoch'),
    label: readBytes(fields, 'label', 32),
    vrfProof: readBytes(fields, 'vrfProof', 80),
    usableUntilMs: readInteger(fields, 'usableUntilMs'),
    next: parseNextClaim(readFields(fields['next'], 'next')),
  };
}

function parseNextClaim(fields: Fields): NextClaim {
  const kind = readChoice(fields, 'kind', ['register', 'request', 'commit']);
  const epoch = readInteger(fields, 'epoch');
  if (kind !== 'commit') return { kind, epoch, prev: readBytesOrNull(fields, 'prev', 32) };
  const request = readBytes(fields, 'request', 32);
  return { kind, epoch, prev: null, request, fromMs: readInteger(fields, 'fromMs') };
}

export interface SubmissionAnswer {
  readonly complete: boolean;
  readonly receipts: readonly Receipt[];
}

export function parseSubmissionAnswer(json: unknown): SubmissionAnswer {
  const fields = readFields(json);
  const receipts = readArray(fields, 'receipts').map((value) => {
    const receipt = parseReceiptJson(value);
    if (receipt.verdict !== 'accept') {
      throw clientError('receipt_invalid', `receipt of the answer: ${receipt.message}`);
    }
    return receipt.value;
  });
  const state = readChoice(fields, 'state', ['complete', 'incomplete']);
  return { complete: state === 'complete', receipts };
}

/** What one member says of an entry. */
export interface EntryStateAnswer {
  readonly state: 'incomplete' | 'complete';
  readonly inForce: boolean;
  readonly timeMs: number | null;
  /** When the member erased what the entry, a release, has ended; else null. */
  readonly erasedAtMs: number | null;
  /** Which holder its binding has now, from 0; null where nobody holds it. */
  readonly epoch: number | null;
  /** Requests to replace that holder. */
  readonly pending: readonly PendingRequest[];
  readonly leaves: readonly EntryLeaf[];
}

/** Where an entry stands in one log. */
export interface EntryLeaf {
  readonly origin: string;
  readonly index: number;
  readonly atMs: number;
  readonly role: string;
}

export function parseEntryStateAnswer(json: unknown): EntryStateAnswer {
  const fields = readFields(json);
  return {
    state: readChoice(fields, 'state', ['incomplete', 'complete']),
    inForce: fields['inForce'] === true,
    timeMs: fields['timeMs'] === null ? null : readInteger(fields, 'timeMs'),
    erasedAtMs: fields['erasedAtMs'] === null ? null : readInteger(fields, 'erasedAtMs'),
    epoch: fields['epoch'] === null ? null : readInteger(fields, 'epoch'),
    pending: readArray(fields, 'pending').map(parsePendingRequest),
    leaves: readArray(fields, 'leaves').map((value) => {
      const leaf = readFields(value, 'leaves');
      return {
        origin: readText(leaf, 'origin'),
        index: readInteger(leaf, 'index'),
        atMs: readInteger(leaf, 'at'),
        role: readText(leaf, 'role'),
      };
    }),
  };
}

/** What one member publishes under an identifier. */
export interface LookedUpBinding extends Omit<PublishedBinding, 'identifier'> {
  /** Whether its holder has not confirmed it for so long that nobody should rely on it. */
  readonly dormant: boolean;
}

export type LookupAnswer =
  { readonly state: 'published'; readonly binding: LookedUpBinding } | { readonly state: 'absent' };

/** Reads `count` results in the order of the question. */
export function parseLookupAnswers(json: unknown, count: number): LookupAnswer[] {
  const results = readArray(readFields(json), 'results');
  if (results.length !== count) {
    throw clientError(
      'member_answer_malformed',
      `answer has ${results.length} results, the question had ${count}`,
    );
  }
  return results.map(parseLookupAnswer);
}

function parseLookupAnswer(json: unknown): LookupAnswer {
  const fields = readFields(json, 'results');
  const state = readChoice(fields, 'state', ['published', 'absent', 'malformed']);
  // The client asks in canonical form only, so a member that calls it malformed did not answer.
  if (state === 'malformed') {
    throw clientError('member_answer_malformed', 'answer calls a canonical identifier malformed');
  }
  return state === 'absent' ? { state } : { state, binding: parseBinding(fields) };
}

function parseBinding(fields: Fields): LookedUpBinding {
  return {
    visibility: readChoice<Visibility>(fields, 'visibility', ['dns', 'api']),
    routes: readArray(fields, 'routes').map(parseRoute),
    keys: readArray(fields, 'keys').map(parsePublishedKey),
    labelEpoch: readInteger(fields, 'labelEpoch'),
    label: readBytes(fields, 'label', 32),
    epoch: readInteger(fields, 'epoch'),
    seq: readInteger(fields, 'seq'),
    ownershipId: readBytes(fields, 'ownershipId', 32),
    entryId: readBytes(fields, 'entryId', 32),
    origin: readText(fields, 'origin'),
    changedAtMs: readInteger(fields, 'changedAtMs'),
    dormant: fields['dormant'] === true,
    pending: readArray(fields, 'pending').map(parsePendingRequest),
  };
}

function parsePendingRequest(json: unknown): PendingRequest {
  const fields = readFields(json, 'pending');
  return {
    requestId: readBytes(fields, 'requestId', 32),
    requestClass: readChoice(fields, 'class', ['recovery', 'email', 'possession']),
    timeMs: readInteger(fields, 'timeMs'),
    commitFromMs: readInteger(fields, 'commitFromMs'),
  };
}

const services: readonly RouteService[] = [
  'sip',
  'xmpp',
  'email:mailto',
  'acct',
  'im',
  'pres',
  'web:https',
];
const uses: readonly KeyUse[] = ['identity', 'sip', 'box', 'openpgp'];
const algorithms: readonly KeyAlgorithm[] = ['ed25519', 'p256', 'x25519', 'openpgp'];

function parseRoute(json: unknown): Route {
  const fields = readFields(json, 'routes');
  return {
    service: readChoice(fields, 'service', services),
    uri: readText(fields, 'uri'),
    preference: readInteger(fields, 'preference'),
  };
}

function parsePublishedKey(json: unknown): PublishedKey {
  const fields = readFields(json, 'keys');
  return {
    use: readChoice(fields, 'use', uses),
    algorithm: readChoice(fields, 'algorithm', algorithms),
    key: readBytes(fields, 'key'),
  };
}
