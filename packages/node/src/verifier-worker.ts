/**
 * A thread of the verifier: takes stretches of leaves, and answers each with one byte a leaf. It knows
 * no store and no charter, and decides nothing.
 */
import { parentPort } from 'node:worker_threads';
import { leafVerifies } from '@callbook/replication/leaf-verifier';
import { pickCryptography } from './cryptography.ts';
import type { VerifierOrder } from './verifier.ts';

const crypto = await pickCryptography();

parentPort!.on('message', ({ bytes, ends }: VerifierOrder) => {
  const found = new Uint8Array(ends.length);
  let start = 0;
  for (const [place, end] of ends.entries()) {
    found[place] = leafVerifies(bytes.subarray(start, end), crypto) ? 1 : 0;
    start = end;
  }
  parentPort!.postMessage(found, [found.buffer]);
});
