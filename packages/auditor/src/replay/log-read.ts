/**
 * What is known of a log while its leaves are read in order: its tree so far, as the roots of its full
 * bundles and the leaves of the last one, and its latest time.
 */
import { emptyFrontier, extendFrontier, frontierRoot } from '@callbook/protocol';
import type { Cryptography, Frontier } from '@callbook/protocol';
import type { BundleResult } from './bundle-order.ts';
import type { FoldedLog } from './fold-store.ts';

export class LogRead {
  readonly before: FoldedLog;
  readonly #crypto: Cryptography;
  #bundles: Frontier;
  #tail: readonly Uint8Array[] = [];
  lastAtMs: number;

  constructor(before: FoldedLog, crypto: Cryptography) {
    this.before = before;
    this.#crypto = crypto;
    this.#bundles = before.bundles;
    this.lastAtMs = before.lastAtMs;
  }

  take({ bundleRoots, tailHashes, atMsMax }: BundleResult): void {
    this.#bundles = extendFrontier(this.#bundles, hashesIn(bundleRoots), this.#crypto);
    this.#tail = hashesIn(tailHashes);
    this.lastAtMs = Math.max(this.lastAtMs, atMsMax);
  }

  folded(size: number): FoldedLog {
    const { origin } = this.before;
    return { origin, size, bundles: this.#bundles, lastAtMs: this.lastAtMs };
  }

  /** The root of the log's tree: that of the bundles, with the leaves of the last one below it. */
  root(): Uint8Array {
    const tail = extendFrontier(emptyFrontier, this.#tail, this.#crypto);
    const size = this.#bundles.size * 256 + tail.size;
    const hashes = [...this.#bundles.hashes, ...tail.hashes];
    return frontierRoot({ size, hashes }, this.#crypto);
  }
}

function hashesIn(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length / 32 }, (_, place) =>
    bytes.slice(place * 32, place * 32 + 32),
  );
}
