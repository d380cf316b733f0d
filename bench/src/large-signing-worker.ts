/** A thread that signs: each message is a stretch of positions, each answer its records. */
import { parentPort, workerData } from 'node:worker_threads';
import type { DerivedKeys } from '@callbook/protocol';
import { RecordSigner } from './large-records.ts';

/** What a thread is given at its start. */
export interface SigningOrder {
  readonly vrfSecretKey: Uint8Array;
  readonly keySets: readonly DerivedKeys[];
}

/** A stretch of positions. */
export interface Stretch {
  readonly first: number;
  readonly count: number;
}

// Half of all candidates for a point are none, which libsodium tells by throwing.
Error.stackTraceLimit = 0;
const { vrfSecretKey, keySets } = workerData as SigningOrder;
const signer = new RecordSigner(vrfSecretKey, keySets);
parentPort!.on('message', ({ first, count }: Stretch) => {
  void signer.records(first, count).then((records) => {
    parentPort!.postMessage(records, [records.buffer as ArrayBuffer]);
  });
});
