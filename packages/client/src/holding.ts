/**
 * What a holder keeps of a claimed identifier: where its keys come from, and where its chain of entries
 * stands. Saved as JSON with bytes in base64url. Where it holds a seed, whoever stores it keeps it secret.
 */
import {
  encodeBase64Url,
  encodeReceiptJson,
  parseIdentifier,
  parsePayload,
  parseReceiptJson,
  type Identifier,
  type Payload,
  type Receipt,
} from '@callbook/protocol';
import { clientError } from './errors.ts';
import {
  savedBytes,
  savedBytesOrNull,
  savedFields,
  savedInteger,
  savedList,
  savedText,
} from './saved-fields.ts';
import type { KeptKeys } from './signers/authority-signer.ts';

export interface Holding extends KeptKeys {
  /** 32 bytes. */
  readonly label: Uint8Array;
  /** 80 bytes. */
  readonly vrfProof: Uint8Array;
  /** Which holder this is, from 0. */
  readonly epoch: number;
  /** Id of the ownership entry in force, 32 bytes: the next entry names it in `prev`. */
  readonly ownershipId: Uint8Array;
  /** Sequence number of the newest entry; 0 for the ownership entry itself. */
  readonly seq: number;
  /** Id of the newest entry, 32 bytes. */
  readonly entryId: Uint8Array;
  /** Encoded payload of the newest entry. */
  readonly payload: Uint8Array;
  /** Opens the commitment to `payload`, 32 bytes. */
  readonly opening: Uint8Array;
  /** As the ownership entry says; an update repeats them. */
  readonly recovery: Uint8Array | null;
  readonly lock: boolean;
  readonly email: Uint8Array | null;
  /** The members' receipts of the newest entry: evidence should one of them deny it. */
  readonly receipts: readonly Receipt[];
}

/** Returns the routes, keys and visibility that the holding publishes. */
export function holdingPayload(holding: Holding): Payload {
  const payload = parsePayload(holding.payload);
  if (payload.verdict !== 'accept') {
    throw clientError('holding_malformed', `payload of the holding: ${payload.message}`);
  }
  return payload.value;
}

/** Returns the JSON value that `parseHoldingJson` reads. */
export function encodeHoldingJson(holding: Holding): Record<string, unknown> {
  return {
    identifier: holding.identifier,
    seed: holding.seed === null ? null : encodeBase64Url(holding.seed),
    authorityKey: encodeBase64Url(holding.authorityKey),
    labelEpoch: holding.labelEpoch,
    label: encodeBase64Url(holding.label),
    vrfProof: encodeBase64Url(holding.vrfProof),
    epoch: holding.epoch,
    ownershipId: encodeBase64Url(holding.ownershipId),
    seq: holding.seq,
    entryId: encodeBase64Url(holding.entryId),
    payload: encodeBase64Url(holding.payload),
    opening: encodeBase64Url(holding.opening),
    recovery: holding.recovery === null ? null : encodeBase64Url(holding.recovery),
    lock: holding.lock,
    email: holding.email === null ? null : encodeBase64Url(holding.email),
    receipts: holding.receipts.map(encodeReceiptJson),
  };
}

/** Reads a saved holding. Throws `holding_malformed`. */
export function parseHoldingJson(json: unknown): Holding {
  const fields = savedFields(json, 'holding');
  const holding = {
    identifier: savedIdentifier(savedText(fields, 'identifier')),
    seed: savedBytesOrNull(fields, 'seed', 32),
    authorityKey: savedBytes(fields, 'authorityKey', 32),
    labelEpoch: savedInteger(fields, 'labelEpoch'),
    label: savedBytes(fields, 'label', 32),
    vrfProof: savedBytes(fields, 'vrfProof', 80),
    epoch: savedInteger(fields, 'epoch'),
    ownershipId: savedBytes(fields, 'ownershipId', 32),
    seq: savedInteger(fields, 'seq'),
    entryId: savedBytes(fields, 'entryId', 32),
    payload: savedBytes(fields, 'payload'),
    opening: savedBytes(fields, 'opening', 32),
    recovery: savedBytesOrNull(fields, 'recovery', 32),
    lock: fields['lock'] === true,
    email: savedBytesOrNull(fields, 'email', 32),
    receipts: savedReceipts(savedList(fields, 'receipts')),
  };
  holdingPayload(holding);
  return holding;
}

function savedIdentifier(text: string): Identifier {
  const identifier = parseIdentifier(text);
  if (identifier.verdict === 'accept') return identifier.value;
  throw clientError('holding_malformed', 'saved identifier is not in canonical form');
}

export function savedReceipts(list: readonly unknown[]): Receipt[] {
  return list.map((value) => {
    const receipt = parseReceiptJson(value);
    if (receipt.verdict === 'accept') return receipt.value;
    throw clientError('holding_malformed', `saved receipt: ${receipt.message}`);
  });
}
