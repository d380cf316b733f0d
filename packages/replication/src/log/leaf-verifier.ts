/**
 * Verifying the entries of many leaves in other threads, as a port: whoever runs a member may do this while it
 * is far behind. They begin with the first leaf of a stretch, the own thread, when it would wait for them,
 * with the last, and both end where they meet: so no core is idle, however the work is shared. What is
 * found decides which leaves count, so only leaves found good are believed; all others are verified again
 * here. A verifier that fails makes things slower and nothing else.
 */
import type { Cryptography } from '@callbook/protocol';
import { parseLeaf, verifyEntry } from '@callbook/protocol';

import type { Scheduler } from '../scheduler.ts';

export interface LeafVerifier {
  /**
   * Takes leaves from the first on and says of each what `leafVerifies` does. Resolves when none is left to be taken;
   * rejects when it cannot go on.
   */
  verify(leaves: readonly Uint8Array[], verdicts: LeafVerdicts): Promise<void>;
}

const untaken = 0;
const taken = 1;
const good = 2;

/** Who has which leaf of a stretch, and what was found, in memory that threads share. */
export class LeafVerdicts {
  readonly shared: SharedArrayBuffer;
  /** A byte a leaf. */
  readonly #states: Uint8Array;

  /** Of so many leaves of which nobody has one, or of a stretch that another thread shares. */
  constructor(of: number | SharedArrayBuffer) {
    this.shared = typeof of === 'number' ? new SharedArrayBuffer(of) : of;
    this.#states = new Uint8Array(this.shared);
  }

  /** True for the first who asks. */
  take(place: number): boolean {
    return Atomics.compareExchange(this.#states, place, untaken, taken) === untaken;
  }

  /** By who has taken the leaf, and has found it good. */
  sayGood(place: number): void {
    Atomics.store(this.#states, place, good);
  }

  isGood(place: number): boolean {
    return Atomics.load(this.#states, place) === good;
  }
}

/** Tells whether a leaf is well formed and has an entry of which all signatures verify that can alone. */
export function leafVerifies(leafBytes: Uint8Array, crypto: Cryptography): boolean {
  const leaf = parseLeaf(leafBytes);
  if (leaf.verdict !== 'accept' || leaf.value.entry === undefined) return false;
  return verifyEntry(leaf.value.entry, crypto).verdict === 'accept';
}

/** A stretch that other threads are at. */
export interface StretchVerification {
  readonly verdicts: LeafVerdicts;
  /** Never rejects. */
  readonly ended: Promise<void>;
}

/** Begins at once. */
export function beginVerification(
  verifier: LeafVerifier,
  leaves: readonly Uint8Array[],
): StretchVerification {
  const verdicts = new LeafVerdicts(leaves.length);
  // What it leaves without a verdict the own thread verifies.
  const ended = verifier.verify(leaves, verdicts).catch(() => undefined);
  return { verdicts, ended };
}

/** What the own thread verifies with: it may know of an entry that it has passed before. */
interface OwnThread {
  readonly verifies: (leafBytes: Uint8Array) => boolean;
  readonly scheduler: Scheduler;
}

/** So many leaves take the thread for less than a millisecond. */
const turnLeaves = 8;

/** Verifies from the last leaf on until the others are met, and returns what all have found. */
export async function meetVerifier(
  { verdicts, ended }: StretchVerification,
  leaves: readonly Uint8Array[],
  { verifies, scheduler }: OwnThread,
): Promise<LeafVerdicts> {
  let place = leaves.length - 1;
  for (; place >= 0 && verdicts.take(place); place -= 1) {
    if (verifies(leaves[place]!)) verdicts.sayGood(place);
    if (place % turnLeaves === 0) await scheduler.yield();
  }
  // Others may not have begun, and then there is nothing to wait for.
  if (place >= 0) await ended;
  return verdicts;
}
