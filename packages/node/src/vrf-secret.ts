/**
 * The VRF secret on its way to a member. It is made once, at the founding; every member has the same
 * one. A member that needs it makes an X25519 key pair and a request signed by its log key, so that
 * whoever has the secret knows to whom it goes; it comes back sealed by HPKE (RFC 9180, base mode) to
 * that key pair, which is destroyed with the opening. That it is the right secret, the VRF public
 * key in the charter says.
 */
import {
  bytesEqual,
  DirectoryError,
  encodeBase64Url,
  encodeCanonicalJson,
  parseBase64Url,
  parseCanonicalJson,
  parseVerifierKey,
  signNote,
  verifyNote,
} from '@callbook/protocol';
import type { Charter, Cryptography, NoteSigner } from '@callbook/protocol';
import { AEAD_AES_128_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_DHKEM_X25519_HKDF_SHA256 } from 'hpke';
import type { NodeErrorCode } from './errors.ts';

const suite = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_128_GCM);
const requestLine = 'callbook/1 vrf request';
const sealLine = 'callbook/1 vrf secret';
const keyBytes = 32;

export interface SealingKeyPair {
  /** 32 bytes each. */
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** Makes a key pair for one request. */
export async function createSealingKeyPair(): Promise<SealingKeyPair> {
  const pair = await suite.GenerateKeyPair(true);
  return {
    secretKey: await suite.SerializePrivateKey(pair.privateKey),
    publicKey: await suite.SerializePublicKey(pair.publicKey),
  };
}

/** Encodes a request, signed by the log key of the member. */
export function encodeVrfRequest(
  member: string,
  publicKey: Uint8Array,
  logSigner: NoteSigner,
): string {
  return signNote(`${requestLine}\n${member}\n${encodeBase64Url(publicKey)}\n`, [logSigner]);
}

/** Who asks, and with which key. */
export interface VrfRequest {
  readonly member: string;
  readonly publicKey: Uint8Array;
}

/** Verifies that a member of the charter asks. Error: `vrf_request_refused`. */
export function parseVrfRequest(
  request: string,
  charter: Charter,
  crypto: Cryptography,
): VrfRequest {
  const [line, name] = request.split('\n');
  const member = charter.members.find((one) => one.name === name && one.state !== 'expelled');
  const logKey = parseVerifierKey(member?.logKey ?? '');
  if (line !== requestLine || member === undefined || logKey.verdict !== 'accept') {
    throw refused('vrf_request_refused', 'no member of this charter asks');
  }
  const note = verifyNote(request, [logKey.value], crypto);
  if (note.verdict !== 'accept') {
    throw refused('vrf_request_refused', `not signed by the log key of ${member.name}`);
  }
  const [, , keyText = '', ...rest] = note.value.text.split('\n');
  const publicKey = parseBase64Url(keyText);
  if (publicKey?.length !== keyBytes || rest.length !== 1) {
    throw refused('vrf_request_refused', 'has no key of 32 bytes');
  }
  return { member: member.name, publicKey };
}

/** Seals the secret to who asks; it is the one of this charter. Error: `vrf_seal_refused`. */
export async function sealVrfSecret(
  secret: Uint8Array,
  request: VrfRequest,
  { charter, crypto }: { readonly charter: Charter; readonly crypto: Cryptography },
): Promise<string> {
  assertSecretOf(charter, secret, crypto);
  const { member, publicKey } = request;
  const info = infoOf(member, charter);
  const to = await suite.DeserializePublicKey(publicKey);
  const { encapsulatedSecret, ctx } = await suite.SetupSender(to, { info });
  const sealed = await ctx.Seal(secret);
  const fields = {
    enc: encodeBase64Url(encapsulatedSecret),
    member,
    sealed: encodeBase64Url(sealed),
    v: 1,
  };
  return `${encodeCanonicalJson(fields)}\n`;
}

/** Opens what was sealed to a member of this charter. Error: `vrf_seal_refused`. */
export async function openVrfSecret(
  text: string,
  by: { readonly member: string; readonly secretKey: Uint8Array },
  { charter, crypto }: { readonly charter: Charter; readonly crypto: Cryptography },
): Promise<Uint8Array> {
  const parsed = parseCanonicalJson(text.trimEnd());
  const fields = (parsed.verdict === 'accept' ? parsed.value : null) as Readonly<
    Record<string, unknown>
  > | null;
  const [enc, sealed] = [fields?.['enc'], fields?.['sealed']].map((value) =>
    typeof value === 'string' ? parseBase64Url(value) : undefined,
  );
  if (enc === undefined || sealed === undefined || fields?.['member'] !== by.member) {
    throw refused('vrf_seal_refused', 'is no secret sealed to this member');
  }
  const secret = await open({ enc, sealed }, by, charter);
  assertSecretOf(charter, secret, crypto);
  return secret;
}

async function open(
  { enc, sealed }: { readonly enc: Uint8Array; readonly sealed: Uint8Array },
  { member, secretKey }: { readonly member: string; readonly secretKey: Uint8Array },
  charter: Charter,
): Promise<Uint8Array> {
  try {
    const key = await suite.DeserializePrivateKey(secretKey, false);
    const context = await suite.SetupRecipient(key, enc, { info: infoOf(member, charter) });
    return await context.Open(sealed);
  } catch {
    // The cause is left out: it was made from what was sealed.
    throw refused('vrf_seal_refused', 'does not open with the key of the request made here');
  }
}

/** Bound to the member and the VRF key, so that it opens as nothing else. */
function infoOf(member: string, { vrfPublicKey }: Charter): Uint8Array {
  return Buffer.from(`${sealLine}\n${member}\n${vrfPublicKey}\n`);
}

function assertSecretOf(charter: Charter, secret: Uint8Array, crypto: Cryptography): void {
  const isKey = secret.length === keyBytes;
  const publicKey = isKey ? crypto.vrfProver(secret).publicKey : new Uint8Array(0);
  const wanted = parseBase64Url(charter.vrfPublicKey);
  if (wanted !== undefined && bytesEqual(publicKey, wanted)) return;
  throw refused('vrf_seal_refused', 'the secret is not that of the VRF key in the charter');
}

function refused(code: NodeErrorCode, message: string): DirectoryError<NodeErrorCode> {
  return new DirectoryError(code, message);
}
