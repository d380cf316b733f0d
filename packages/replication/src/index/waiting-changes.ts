/**
 * Changes of the view that the index has not taken up yet, the newest of each label. A label that
 * changes often waits in its place: what lives for long and is replaced all the time is the most
 * expensive garbage.
 */
import type { Cryptography, IndexChange } from '@callbook/protocol';
import { bindingStateHash } from '@callbook/protocol';

import type { LabelState } from './label-states.ts';

interface WaitingChange {
  readonly label: Uint8Array;
  stateHash: IndexChange['stateHash'];
}

export class WaitingChanges {
  /** By the hexadecimal form of their labels. */
  #changes = new Map<string, WaitingChange>();

  get size(): number {
    return this.#changes.size;
  }

  /** Hashes at once: what waits should not keep the rows and leaves that states are views of. */
  note(states: readonly LabelState[], crypto: Cryptography): void {
    for (const { label, state } of states) {
      const stateHash = state === undefined ? null : bindingStateHash(state, crypto);
      const name = label.toHex();
      const waiting = this.#changes.get(name);
      if (waiting === undefined) this.#changes.set(name, { label: label.slice(), stateHash });
      else waiting.stateHash = stateHash;
    }
  }

  /** Takes all of them out. */
  take(): IndexChange[] {
    const taken = [...this.#changes.values()];
    this.#changes = new Map();
    return taken;
  }
}
