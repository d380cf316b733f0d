/**
 * Labels that this member has computed itself, with the proofs that it gave out. When the payload of a
 * claim brings one of them back, there is nothing to verify: that would cost as much as computing it.
 * Kept are digests, so that nobody's identifier stays in memory for this.
 */
import type { Cryptography, LabelClaim } from '@callbook/protocol';
import { utf8 } from '@callbook/protocol';

import { provenLabelsKeptMax } from '../limits.ts';

type ProvenLabel = Pick<LabelClaim, 'identifier' | 'label' | 'vrfProof'>;

export class ProvenLabels {
  readonly #crypto: Cryptography;
  /** Oldest first. */
  readonly #digests = new Set<string>();

  constructor(crypto: Cryptography) {
    this.#crypto = crypto;
  }

  /** Remembers what this member has computed, by the key in force. */
  note(proven: ProvenLabel): void {
    this.#digests.add(this.#digestOf(proven));
    if (this.#digests.size <= provenLabelsKeptMax) return;
    const [oldest] = this.#digests;
    this.#digests.delete(oldest!);
  }

  has(claim: ProvenLabel): boolean {
    return this.#digests.size > 0 && this.#digests.has(this.#digestOf(claim));
  }

  /** Label and proof have fixed lengths, so that no two claims have one digest. */
  #digestOf({ identifier, label, vrfProof }: ProvenLabel): string {
    return this.#crypto.sha256(label, vrfProof, utf8(identifier)).toBase64();
  }
}
