/**
 * Picks the fastest cryptography that works here: libsodium where its prebuilt binary loads, else
 * OpenSSL. Both judge every signature alike.
 */
import type { Cryptography } from '@callbook/protocol';

/** Loads libsodium, or falls back to OpenSSL. */
export async function pickCryptography(): Promise<Cryptography> {
  try {
    const { sodiumCryptography } = await import('@callbook/protocol/crypto/sodium');
    return sodiumCryptography;
  } catch {
    const { nodeCryptography } = await import('@callbook/protocol/crypto/node');
    return nodeCryptography;
  }
}
