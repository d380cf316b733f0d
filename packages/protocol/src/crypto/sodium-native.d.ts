// The functions of sodium-native that crypto/sodium.ts and crypto/vrf-sodium.ts call; the package
// ships no declarations. All throw on wrong sizes and, but for `verify`, on failure.
declare module 'sodium-native' {
  interface Sodium {
    crypto_sign_seed_keypair(publicKey: Uint8Array, secretKey: Uint8Array, seed: Uint8Array): void;
    crypto_sign_detached(signature: Uint8Array, message: Uint8Array, secretKey: Uint8Array): void;
    crypto_sign_verify_detached(
      signature: Uint8Array,
      message: Uint8Array,
      publicKey: Uint8Array,
    ): boolean;
    crypto_hash_sha256(digest: Uint8Array, message: Uint8Array): void;
    crypto_core_ed25519_add(sum: Uint8Array, p: Uint8Array, q: Uint8Array): void;
    crypto_core_ed25519_sub(difference: Uint8Array, p: Uint8Array, q: Uint8Array): void;
    crypto_scalarmult_ed25519_noclamp(product: Uint8Array, n: Uint8Array, p: Uint8Array): void;
    crypto_scalarmult_ed25519_base_noclamp(product: Uint8Array, n: Uint8Array): void;
  }
  const sodium: Sodium;
  export default sodium;
}
