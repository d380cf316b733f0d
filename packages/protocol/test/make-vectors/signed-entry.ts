/**
 * Makes entries for the vectors, broken ones included, without any of the code under test: cborg
 * encodes and OpenSSL signs. The fields are loose because most cases are wrong on purpose.
 */
import { createPrivateKey, sign } from 'node:crypto';
import { encode } from 'cborg';
import { nodeCryptography } from '../../src/crypto/node.ts';
import { fixed32 } from './vector-case.ts';

export type Fields = Readonly<Record<string, unknown>>;

export interface VectorKey {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

/** Returns the key pair whose secret key is `fixed32(name)`. */
function vectorKey(name: string): VectorKey {
  const der = Buffer.concat([
    Buffer.from('302e020100300506032b657004220420', 'hex'),
    fixed32(name),
  ]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return {
    publicKey: nodeCryptography.ed25519Signer(fixed32(name)).publicKey,
    sign: (message) => new Uint8Array(sign(null, message, privateKey)),
  };
}

export const authority: VectorKey = vectorKey('authority');
export const newAuthority: VectorKey = vectorKey('new authority');
export const recovery: VectorKey = vectorKey('recovery');
export const stranger: VectorKey = vectorKey('stranger');

/** Signs with the keys and domain lines of the specification, or others where a case wants them. */
export interface Signing {
  readonly sigBy?: VectorKey;
  readonly newSigBy?: VectorKey;
  readonly recoverySigBy?: VectorKey;
  readonly recoveryKeyNamed?: VectorKey;
  readonly entryDomain?: string;
}

/**
 * Adds the signatures that the kind asks for: `recoverySig` to a request of class recovery (or when
 * `recoverySigBy` is given), `newSig` to a rotate, `sig` to all. A field that is present stays.
 */
export function signedFields(fields: Fields, signing: Signing = {}): Fields {
  const signed: Record<string, unknown> = { ...fields };
  const wantsRecovery = fields['class'] === 'recovery' || signing.recoverySigBy !== undefined;
  if (wantsRecovery && !('recoverySig' in signed)) {
    const key = signing.recoverySigBy ?? recovery;
    const named = signing.recoveryKeyNamed ?? key;
    const signature = key.sign(signedBytes('callbook/1 recovery\n', signed));
    signed['recoverySig'] = Buffer.concat([named.publicKey, signature]);
  }
  if (fields['kind'] === 'rotate' && !('newSig' in signed)) {
    const key = signing.newSigBy ?? newAuthority;
    signed['newSig'] = key.sign(signedBytes('callbook/1 new authority\n', signed));
  }
  if (!('sig' in signed)) {
    const key = signing.sigBy ?? authority;
    signed['sig'] = key.sign(signedBytes(signing.entryDomain ?? 'callbook/1 entry\n', signed));
  }
  return signed;
}

/** Returns the signed entry's bytes. */
export function signedEntry(fields: Fields, signing: Signing = {}): Uint8Array {
  return encodedFields(signedFields(fields, signing));
}

/** Encodes with cborg, whose default order of text keys is that of RFC 8949 §4.2.1. */
export function encodedFields(fields: unknown): Uint8Array {
  return new Uint8Array(encode(fields));
}

function signedBytes(domain: string, fields: Fields): Uint8Array {
  return Buffer.concat([Buffer.from(domain), encodedFields(fields)]);
}

const common = {
  v: 1,
  labelEpoch: 0,
  label: fixed32('label'),
  epoch: 0,
  seq: 0,
  prev: null,
  authority: authority.publicKey,
  commitment: null,
  recovery: null,
  lock: false,
  email: null,
};

const commitment = fixed32('commitment');
const prev = fixed32('ownership entry');

/** A valid, unsigned example of each kind. */
export const drafts = {
  register: { ...common, kind: 'register', commitment },
  rotate: { ...common, kind: 'rotate', prev, authority: newAuthority.publicKey, commitment },
  release: { ...common, kind: 'release', prev },
  request: { ...common, kind: 'request', class: 'possession' },
  veto: { ...common, kind: 'veto', request: fixed32('request') },
  commit: { ...common, kind: 'commit', epoch: 1, request: fixed32('request'), commitment },
  update: { ...common, kind: 'update', seq: 1, prev, commitment },
} satisfies Record<string, Fields>;
