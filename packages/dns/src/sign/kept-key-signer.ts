/**
 * A P-256 signer on OpenSSL whose key stays open between signatures. OpenSSL draws each nonce afresh,
 * as it does for `node:crypto`. Everything that it reads and writes lies in one array buffer whose place
 * is kept; the private key is in OpenSSL's memory alone. For one thread.
 */
import { createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { zoneAlgorithms } from '../wire/record-types.ts';
import { openOpenssl } from './openssl-calls.ts';
import type { OpensslCalls } from './openssl-calls.ts';
import { openZoneSigner } from './zone-signer.ts';
import type { ZoneSigner } from './zone-signer.ts';

/** More than this is signed by `node:crypto`: DNSKEY with many keys, or a large certificate. */
const octetsMax = 4096;
const digestAt = octetsMax;
const digestBytes = 32;
const sizeAt = digestAt + digestBytes;
const signatureAt = sizeAt + 8;
/** SEQUENCE of two INTEGERs of at most 33 octets. */
const derBytesMax = 72;
const integerBytes = 32;

/**
 * Opens a P-256 key for many signatures. Undefined where it is of another algorithm, or where what
 * comes out of OpenSSL here is not a signature that verifies.
 */
export function openKeptKeySigner(privateKey: KeyObject): ZoneSigner | undefined {
  if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') return undefined;
  const openssl = openOpenssl();
  const context = openssl === undefined ? 0n : openContext(openssl, privateKey);
  if (openssl === undefined || context === 0n) return undefined;
  const signer = new KeptKeySigner(openssl, context, openZoneSigner(privateKey));
  return signsFor(privateKey, signer) ? signer : undefined;
}

/** Returns a context that signs with the key, or 0. */
function openContext(openssl: OpensslCalls, privateKey: KeyObject): bigint {
  const exported = privateKey.export({ format: 'der', type: 'pkcs8' });
  // A copy in a buffer of its own: an exported one may be a part of a larger one.
  const der = new Uint8Array(new ArrayBuffer(exported.length));
  der.set(exported);
  const pkey = openssl.d2i_AutoPrivateKey(
    0n,
    BigInt64Array.of(openssl.pointerOf(der.buffer)),
    BigInt(der.length),
  );
  der.fill(0);
  exported.fill(0);
  if (pkey === 0n) return 0n;
  const context = openssl.EVP_PKEY_CTX_new(pkey, 0n);
  // The context holds the key as well.
  openssl.EVP_PKEY_free(pkey);
  if (context === 0n || openssl.EVP_PKEY_sign_init(context) === 1) return context;
  openssl.EVP_PKEY_CTX_free(context);
  return 0n;
}

/** Frees, and thereby clears, the keys of signers that nobody has any more. */
const unused = new FinalizationRegistry<() => void>((free) => free());

class KeptKeySigner implements ZoneSigner {
  readonly algorithm = zoneAlgorithms.ecdsaP256Sha256;
  readonly publicKey: Uint8Array;
  private readonly openssl: OpensslCalls;
  private readonly context: bigint;
  private readonly forLarger: ZoneSigner;
  private readonly memory: Uint8Array;
  private readonly start: bigint;
  private readonly digestPointer: bigint;
  private readonly sizePointer: bigint;
  private readonly signaturePointer: bigint;

  constructor(openssl: OpensslCalls, context: bigint, forLarger: ZoneSigner) {
    const memory = new ArrayBuffer(signatureAt + derBytesMax);
    this.publicKey = forLarger.publicKey;
    this.openssl = openssl;
    this.context = context;
    this.forLarger = forLarger;
    this.memory = new Uint8Array(memory);
    this.start = openssl.pointerOf(memory);
    this.digestPointer = this.start + BigInt(digestAt);
    this.sizePointer = this.start + BigInt(sizeAt);
    this.signaturePointer = this.start + BigInt(signatureAt);
    unused.register(this, () => openssl.EVP_PKEY_CTX_free(context));
  }

  sign(octets: Uint8Array): Uint8Array {
    if (octets.length > octetsMax) return this.forLarger.sign(octets);
    const { openssl, memory } = this;
    memory.set(octets);
    openssl.SHA256(this.start, BigInt(octets.length), this.digestPointer);
    // The size is a size_t, little-endian on every machine that the calls are for.
    memory[sizeAt] = derBytesMax;
    const isSigned =
      openssl.EVP_PKEY_sign(
        this.context,
        this.signaturePointer,
        this.sizePointer,
        this.digestPointer,
        BigInt(digestBytes),
      ) === 1;
    return isSigned ? this.joinedIntegers() : this.forLarger.sign(octets);
  }

  /** RFC 6605 §4: "the signature is the concatenation of r and s", of which OpenSSL makes DER. */
  private joinedIntegers(): Uint8Array {
    const { memory } = this;
    const signature = new Uint8Array(2 * integerBytes);
    // 30 <size> 02 <size of r> <r> 02 <size of s> <s>: sizes are one octet, integers have no needless zeros.
    let at = signatureAt + 3;
    for (let end = integerBytes; end <= 2 * integerBytes; end += integerBytes) {
      const size = memory[at]!;
      for (let back = 1; back <= Math.min(size, integerBytes); back += 1)
        signature[end - back] = memory[at + 1 + size - back]!;
      at += size + 2;
    }
    return signature;
  }
}

/** So many that some have an integer that is shorter, or has a zero in front. */
const trialCount = 16;

function signsFor(privateKey: KeyObject, signer: ZoneSigner): boolean {
  const publicKey = { key: createPublicKey(privateKey), dsaEncoding: 'ieee-p1363' } as const;
  return Array.from({ length: trialCount }, (_nothing, trial) => Uint8Array.of(trial)).every(
    (octets) => verify('sha256', octets, publicKey, signer.sign(octets)),
  );
}
