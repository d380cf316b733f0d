/**
 * What a claimant keeps of a request to replace a holder until the commit; saved as JSON with bytes in
 * base64url. Where it holds the seed of the key that will be in force, whoever stores it keeps it secret.
 */
import { encodeBase64Url, parseIdentifier, type RequestClass } from '@callbook/protocol';
import { clientError } from './errors.ts';
import { encodeSignedJson, parseSignedJson, type SignedEntry } from './pending-entry.ts';
import {
  savedBytes,
  savedBytesOrNull,
  savedFields,
  savedInteger,
  savedText,
} from './saved-fields.ts';
import type { KeptKeys } from './signers/authority-signer.ts';

export interface Replacement extends KeptKeys {
  /** 32 bytes. */
  readonly label: Uint8Array;
  /** 80 bytes. */
  readonly vrfProof: Uint8Array;
  readonly requestClass: RequestClass;
  /** Which request of this key it is, from 0. */
  readonly attempt: number;
  /** The epoch that the replacement would end. */
  readonly epoch: number;
  /** 32 bytes. */
  readonly requestId: Uint8Array;
  readonly request: SignedEntry;
  /** End of the hold; null until a quorum has logged the request. */
  readonly commitFromMs: number | null;
}

/** Returns the JSON value that `parseReplacementJson` reads. */
export function encodeReplacementJson(replacement: Replacement): Record<string, unknown> {
  return {
    identifier: replacement.identifier,
    seed: replacement.seed === null ? null : encodeBase64Url(replacement.seed),
    authorityKey: encodeBase64Url(replacement.authorityKey),
    labelEpoch: replacement.labelEpoch,
    label: encodeBase64Url(replacement.label),
    vrfProof: encodeBase64Url(replacement.vrfProof),
    requestClass: replacement.requestClass,
    attempt: replacement.attempt,
    epoch: replacement.epoch,
    requestId: encodeBase64Url(replacement.requestId),
    request: encodeSignedJson(replacement.request),
    commitFromMs: replacement.commitFromMs,
  };
}

/** Reads a saved replacement. Throws `holding_malformed`. */
export function parseReplacementJson(json: unknown): Replacement {
  const fields = savedFields(json, 'replacement');
  const identifier = parseIdentifier(savedText(fields, 'identifier'));
  if (identifier.verdict !== 'accept') {
    throw clientError('holding_malformed', 'saved identifier is not in canonical form');
  }
  return {
    identifier: identifier.value,
    seed: savedBytesOrNull(fields, 'seed', 32),
    authorityKey: savedBytes(fields, 'authorityKey', 32),
    labelEpoch: savedInteger(fields, 'labelEpoch'),
    label: savedBytes(fields, 'label', 32),
    vrfProof: savedBytes(fields, 'vrfProof', 80),
    requestClass: savedClass(savedText(fields, 'requestClass')),
    attempt: savedInteger(fields, 'attempt'),
    epoch: savedInteger(fields, 'epoch'),
    requestId: savedBytes(fields, 'requestId', 32),
    request: parseSignedJson(fields['request']),
    commitFromMs: fields['commitFromMs'] === null ? null : savedInteger(fields, 'commitFromMs'),
  };
}

const requestClasses: readonly RequestClass[] = ['recovery', 'email', 'possession'];

function savedClass(text: string): RequestClass {
  const found = requestClasses.find((candidate) => candidate === text);
  if (found !== undefined) return found;
  throw clientError('holding_malformed', 'saved replacement is of no class that there is');
}
