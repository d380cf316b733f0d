/**
 * Secret-key packets of version 4, unprotected (RFC 9580 §5.5.3), for keys that are derived: the
 * `openpgp` package makes only random ones, and reads these.
 */
import { concatBytes, type KeyPair } from '@callbook/protocol';

const secretKeyTag = 5;
const secretSubkeyTag = 7;
/** RFC 9580 §9.1: EdDSALegacy and ECDH. The newer Ed25519 and X25519 GnuPG does not read in version 4. */
const eddsaLegacy = 22;
const ecdh = 18;
/** RFC 9580 §9.2: 1.3.6.1.4.1.11591.15.1 and 1.3.6.1.4.1.3029.1.5.1. */
const ed25519Legacy = Uint8Array.fromHex('2b06010401da470f01');
const curve25519Legacy = Uint8Array.fromHex('2b060104019755010501');
/** RFC 9580 §5.5.5.6: size, reserved 1, then SHA2-256 and AES-128 for the derivation. */
const kdfParameters = Uint8Array.of(3, 1, 8, 7);
/** RFC 9580 §11.2.1: the prefix octet of a native point. */
const nativePoint = 0x40;

/** Encodes the primary key: an Ed25519 pair. */
export function secretKeyPacket(pair: KeyPair, createdAtSeconds: number): Uint8Array {
  const curve = concatBytes(Uint8Array.of(eddsaLegacy, ed25519Legacy.length), ed25519Legacy);
  const publicPart = concatBytes(curve, pointOf(pair));
  // RFC 9580 §5.5.5.5: "native octets", read as a number.
  return packet(secretKeyTag, {
    createdAtSeconds,
    publicPart,
    secret: multiprecisionInteger(pair.secretKey),
  });
}

/** Encodes the subkey: an X25519 pair. */
export function secretSubkeyPacket(pair: KeyPair, createdAtSeconds: number): Uint8Array {
  const curve = concatBytes(Uint8Array.of(ecdh, curve25519Legacy.length), curve25519Legacy);
  const publicPart = concatBytes(curve, pointOf(pair), kdfParameters);
  // RFC 9580 §5.5.5.6.1.1: the scalar in reverse, clamped: "an octet-reversed version of the native".
  const secret = multiprecisionInteger(clamped(pair.secretKey).toReversed());
  return packet(secretSubkeyTag, { createdAtSeconds, publicPart, secret });
}

function packet(
  tag: number,
  of: { createdAtSeconds: number; publicPart: Uint8Array; secret: Uint8Array },
): Uint8Array {
  const { createdAtSeconds, publicPart, secret } = of;
  const created = new Uint8Array(4);
  new DataView(created.buffer).setUint32(0, createdAtSeconds);
  // "a two-octet checksum of the plaintext of the algorithm-specific portion (sum of all octets, mod 65536)".
  const sum = secret.reduce((total, octet) => (total + octet) & 0xffff, 0);
  const unprotected = 0;
  const body = concatBytes(
    Uint8Array.of(4),
    created,
    publicPart,
    Uint8Array.of(unprotected),
    secret,
    Uint8Array.of(sum >> 8, sum & 0xff),
  );
  // RFC 9580 §4.2.1.1: one octet of length, up to 191.
  return concatBytes(Uint8Array.of(0xc0 | tag, body.length), body);
}

function pointOf({ publicKey }: KeyPair): Uint8Array {
  return multiprecisionInteger(concatBytes(Uint8Array.of(nativePoint), publicKey));
}

/** RFC 9580 §3.2: two octets with the length in bits from the highest set one, then the octets. */
function multiprecisionInteger(octets: Uint8Array): Uint8Array {
  const first = octets.findIndex((octet) => octet !== 0);
  const significant = first === -1 ? new Uint8Array() : octets.subarray(first);
  const highest = significant[0] ?? 0;
  const bits = significant.length * 8 - (highest === 0 ? 0 : Math.clz32(highest) - 24);
  return concatBytes(Uint8Array.of(bits >> 8, bits & 0xff), significant);
}

/** RFC 7748 §5: what decodeScalar25519 does before use. */
function clamped(secretKey: Uint8Array): Uint8Array {
  return secretKey.map((octet, index) => {
    if (index === 0) return octet & 248;
    return index === 31 ? (octet & 127) | 64 : octet;
  });
}
