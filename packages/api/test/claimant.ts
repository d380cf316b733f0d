/**
 * A claimant as the specification describes one: opens the sealed code with the session's secret
 * key, answers, and signs entries. The recipient's side of HPKE, which the API never runs.
 */
import { createHmac } from 'node:crypto';
import { commitPayload, encodePayload, signEntry } from '@callbook/protocol';
import type { Cryptography, EntryDraft, Identifier, Payload } from '@callbook/protocol';
import { AEAD_AES_128_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_DHKEM_X25519_HKDF_SHA256 } from 'hpke';
import type { CryptoKey, KeyPair } from 'hpke';

const suite = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_128_GCM);

export function base64url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: 'base64url', omitPadding: true });
}

export function fromBase64url(text: string): Uint8Array {
  return Uint8Array.fromBase64(text, { alphabet: 'base64url' });
}

export interface Session {
  readonly keys: KeyPair<CryptoKey>;
  readonly publicKey: Uint8Array;
}

export async function newSession(): Promise<Session> {
  const keys = await suite.GenerateKeyPair(true);
  return { keys, publicKey: await suite.SerializePublicKey(keys.publicKey) };
}

export async function sessionOf(secretKey: Uint8Array, publicKey: Uint8Array): Promise<Session> {
  const keys = {
    privateKey: await suite.DeserializePrivateKey(secretKey, true),
    publicKey: await suite.DeserializePublicKey(publicKey),
  };
  return { keys, publicKey };
}

/** Returns the proof that answers a challenge. */
export async function answerOf(challenge: {
  readonly session: Session;
  readonly enc: Uint8Array;
  readonly code: string;
  readonly form: 'app' | 'digits';
  readonly authority: Uint8Array;
  readonly identifier: string;
}): Promise<Uint8Array> {
  const { session, enc, code, form, authority, identifier } = challenge;
  const info = Buffer.concat([
    Buffer.from('callbook/1 challenge\n'),
    authority,
    Buffer.from(identifier),
  ]);
  const context = await suite.SetupRecipient(session.keys, enc, { info });
  const secret = form === 'app' ? await context.Open(fromBase64url(code)) : Buffer.from(code);
  const answerKey = await context.Export(Buffer.from('callbook/1 answer'), 32);
  return new Uint8Array(createHmac('sha256', answerKey).update(secret).digest());
}

export interface SignedEntry {
  readonly entry: Uint8Array;
  readonly payload: Uint8Array;
  readonly opening: Uint8Array;
}

/** Signs a register of an identifier with a payload of one route. */
export async function signRegister(claim: {
  readonly identifier: Identifier;
  readonly label: Uint8Array;
  readonly vrfProof: Uint8Array;
  readonly secretKey: Uint8Array;
  readonly crypto: Cryptography;
  readonly visibility?: Payload['visibility'];
  readonly change?: Partial<EntryDraft>;
}): Promise<SignedEntry> {
  const { identifier, label, vrfProof, secretKey, crypto } = claim;
  const signer = crypto.ed25519Signer(secretKey);
  const payload: Payload = {
    identifier,
    visibility: claim.visibility ?? 'dns',
    routes: [{ service: 'sip', uri: 'sip:someone@provider.test', preference: 10 }],
    keys: [{ use: 'identity', algorithm: 'ed25519', key: new Uint8Array(32).fill(5) }],
    vrfProof,
  };
  const payloadBytes = encodePayload(payload);
  const opening = new Uint8Array(32).fill(6);
  const draft: EntryDraft = {
    v: 1,
    kind: 'register',
    labelEpoch: 0,
    label,
    epoch: 0,
    seq: 0,
    prev: null,
    authority: signer.publicKey,
    commitment: commitPayload(opening, payloadBytes, crypto),
    recovery: null,
    lock: false,
    email: null,
    ...claim.change,
  };
  const entry = await signEntry(draft, { authority: signer });
  return { entry, payload: payloadBytes, opening };
}
