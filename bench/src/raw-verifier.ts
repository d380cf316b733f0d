/**
 * A process that does nothing but verify: what raw speed is. It is told how many signatures, and
 * answers when they are verified.
 */
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { messageKey, signedMessages } from './signed-messages.ts';

process.on('message', (count: number) => {
  for (let n = 0; n < count; n++) {
    const { message, signature } = signedMessages[n % signedMessages.length]!;
    if (!crypto.ed25519Verify(message, signature, messageKey)) throw new Error('unverified');
  }
  process.send!(count);
});
