/**
 * What a seed stands for: how many members, which faults exist and how hard they are. Each kind of
 * fault is there in some seeds and not in others, since faults can hide each other.
 */
import type { Charter } from '@callbook/protocol';
import { drawCharterPlan } from './charter-plan.ts';
import type { CharterPlan } from './charter-plan.ts';
import { calm } from './network-conditions.ts';
import { liarFaults } from './liar-faults.ts';
import type { LiarFault } from './liar-faults.ts';
import type { NetworkConditions } from './network-conditions.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface Scenario {
  readonly memberCount: number;
  /** f of the charter. */
  readonly faults: number;
  readonly identifiers: number;
  readonly claimantsEach: number;
  readonly safetyMs: number;
  readonly network: NetworkConditions;
  /** Mean time between two of them; undefined where there are none. */
  readonly everyMs: {
    readonly cut?: number;
    readonly crash?: number;
    readonly freeze?: number;
    readonly clockStep?: number;
    readonly leap?: number;
  };
  /** Probability that a durable batch fails. */
  readonly diskFaultProbability: number;
  /** Own clocks are off by up to this much, either way. */
  readonly skewMsMax: number;
  /** Clocks run fast or slow by up to this fraction. */
  readonly driftMax: number;
  readonly holds: Charter['holds'];
  /** True when claimants try to replace holders. */
  readonly replaces: boolean;
  /** The last members of the charter, and what each of them does. */
  readonly liars: readonly (readonly LiarFault[])[];
  /** What the members decide in the middle of the run; undefined where they decide nothing. */
  readonly charter: CharterPlan | undefined;
}

const minuteMs = 60_000;

/** Draws the scenario of a seed. */
export function drawScenario(random: SeededRandom, memberCount?: number): Scenario {
  const count = memberCount ?? random.pick([3, 3, 4, 4, 5]);
  const faults = Math.floor((count - 1) / 3);
  const sometimes = (least: number, most: number): number | undefined =>
    random.chance(0.6) ? random.between(least, most) : undefined;
  const everyMs = {
    cut: sometimes(1000, 15_000),
    crash: sometimes(2000, 20_000),
    freeze: sometimes(4000, 20_000),
    clockStep: sometimes(3000, 20_000),
    leap: sometimes(5000, 20_000),
  };
  const charter = drawCharterPlan(random.branch('charter'));
  const drawn = {
    memberCount: count,
    faults,
    identifiers: random.between(1, 4),
    claimantsEach: random.between(1, 3),
    safetyMs: random.between(8000, 30_000),
    network: drawNetwork(random),
    everyMs: defined(everyMs),
    diskFaultProbability: random.chance(0.5) ? random.pick([0.01, 0.03, 0.1]) : 0,
    skewMsMax: random.pick([0, 2000, minuteMs, 5 * minuteMs, 10 * minuteMs]),
    driftMax: random.pick([0, 1e-5, 1e-3, 1e-2]),
    holds: drawHolds(random),
    replaces: random.chance(0.5),
    liars: drawLiars(random, { faults, count }),
  };
  const spoils = (liar: readonly LiarFault[]): LiarFault[] => [...liar, 'spoils drafts'];
  const liars = charter?.isSpoilt === true ? drawn.liars.map(spoils) : drawn.liars;
  return { ...drawn, liars, charter };
}

/**
 * No liars, as many as the charter tolerates, or now and then one more: then nothing is promised to
 * holders, but honest members still agree, and still find out who lies.
 */
function drawLiars(
  random: SeededRandom,
  { faults, count }: { readonly faults: number; readonly count: number },
): LiarFault[][] {
  const tooMany = random.chance(0.15) && count - faults - 1 >= 2;
  const most = tooMany ? faults + 1 : faults;
  if (most === 0 || random.chance(0.3)) return [];
  const liars = tooMany ? most : random.between(1, most);
  return Array.from({ length: liars }, () =>
    random.shuffled(liarFaults).slice(0, random.pick([1, 1, 2, 3])),
  );
}

function drawNetwork(random: SeededRandom): NetworkConditions {
  if (random.chance(0.2)) return calm;
  return {
    delayMsMin: random.pick([0, 1, 20]),
    delayMsMax: random.pick([30, 100, 500]),
    lateProbability: random.pick([0, 0.01, 0.1]),
    lossProbability: random.pick([0, 0.05, 0.5, 1]),
    duplicateProbability: random.pick([0, 0.01, 0.3]),
    breakProbability: random.pick([0, 0.001, 0.02]),
  };
}

/** Short, so that a run sees pauses begin and end. */
function drawHolds(random: SeededRandom): Charter['holds'] {
  const releaseMs = random.pick([0, 2000, 10_000, 3 * minuteMs]);
  return {
    recoveryMs: 10_000,
    emailMs: 20_000,
    possessionMs: 30_000,
    lockedMs: Math.max(releaseMs, 60_000),
    releaseMs,
    unlockMs: 60_000,
    emailChangeMs: 30_000,
    theftMs: 30_000,
    noticeMs: 0,
  };
}

function defined<T extends object>(value: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: NonNullable<T[K]> };
}
