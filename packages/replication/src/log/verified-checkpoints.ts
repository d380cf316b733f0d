/**
 * Verifies checkpoints and remembers those that passed. A member sees each several times: with the batch
 * that the log sends, and in the receipt of every leaf below it that a claimant or a member shows.
 */
import type { Checkpoint, Cryptography, Verdict, VerifierKey } from '@callbook/protocol';
import { accept, bytesEqual, verifyCheckpoint } from '@callbook/protocol';

import { verifiedCheckpointsCachedMax } from '../limits.ts';

interface Passed {
  readonly checkpoint: Checkpoint;
  readonly logKey: VerifierKey;
}

export class VerifiedCheckpoints {
  readonly #crypto: Cryptography;
  /** Signed note → what it says, oldest first. */
  readonly #passed = new Map<string, Passed>();

  constructor(crypto: Cryptography) {
    this.#crypto = crypto;
  }

  /** As `verifyCheckpoint`. */
  verify(note: string, logKey: VerifierKey): Verdict<Checkpoint> {
    const passed = this.#passed.get(note);
    if (passed !== undefined && isSameKey(passed.logKey, logKey)) return accept(passed.checkpoint);
    const verdict = verifyCheckpoint(note, logKey, this.#crypto);
    if (verdict.verdict === 'accept') this.#remember(note, { checkpoint: verdict.value, logKey });
    return verdict;
  }

  #remember(note: string, passed: Passed): void {
    this.#passed.set(note, passed);
    if (this.#passed.size <= verifiedCheckpointsCachedMax) return;
    const [oldest] = this.#passed.keys();
    this.#passed.delete(oldest!);
  }
}

function isSameKey(a: VerifierKey, b: VerifierKey): boolean {
  if (a === b) return true;
  const isNamedAlike = a.name === b.name && a.algorithm === b.algorithm;
  return isNamedAlike && bytesEqual(a.publicKey, b.publicKey);
}
