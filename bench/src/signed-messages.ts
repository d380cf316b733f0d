/** Messages as long as the signed part of an update, with their signatures: what bare checks run on. */
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';

const signer = crypto.ed25519Signer(new Uint8Array(32).fill(1));

/** Signed all of them; 32 bytes. */
export const messageKey: Uint8Array = signer.publicKey;

export const signedMessages: readonly {
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}[] = Array.from({ length: 250 }, (_, n) => {
  const message = new Uint8Array(330).fill(n);
  return { message, signature: signer.sign(message) };
});
