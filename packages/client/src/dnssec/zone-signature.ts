/**
 * Checking one signature of a zone. Algorithms 13 and 15 go to the `Cryptography` that the caller
 * gives (native at members and in tests); without one, and for RSA and P-384 always, WebCrypto does it,
 * which browsers and Node have. Where a browser lacks Ed25519, or WebCrypto altogether, noble steps in
 * for 13 and 15. Keys are opened once and kept: a zone's keys sign all its answers.
 */
import type { Cryptography } from '@callbook/protocol';
import { nobleCryptography } from '@callbook/protocol/crypto/noble';
import { openedKeysMax } from '../limits.ts';

/** RFC 8624 §3.1: what is validated here; a zone signed by nothing else is as good as unsigned. */
const validatedAlgorithms = {
  rsaSha256: 8,
  ecdsaP256Sha256: 13,
  ecdsaP384Sha384: 14,
  ed25519: 15,
} as const;

const validated: ReadonlySet<number> = new Set(Object.values(validatedAlgorithms));

export function isValidatedAlgorithm(algorithm: number): boolean {
  return validated.has(algorithm);
}

interface SignatureCheck {
  readonly algorithm: number;
  /** In the form of its DNSKEY. */
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  /** In the form of its RRSIG. */
  readonly signature: Uint8Array;
}

/** Tells whether a signature verifies; undefined when there are no means to tell. */
export type VerifySignature = (
  check: SignatureCheck,
) => boolean | undefined | Promise<boolean | undefined>;

/** Returns the verifier on `crypto`, or on WebCrypto when there is none. */
export function signatureVerifier(crypto?: Cryptography): VerifySignature {
  const opened = new OpenedKeys();
  return (check) => {
    const { algorithm } = check;
    if (crypto !== undefined && algorithm === validatedAlgorithms.ed25519)
      return crypto.ed25519Verify(check.message, check.signature, check.publicKey);
    if (crypto !== undefined && algorithm === validatedAlgorithms.ecdsaP256Sha256)
      return crypto.p256Verify(check.message, check.signature, check.publicKey);
    return verifyByWebCrypto(opened, check);
  };
}

async function verifyByWebCrypto(
  opened: OpenedKeys,
  check: SignatureCheck,
): Promise<boolean | undefined> {
  const subtle = (globalThis.crypto as Partial<Crypto> | undefined)?.subtle;
  const key = subtle === undefined ? 'unavailable' : await opened.open(subtle, check);
  if (key === 'malformed') return false;
  if (key === 'unavailable') return verifyByNoble(check);
  const { algorithm, signature, message } = check;
  try {
    return await subtle!.verify(parameters[algorithm]!, key, plain(signature), plain(message));
  } catch {
    // A signature of a length that the algorithm does not have.
    return false;
  }
}

function verifyByNoble(check: SignatureCheck): boolean | undefined {
  const { message, signature, publicKey } = check;
  if (check.algorithm === validatedAlgorithms.ed25519)
    return nobleCryptography.ed25519Verify(message, signature, publicKey);
  if (check.algorithm === validatedAlgorithms.ecdsaP256Sha256)
    return nobleCryptography.p256Verify(message, signature, publicKey);
  return undefined;
}

interface WebCryptoParameters {
  readonly name: string;
  readonly namedCurve?: string;
  readonly hash?: string;
}

/** WebCrypto's names; one object serves for opening a key and for verifying. */
const parameters: Readonly<Record<number, WebCryptoParameters>> = {
  [validatedAlgorithms.rsaSha256]: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  [validatedAlgorithms.ecdsaP256Sha256]: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  [validatedAlgorithms.ecdsaP384Sha384]: { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
  [validatedAlgorithms.ed25519]: { name: 'Ed25519' },
};

type Opened = CryptoKey | 'malformed' | 'unavailable';

/** WebCrypto's keys by the octets of their DNSKEY; the oldest goes when there are too many. */
class OpenedKeys {
  private readonly keys: Map<string, Promise<Opened>>;

  constructor() {
    this.keys = new Map();
  }

  open(subtle: SubtleCrypto, check: SignatureCheck): Promise<Opened> {
    const rowKey = `${check.algorithm} ${check.publicKey.toBase64()}`;
    const known = this.keys.get(rowKey);
    if (known !== undefined) return known;
    const [oldest] = this.keys.keys();
    if (this.keys.size >= openedKeysMax) this.keys.delete(oldest!);
    const opening = openKey(subtle, check);
    this.keys.set(rowKey, opening);
    return opening;
  }
}

async function openKey(subtle: SubtleCrypto, check: SignatureCheck): Promise<Opened> {
  const jwk = jwkOf(check);
  if (jwk === undefined) return 'malformed';
  try {
    return await subtle.importKey('jwk', jwk, parameters[check.algorithm]!, false, ['verify']);
  } catch (error) {
    // Names of DOMException are the interface: NotSupportedError is a browser without the algorithm.
    return (error as Error).name === 'NotSupportedError' ? 'unavailable' : 'malformed';
  }
}

interface PublicJwk {
  readonly kty: 'RSA' | 'EC' | 'OKP';
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
  readonly n?: string;
  readonly e?: string;
}

function jwkOf({ algorithm, publicKey }: SignatureCheck): PublicJwk | undefined {
  if (algorithm === validatedAlgorithms.rsaSha256) return rsaJwkOf(publicKey);
  if (algorithm === validatedAlgorithms.ed25519)
    return publicKey.length === 32
      ? { kty: 'OKP', crv: 'Ed25519', x: base64Url(publicKey) }
      : undefined;
  const [crv, size] =
    algorithm === validatedAlgorithms.ecdsaP256Sha256
      ? (['P-256', 32] as const)
      : (['P-384', 48] as const);
  // RFC 6605 §4: "ECDSA public keys consist of a single value, (…) x | y".
  if (publicKey.length !== 2 * size) return undefined;
  const [x, y] = [publicKey.subarray(0, size), publicKey.subarray(size)];
  return { kty: 'EC', crv, x: base64Url(x), y: base64Url(y) };
}

/** RFC 3110 §2: length of the exponent in one octet, or zero and two octets; exponent; modulus. */
function rsaJwkOf(publicKey: Uint8Array): PublicJwk | undefined {
  const short = publicKey[0] ?? 0;
  const start = short === 0 ? 3 : 1;
  const size = short === 0 ? ((publicKey[1] ?? 0) << 8) | (publicKey[2] ?? 0) : short;
  const exponent = publicKey.subarray(start, start + size);
  const modulus = publicKey.subarray(start + size);
  // RFC 5702 §2.1: "MUST NOT be less than 512 bits and MUST NOT be more than 4096 bits".
  const wellFormed = size > 0 && exponent[0] !== 0 && modulus[0] !== 0;
  if (!wellFormed || modulus.length < 64 || modulus.length > 512) return undefined;
  return { kty: 'RSA', n: base64Url(modulus), e: base64Url(exponent) };
}

function base64Url(octets: Uint8Array): string {
  return octets.toBase64({ alphabet: 'base64url', omitPadding: true });
}

/** What arrived on the network is never in shared memory, which WebCrypto refuses. */
function plain(octets: Uint8Array): Uint8Array<ArrayBuffer> {
  return octets as Uint8Array<ArrayBuffer>;
}
