/**
 * A process that does nothing but verify: what raw speed is. It is told how many signatures, and
 * answers when they are verified.
 */
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';

const signer = crypto.ed25519Signer(new Uint8Array(32).fill(1));
/** Messages as long as the signed part of an update. */
const messages = Array.from({ length: 250 }, (_, n) => {
  const message = new Uint8Array(330).fill(n);
  return { message, signature: signer.sign(message) };
});

process.on('message', (count: number) => {
  for (let n = 0; n < count; n++) {
    const { message, signature } = messages[n % messages.length]!;
    if (!crypto.ed25519Verify(message, signature, signer.publicKey)) throw new Error('unverified');
  }
  process.send!(count);
});
