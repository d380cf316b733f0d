/** What the members of a simulated federation decide in the middle of a run, and when. */
import type { SeededRandom } from './seeded-random.ts';

const charterChanges = ['parameter', 'readonly', 'expels', 'joins'] as const;

export interface CharterPlan {
  readonly change: (typeof charterChanges)[number];
  /** The next charter is signed so long after the beginning. */
  readonly signedAfterMs: number;
  /** It takes effect so long after it was signed, by a clock that is right. */
  readonly leadMs: number;
  /** True when liars send hostile changes of the draft. */
  readonly isSpoilt: boolean;
}

const plannedProbability = 0.3;

/** Draws whether there is a next charter, and what changes. */
export function drawCharterPlan(random: SeededRandom): CharterPlan | undefined {
  if (!random.chance(plannedProbability)) return undefined;
  return {
    change: random.pick(charterChanges),
    signedAfterMs: random.between(2000, 12_000),
    leadMs: random.pick([0, 500, 4000]),
    isSpoilt: random.chance(0.7),
  };
}
