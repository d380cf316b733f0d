/**
 * Which faults befall whom in a soak, and when: a pure function of the seed. Kills, full disks and clocks
 * that jump come in turns, with calm between them in a longer run. In the first quarter every member may be
 * killed; from then on two live to the end, as a leak shows only in who lives long.
 */
import type { PlannedFault } from '../chaos/fault-plan.ts';
import type { SeededRandom } from '../simulation/seeded-random.ts';

export interface SoakPlanOptions {
  readonly seconds: number;
  readonly members: readonly string[];
  readonly random: SeededRandom;
}

const kinds = ['kill', 'fill-disk', 'clock'] as const;
const elderCount = 2;
/** Share of a run in which the elders are killed like everybody. */
const youth = 0.25;
const firstAtMs = 1000;
const gapMsMin = 8000;
const gapMsMax = 25_000;
/** A short run has gaps of these shares of it at most, so that it has all kinds. */
const gapShareMin = 1 / 14;
const gapShareMax = 1 / 8;
const downMsMin = 300;
const downMsMax = 6000;
/** Two members may be off to different sides: together at most what the protocol lets clocks be off. */
const offSecondsMin = 60;
const offSecondsMax = 280;
const offMsMin = 10_000;
const offMsMax = 90_000;

/** Plans the faults of a soak; none ends after it. */
export function planSoak({ seconds, members, random }: SoakPlanOptions): PlannedFault[] {
  const endMs = seconds * 1000;
  const elders = new Set(random.shuffled(members).slice(0, elderCount));
  const gapMs = (): number =>
    random.between(
      Math.floor(Math.min(gapMsMin, endMs * gapShareMin)),
      Math.floor(Math.min(gapMsMax, endMs * gapShareMax)),
    );
  const plan: PlannedFault[] = [];
  let turn: (typeof kinds)[number][] = [];
  for (let atMs = firstAtMs; atMs < endMs; atMs += gapMs()) {
    if (turn.length === 0) turn = random.shuffled(kinds);
    const kind = turn.pop()!;
    const leftMs = endMs - atMs;
    if (kind === 'clock') {
      const isOff = (name: string): boolean =>
        plan.some(
          ({ fault, atMs: from, lengthMs }) =>
            fault.kind === 'clock' && fault.member === name && from + lengthMs >= atMs,
        );
      const right = members.filter((name) => !isOff(name));
      if (right.length === 0) continue;
      const aheadMs = 1000 * random.between(offSecondsMin, offSecondsMax);
      const offMs = random.chance(0.5) ? aheadMs : -aheadMs;
      const lengthMs = Math.min(random.between(offMsMin, offMsMax), leftMs);
      plan.push({ atMs, lengthMs, fault: { kind, member: random.pick(right), offMs } });
      continue;
    }
    const mortal = members.filter((name) => atMs < endMs * youth || !elders.has(name));
    const lengthMs = kind === 'kill' ? Math.min(random.between(downMsMin, downMsMax), leftMs) : 0;
    plan.push({ atMs, lengthMs, fault: { kind, member: random.pick(mortal) } });
  }
  return plan;
}
