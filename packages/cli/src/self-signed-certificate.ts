/**
 * One X.509 certificate (RFC 5280) for a P-256 key that signs it itself, in DER written by hand: there is one form of
 * it and nothing to choose. It names nobody: TLS 1.2 sends it in the clear, and a provider looks at the key alone.
 */
import { createPublicKey, randomBytes, sign, type KeyObject } from 'node:crypto';

const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectId: 0x06,
  utf8String: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  version: 0xa0,
  extensions: 0xa3,
} as const;

/** DER of object identifiers. */
const objectIds = {
  ecdsaWithSha256: '2a8648ce3d040302',
  commonName: '550403',
  basicConstraints: '551d13',
  keyUsage: '551d0f',
  extendedKeyUsage: '551d25',
  clientAuth: '2b06010505070302',
} as const;

const dayMs = 86_400_000;
const subject = 'Callbook';

/** Returns the certificate as PEM; it begins at the midnight before the last, which says nothing of when it was made. */
export function selfSignedCertificate(
  privateKey: KeyObject,
  validity: { readonly nowMs: number; readonly days: number },
): string {
  const { nowMs, days } = validity;
  const fromMs = Math.floor(nowMs / dayMs - 1) * dayMs;
  const algorithm = sequence(objectId('ecdsaWithSha256'));
  const name = sequence(
    der(tags.set, sequence(objectId('commonName'), der(tags.utf8String, Buffer.from(subject)))),
  );
  const body = sequence(
    // Version 3.
    der(tags.version, der(tags.integer, Buffer.from([2]))),
    der(tags.integer, serialNumber()),
    algorithm,
    name,
    sequence(time(fromMs), time(fromMs + days * dayMs)),
    name,
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
    der(tags.extensions, sequence(...extensions())),
  );
  const signature = sign('sha256', body, privateKey);
  return pem('CERTIFICATE', sequence(body, algorithm, bitString(signature, 0)));
}

/** No authority, for signing in handshakes, as a client. */
function extensions(): Buffer[] {
  // RFC 5280 §4.2.1.3: digitalSignature is bit 0; seven bits are unused.
  const digitalSignature = bitString(Buffer.from([0x80]), 7);
  return [
    extension('basicConstraints', sequence()),
    extension('keyUsage', digitalSignature),
    sequence(objectId('extendedKeyUsage'), der(tags.octetString, sequence(objectId('clientAuth')))),
  ];
}

function extension(name: keyof typeof objectIds, value: Buffer): Buffer {
  const isCritical = der(tags.boolean, Buffer.from([0xff]));
  return sequence(objectId(name), isCritical, der(tags.octetString, value));
}

/** RFC 5280 §4.1.2.2: positive, at most 20 octets. */
function serialNumber(): Buffer {
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  return serial;
}

/** RFC 5280 §4.1.2.5: UTCTime through the year 2049, GeneralizedTime from then on. */
function time(atMs: number): Buffer {
  const text = new Date(atMs).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  const isLate = text >= '2050';
  const tag = isLate ? tags.generalizedTime : tags.utcTime;
  return der(tag, Buffer.from(isLate ? text : text.slice(2)));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(tags.sequence, ...parts);
}

function objectId(name: keyof typeof objectIds): Buffer {
  return der(tags.objectId, Buffer.from(objectIds[name], 'hex'));
}

function bitString(octets: Buffer, unusedBits: number): Buffer {
  return der(tags.bitString, Buffer.from([unusedBits]), octets);
}

/** X.690 §8.1.3: lengths below 128 are one octet, others are preceded by how many octets they have. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

/** RFC 7468. */
function pem(label: string, octets: Buffer): string {
  const lines = octets.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
