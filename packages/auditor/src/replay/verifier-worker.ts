/**
 * A thread of the replay: takes orders of bundles, reads and verifies them, and answers in order. It
 * knows the charters and decides nothing.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { charterSet } from '@callbook/protocol';
import { pickCryptography } from '../cryptography.ts';
import { readBundles } from './bundle-order.ts';
import type { BundleOrder } from './bundle-order.ts';

const crypto = await pickCryptography();
const charters = charterSet(workerData as readonly string[], crypto);
if (charters.verdict !== 'accept') throw new Error(charters.code);

parentPort!.on('message', (order: BundleOrder) => {
  const result = readBundles(order, charters.value, crypto);
  const memory = [result.records, result.ends, result.bundleRoots, result.tailHashes];
  parentPort!.postMessage(result, [...new Set(memory.map(({ buffer }) => buffer as ArrayBuffer))]);
});
