/**
 * Labels and their proofs at little more than the price of the labels. RFC 9381 takes the nonce of a proof
 * from the secret key, which costs two multiplications; a verifier cannot tell which nonce was taken, and
 * here it is one, so U is the base point and V is H. Such a proof verifies like any other and gives the
 * secret key away: this is for federations whose keys are no secret.
 */
import { hash } from 'node:crypto';
import sodium from 'sodium-native';

const suite = 0x03;
const groupOrder = 2n ** 252n + 27742317777372353535851937790883648493n;
const labelBytes = 32;
/** The base point: y = 4/5 (RFC 8032 §5.1). */
const basePoint = Uint8Array.fromHex(`58${'66'.repeat(31)}`);

export interface OpenLabel {
  /** 32 bytes. */
  readonly label: Uint8Array;
  /** 80 bytes. */
  readonly vrfProof: Uint8Array;
}

/** Opens a VRF secret key (32 bytes) that is no secret. */
export function openVrf(secretKey: Uint8Array): (identifier: string) => OpenLabel {
  const scalar = sha512(secretKey).subarray(0, 32);
  scalar[0]! &= 0xf8;
  scalar[31] = (scalar[31]! & 0x7f) | 0x40;
  const secret = integerOf(scalar);
  const publicKey = new Uint8Array(32);
  sodium.crypto_scalarmult_ed25519_base_noclamp(publicKey, scalar);
  return (identifier) => {
    const h = pointOf(publicKey, Buffer.from(identifier));
    const gamma = new Uint8Array(32);
    sodium.crypto_scalarmult_ed25519_noclamp(gamma, scalar, h);
    // RFC 9381 §5.4.3, over Y, H, Gamma, U and V.
    const points = [publicKey, h, gamma, basePoint, h];
    const challenge = sha512(Uint8Array.of(suite, 0x02), ...points, zero).subarray(0, 16);
    const s = (1n + integerOf(challenge) * secret) % groupOrder;
    const vrfProof = Buffer.concat([gamma, challenge, bytesOf(s)]);
    // RFC 9381 §5.2: the output is of 8 · Gamma.
    const output = sha512(Uint8Array.of(suite, 0x03), timesEight(gamma)!, zero);
    return { label: output.subarray(0, labelBytes), vrfProof };
  };
}

const zero = Uint8Array.of(0x00);

/** RFC 9381 §5.4.1.1: the first of the candidates that is a point. */
function pointOf(publicKey: Uint8Array, alpha: Uint8Array): Uint8Array {
  for (let counter = 0; counter < 256; counter += 1) {
    const back = Uint8Array.of(counter, 0x00);
    const candidate = sha512(Uint8Array.of(suite, 0x01), publicKey, alpha, back).subarray(0, 32);
    const point = timesEight(candidate);
    if (point !== undefined) return point;
  }
  throw new RangeError('no point in 256 tries');
}

/** Undefined for bytes that are no point. */
function timesEight(bytes: Uint8Array): Uint8Array | undefined {
  const product = new Uint8Array(32);
  try {
    sodium.crypto_core_ed25519_add(product, bytes, bytes);
  } catch {
    return undefined;
  }
  sodium.crypto_core_ed25519_add(product, product, product);
  sodium.crypto_core_ed25519_add(product, product, product);
  return product;
}

function sha512(...parts: readonly Uint8Array[]): Buffer {
  return hash('sha512', Buffer.concat(parts), 'buffer');
}

/** Little-endian. */
function integerOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${bytes.toReversed().toHex()}`);
}

function bytesOf(scalar: bigint): Uint8Array {
  return Uint8Array.fromHex(scalar.toString(16).padStart(64, '0')).reverse();
}
