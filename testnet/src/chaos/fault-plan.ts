/**
 * Which faults befall whom in a run of chaos, and when: a pure function of the seed. The kinds come in turns, shuffled
 * anew each turn, so that a run of a minute has met every one of them. Faults overlap.
 */
import type { SeededRandom } from '../simulation/seeded-random.ts';

/** `severity` is 1 to 10. */
export type Fault =
  | { readonly kind: 'kill' | 'freeze' | 'fill-disk'; readonly member: string }
  | { readonly kind: 'slow' | 'lossy'; readonly member: string; readonly severity: number }
  | { readonly kind: 'partition'; readonly side: readonly string[] }
  /** The member's clock jumps so far, to and fro; below zero back. */
  | { readonly kind: 'clock'; readonly member: string; readonly offMs: number };

export interface PlannedFault {
  readonly atMs: number;
  readonly lengthMs: number;
  readonly fault: Fault;
}

export interface PlanOptions {
  readonly seconds: number;
  readonly members: readonly string[];
  /** Member whose disk can be filled, if any. */
  readonly smallDisk: string | undefined;
  readonly random: SeededRandom;
}

/** Clocks are for longer runs, where they can be wrong for a while. */
type Kind = Exclude<Fault['kind'], 'clock'>;

const firstAtMs = 1000;
const gapMsMin = 600;
const gapMsMax = 2500;
const lengthMsMin = 800;
const lengthMsMax = 5000;

/** Plans the faults of a run; the last ends with it. */
export function planFaults(options: PlanOptions): PlannedFault[] {
  const { seconds, smallDisk, random } = options;
  const kinds: readonly Kind[] = [
    'kill',
    'freeze',
    'slow',
    'lossy',
    'partition',
    ...(smallDisk === undefined ? [] : (['fill-disk'] as const)),
  ];
  const plan: PlannedFault[] = [];
  const endMs = seconds * 1000;
  let turn: Kind[] = [];
  for (let atMs = firstAtMs; atMs < endMs; atMs += random.between(gapMsMin, gapMsMax)) {
    if (turn.length === 0) turn = random.shuffled(kinds);
    const length = Math.min(random.between(lengthMsMin, lengthMsMax), endMs - atMs);
    plan.push({ atMs, lengthMs: length, fault: faultOf(turn.pop()!, options) });
  }
  return plan;
}

function faultOf(kind: Kind, { members, smallDisk, random }: PlanOptions): Fault {
  const member = random.pick(members);
  switch (kind) {
    case 'kill':
    case 'freeze':
      return { kind, member };
    case 'fill-disk':
      return { kind, member: smallDisk ?? member };
    case 'slow':
    case 'lossy':
      return { kind, member, severity: random.between(1, 10) };
    case 'partition': {
      const count = random.between(1, Math.floor(members.length / 2));
      return { kind, side: random.shuffled(members).slice(0, count) };
    }
  }
}
