/** A thread that does nothing but verify: it is told how many signatures, and answers when it is done. */
import { parentPort } from 'node:worker_threads';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { messageKey, signedMessages } from './signed-messages.ts';

parentPort!.on('message', (count: number) => {
  for (let n = 0; n < count; n++) {
    const { message, signature } = signedMessages[n % signedMessages.length]!;
    if (!crypto.ed25519Verify(message, signature, messageKey)) throw new Error('unverified');
  }
  parentPort!.postMessage(count, []);
});
