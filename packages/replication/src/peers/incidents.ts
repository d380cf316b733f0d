/** Rules that members have broken: each counts for the member's score and is told to who listens. */
import type { Clock, VerdictCode } from '@callbook/protocol';

import { Listeners } from '../listeners.ts';
import { PeerScores } from './peer-scores.ts';

/** A member has broken a rule, or sent what breaks one. */
export interface MeshIncident {
  readonly memberName: string;
  readonly code: VerdictCode;
  /** Points of the member's score after it: what it broke of late, at most 32. */
  readonly score: number;
}

export class Incidents {
  readonly scores: PeerScores;
  readonly #listeners = new Listeners<MeshIncident>();

  constructor(clock: Clock) {
    this.scores = new PeerScores(clock);
  }

  /** Counts a broken rule and tells of it. */
  readonly report = (memberName: string, code: VerdictCode): void => {
    const score = this.scores.add(memberName, code);
    this.#listeners.tell({ memberName, code, score });
  };

  onIncident(listener: (incident: MeshIncident) => void): () => void {
    return this.#listeners.add(listener);
  }
}
