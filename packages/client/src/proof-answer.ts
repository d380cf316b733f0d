/**
 * The answers to `POST /v1/proof` and `POST /v1/proofs` (docs/spec, API), read strictly. Nothing of it is believed here:
 * `verify-proof.ts` says what it proves.
 */
import type { IndexedState } from '@callbook/protocol';
import {
  readArray,
  readBoolean,
  readBytes,
  readBytesOrNull,
  readChoice,
  readFields,
  readInteger,
  readText,
  type Fields,
} from './answer-fields.ts';
import { clientError } from './errors.ts';

/** What one member gives as a proof, before any of it is believed. */
export interface ProofAnswer extends IdentifierAnswer {
  /** The index's root, a signed note. */
  readonly root: string;
  /** One for each log of the root that has leaves. */
  readonly logs: readonly AnsweredLog[];
}

/** Several identifiers under one root. */
export interface ProofsAnswer extends Pick<ProofAnswer, 'logs' | 'root'> {
  /** In the order of the question; null where it is not shown without a token. */
  readonly results: readonly (IdentifierAnswer | null)[];
}

/** What an answer says of one identifier. */
export interface IdentifierAnswer {
  readonly labelEpoch: number;
  /** 32 bytes. */
  readonly label: Uint8Array;
  /** 80 bytes. */
  readonly vrfProof: Uint8Array;
  readonly indexProof: Uint8Array;
  readonly state: IndexedState | null;
  /** Encoded entries. */
  readonly ownership: Uint8Array | null;
  readonly published: Uint8Array | null;
  readonly payload: Uint8Array | null;
  /** 32 bytes. */
  readonly opening: Uint8Array | null;
}

/** A log as one member has it, with what leads to the checkpoint that is agreed. */
export interface AnsweredLog {
  /** A signed note. */
  readonly checkpoint: string;
  /** Hashes of 32 bytes. */
  readonly consistency: readonly Uint8Array[];
}

/** Reads an answer; throws `member_answer_malformed`. */
export function parseProofAnswer(json: unknown): ProofAnswer {
  const fields = readFields(json);
  return { ...parseRootAndLogs(fields), ...parseIdentifierAnswer(fields) };
}

/** Reads an answer about `count` identifiers; throws `member_answer_malformed`. */
export function parseProofsAnswer(json: unknown, count: number): ProofsAnswer {
  const fields = readFields(json);
  const results = readArray(fields, 'results');
  if (results.length !== count) {
    const message = `answer has ${results.length} results, the question had ${count}`;
    throw clientError('member_answer_malformed', message);
  }
  return {
    ...parseRootAndLogs(fields),
    results: results.map((result) =>
      result === null ? null : parseIdentifierAnswer(readFields(result, 'results')),
    ),
  };
}

function parseRootAndLogs(fields: Fields): Pick<ProofAnswer, 'logs' | 'root'> {
  return { root: readText(fields, 'root'), logs: readArray(fields, 'logs').map(parseLog) };
}

function parseIdentifierAnswer(fields: Fields): IdentifierAnswer {
  return {
    labelEpoch: readInteger(fields, 'labelEpoch'),
    label: readBytes(fields, 'label', 32),
    vrfProof: readBytes(fields, 'vrfProof', 80),
    indexProof: readBytes(fields, 'indexProof'),
    state: fields['state'] === null ? null : parseState(readFields(fields['state'], 'state')),
    ownership: readBytesOrNull(fields, 'ownership'),
    published: readBytesOrNull(fields, 'published'),
    payload: readBytesOrNull(fields, 'payload'),
    opening: readBytesOrNull(fields, 'opening', 32),
  };
}

function parseLog(json: unknown): AnsweredLog {
  const log = readFields(json, 'logs');
  const consistency = readArray(log, 'consistency').map((hash) => readBytes({ hash }, 'hash', 32));
  return { checkpoint: readText(log, 'checkpoint'), consistency };
}

function parseState(fields: Fields): IndexedState {
  const status = readChoice(fields, 'status', ['held', 'released']);
  const endsAtMs = fields['endsAtMs'] === null ? null : readInteger(fields, 'endsAtMs');
  if ((status === 'released') !== (endsAtMs !== null)) {
    throw clientError('member_answer_malformed', 'answer gives a held binding an end');
  }
  return {
    epoch: readInteger(fields, 'epoch'),
    status,
    ownershipId: readBytes(fields, 'ownershipId', 32),
    ownershipAtMs: readInteger(fields, 'ownershipAtMs'),
    endsAtMs,
    authority: readBytes(fields, 'authority', 32),
    recovery: readBytesOrNull(fields, 'recovery', 32),
    lock: readBoolean(fields, 'lock'),
    email: readBytesOrNull(fields, 'email', 32),
    seq: readInteger(fields, 'seq'),
    entryId: readBytes(fields, 'entryId', 32),
    commitment: readBytesOrNull(fields, 'commitment', 32),
  };
}
