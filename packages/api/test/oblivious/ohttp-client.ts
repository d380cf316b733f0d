/**
 * An OHTTP client for tests that shares nothing with the code under test: HPKE by the package `hpke`, the
 * response's key by node's own HKDF, binary HTTP messages written by hand from RFC 9292.
 */
import { createDecipheriv, hkdfSync } from 'node:crypto';
import * as hpke from 'hpke';

const suite = new hpke.CipherSuite(
  hpke.KEM_DHKEM_X25519_HKDF_SHA256,
  hpke.KDF_HKDF_SHA256,
  hpke.AEAD_AES_128_GCM,
);

export interface GatewayKey {
  readonly keyId: number;
  readonly publicKey: Uint8Array;
}

export interface InnerRequest {
  readonly method?: string;
  readonly scheme?: string;
  readonly authority?: string;
  readonly path: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly content?: Uint8Array | string;
}

export interface InnerAnswer {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly content: Uint8Array;
  /** Of the whole message, padding and all. */
  readonly bytes: number;
}

export interface Sealed {
  readonly capsule: Uint8Array<ArrayBuffer>;
  open(answer: Uint8Array): Promise<InnerAnswer>;
}

/** Reads the first configuration of `application/ohttp-keys`. */
export function firstKey(octets: Uint8Array): GatewayKey {
  const view = Buffer.from(octets);
  if (view.readUInt16BE(3) !== 0x0020) throw new Error('not X25519');
  return { keyId: view.readUInt8(2), publicKey: new Uint8Array(view.subarray(5, 37)) };
}

/** Seals a request, with the date of now unless another is given. */
export async function seal(key: GatewayKey, request: InnerRequest, nowMs: number): Promise<Sealed> {
  return await sealMessage(key, innerMessage(request, nowMs));
}

/** Seals any octets. */
export async function sealMessage(key: GatewayKey, message: Uint8Array): Promise<Sealed> {
  const header = Buffer.from([key.keyId, 0, 0x20, 0, 1, 0, 1]);
  const info = Buffer.concat([Buffer.from('message/bhttp request\0'), header]);
  const publicKey = await suite.DeserializePublicKey(key.publicKey);
  const { encapsulatedSecret, ctx } = await suite.SetupSender(publicKey, { info });
  const sealed = await ctx.Seal(message);
  const secret = await ctx.Export(Buffer.from('message/bhttp response'), 16);
  return {
    capsule: new Uint8Array(Buffer.concat([header, encapsulatedSecret, sealed])),
    async open(answer) {
      const nonce = answer.subarray(0, 16);
      const salt = Buffer.concat([encapsulatedSecret, nonce]);
      const derive = (label: string, size: number) =>
        new Uint8Array(hkdfSync('sha256', secret, salt, Buffer.from(label), size));
      const opener = createDecipheriv('aes-128-gcm', derive('key', 16), derive('nonce', 12));
      opener.setAuthTag(answer.subarray(-16));
      const opened = [opener.update(answer.subarray(16, -16)), opener.final()];
      return readAnswer(Buffer.concat(opened));
    },
  };
}

/** The binary message of a request. */
function innerMessage(request: InnerRequest, nowMs: number): Uint8Array {
  const { method = 'POST', scheme = 'https', authority = '', path, content = '' } = request;
  const fields = { date: new Date(nowMs).toUTCString(), ...request.fields };
  const lines = Object.entries(fields).flatMap(([name, value]) => [counted(name), counted(value)]);
  return Buffer.concat([
    Buffer.from([0]),
    ...[method, scheme, authority, path].map(counted),
    counted(Buffer.concat(lines)),
    counted(content),
  ]);
}

function counted(octets: Uint8Array | string): Buffer {
  const body = Buffer.from(octets as string);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(0x80000000 + body.length);
  return Buffer.concat([size, body]);
}

function readAnswer(message: Buffer): InnerAnswer {
  let at = 0;
  const number = (): number => {
    const size = 2 ** (message[at]! >> 6);
    const value = message.readUIntBE(at, size) - (Math.log2(size) << 6) * 256 ** (size - 1);
    at += size;
    return value;
  };
  const text = (): Buffer => {
    const size = number();
    at += size;
    return message.subarray(at - size, at);
  };
  if (number() !== 1) throw new Error('not a response of known length');
  const status = number();
  const end = number() + at;
  const fields: Record<string, string> = {};
  for (;;) {
    if (at >= end) break;
    const name = text().toString();
    fields[name] = text().toString();
  }
  const content = text();
  if (message.subarray(at).some((octet) => octet !== 0)) throw new Error('bad padding');
  return { status, fields, content: new Uint8Array(content), bytes: message.length };
}
