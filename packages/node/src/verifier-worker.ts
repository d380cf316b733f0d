/**
 * A thread of the verifier: goes through stretches of leaves, says of each what it finds in the memory that comes
 * with it, and answers when nothing is left to do. It knows no store and no charter, and decides nothing.
 */
import { parentPort } from 'node:worker_threads';
import { LeafVerdicts, leafVerifies } from '@callbook/replication/leaf-verifier';
import { pickCryptography } from './cryptography.ts';
import type { VerifierOrder } from './verifier.ts';

const crypto = await pickCryptography();

parentPort!.on('message', ({ bytes, ends, shared }: VerifierOrder) => {
  const verdicts = new LeafVerdicts(shared);
  let start = 0;
  for (const [place, end] of ends.entries()) {
    // Whoever has the first leaf that is taken has all after it.
    if (!verdicts.take(place)) break;
    if (leafVerifies(bytes.subarray(start, end), crypto)) verdicts.sayGood(place);
    start = end;
  }
  parentPort!.postMessage(undefined, []);
});
