/**
 * The port through which every rule reaches cryptography. Three implementations ship: `noble`
 * (pure TypeScript, browsers), `node` (OpenSSL) and `sodium` (libsodium, fastest; members and
 * auditors). They must agree on every input: a replica that judges a signature differently folds
 * another state. All byte strings are `Uint8Array`; keys are raw, never PEM.
 */
export interface Cryptography {
  readonly name: 'noble' | 'node' | 'sodium';

  /** SHA-256 (FIPS 180-4) of the concatenation of `parts`, 32 bytes. */
  sha256(...parts: readonly Uint8Array[]): Uint8Array;

  /** HMAC-SHA256 (RFC 2104) of the concatenation of `parts`, 32 bytes. */
  hmacSha256(hmacKey: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array;

  /** Opens a 32-byte Ed25519 secret key (RFC 8032 seed) for signing. */
  ed25519Signer(secretKey: Uint8Array): Ed25519Signer;

  /**
   * Verifies by the rule of docs/spec/signatures.md: cofactorless, `s < L`, A canonical, neither A nor
   * R of small order, encode([s]B − [k]A) equal to R byte for byte. False for any malformed input.
   */
  ed25519Verify(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean;

  /**
   * Verifies ECDSA on P-256 with SHA-256, as DNSSEC has it (RFC 6605 §4): signature `r | s` and public
   * key `x | y`, 64 bytes each. A high `s` is as good as a low one. False for any malformed input.
   */
  p256Verify(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean;

  /** ECVRF-EDWARDS25519-SHA512-TAI (RFC 9381): opens a 32-byte secret key for proving. */
  vrfProver(secretKey: Uint8Array): VrfProver;

  /** Verifies an 80-byte proof: the 64-byte output, or undefined when the proof is bad. */
  vrfVerify(publicKey: Uint8Array, alpha: Uint8Array, proof: Uint8Array): Uint8Array | undefined;
}

/** Signs with an Ed25519 key; the public key is 32 bytes, a signature 64. */
export interface Ed25519Signer {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Returns the 64-byte signature. */
  sign(message: Uint8Array): Uint8Array;
}

/** Computes outputs and proofs of ECVRF-EDWARDS25519-SHA512-TAI (RFC 9381). */
export interface VrfProver {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Returns the 64-byte output alone; faster than a proof. */
  output(alpha: Uint8Array): Uint8Array;
  /** Returns the 80-byte proof. */
  prove(alpha: Uint8Array): Uint8Array;
  /** Returns both, for little more than the proof alone. */
  evaluate(alpha: Uint8Array): { readonly output: Uint8Array; readonly proof: Uint8Array };
}
