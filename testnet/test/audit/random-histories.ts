/**
 * Random histories of one label, mostly dishonest: strangers sign, clocks go back, members log what no
 * honest member would, charters change who counts. A seed gives the same history always. What they are
 * for is to find where two implementations of the fold differ.
 */
import { encodeLeaf } from '@callbook/protocol';
import type { Entry, LeafRole } from '@callbook/protocol';
import { originOf, startMs } from '../../../packages/protocol/test/make-vectors/charter-base.ts';
import { SeededRandom } from '../../src/simulation/seeded-random.ts';
import type { CharterChain } from './charter-chains.ts';
import { label } from './entry-pool.ts';
import type { Claim, EntryPool, PoolEntry } from './entry-pool.ts';

/** A history in the shape of the vectors of the fold. */
export interface History {
  readonly charters: readonly string[];
  /** Leaves of whole logs by origin, in hexadecimal. */
  readonly logs: Readonly<Record<string, readonly string[]>>;
  /** 32 bytes in hexadecimal. */
  readonly label: string;
}

/** What histories are made of. */
export interface Materials {
  readonly pool: EntryPool;
  readonly chains: readonly CharterChain[];
}

interface Step {
  readonly of: PoolEntry;
  readonly atMs: number;
  /** Whether all members log it, in roles that fit. */
  readonly honest: boolean;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const days = [0, 0, 1, 2, 3, 4, 6, 7, 8, 11, 14, 15, 21, 22, 30] as const;
/** The holds and pauses of these charters. */
const holdsMs = [hourMs, dayMs, 3 * dayMs, 4 * dayMs, 7 * dayMs] as const;
/** Around a limit: below, at, above. */
const aroundMs = [-1, 0, 0, 1, 5 * minuteMs] as const;
const skewsMs = [0, 0, 0, 1, 5 * minuteMs, 10 * minuteMs, 10 * minuteMs + 1] as const;
const allRoles: readonly LeafRole[] = ['received', 'challenged', 'witnessed'];

/** The history of a seed. */
export function randomHistory(seed: number, { pool, chains }: Materials): History {
  const random = new SeededRandom(`history ${seed}`);
  const chain = random.pick(chains);
  const steps: Step[] = [
    { of: random.pick(pool.openings), atMs: 0, honest: random.chance(0.9) },
    ...Array.from({ length: random.below(4) }, () => plotOf(pool, random)).flat(),
    ...Array.from({ length: random.below(12) }, () => ({
      of: random.pick(pool.all),
      atMs: random.pick(days) * dayMs + random.pick(aroundMs),
      honest: random.chance(0.7),
    })),
  ];
  if (random.chance(0.9)) steps.sort((a, b) => a.atMs - b.atMs);
  const logs = Object.fromEntries(chain.names.map((name) => [originOf(name), [] as string[]]));
  for (const step of steps) logStep(step, { chain, logs, random });
  return { charters: chain.notes, logs, label: label.toHex() };
}

/** Entries that belong together, about as far apart as the rules want. */
function plotOf(pool: EntryPool, random: SeededRandom): Step[] {
  const claims = random.chance(0.7) ? pool.claims : pool.laterClaims;
  const fromMs = random.pick(days) * dayMs + random.pick(aroundMs);
  switch (random.below(3)) {
    case 0:
      return claimSteps(random.pick(claims), fromMs, random);
    case 1: {
      // A thief rotates, perhaps several times; the recovery key from before may still ask.
      const gapMs = random.pick(holdsMs) + random.pick(aroundMs);
      const rotates = pool.rotates.slice(0, 4).map((of, place) => ({
        of,
        atMs: fromMs + place * random.pick([0, hourMs, gapMs]),
        honest: random.chance(0.8),
      }));
      const claim = random.pick(pool.claims.slice(4));
      return [...rotates, ...claimSteps(claim, fromMs + gapMs, random)];
    }
    default: {
      // Somebody who passes the challenges asks again and again, and is vetoed by key alone.
      const gapsMs = [
        0,
        random.pick([1, 10]) * dayMs,
        21 * dayMs + random.pick(aroundMs),
        22 * dayMs,
      ];
      return gapsMs.flatMap((gapMs, place) =>
        claimSteps(claims[place]!, fromMs + gapMs, random, place < 3 ? 0.9 : 0.5),
      );
    }
  }
}

function claimSteps(
  { request, vetoes, commit }: Claim,
  fromMs: number,
  random: SeededRandom,
  vetoed = 0.4,
): Step[] {
  const holdMs = random.pick(holdsMs);
  const steps = [{ of: request, atMs: fromMs, honest: random.chance(0.9) }];
  if (random.chance(vetoed)) {
    const atMs = fromMs + random.pick([0, hourMs, holdMs + random.pick(aroundMs)]);
    steps.push({ of: vetoes[random.below(3)]!, atMs, honest: random.chance(0.9) });
  }
  const atMs = fromMs + holdMs + random.pick(aroundMs);
  steps.push({ of: commit, atMs, honest: random.chance(0.9) });
  if (random.chance(0.3)) steps.push({ of: commit, atMs: atMs + dayMs, honest: true });
  return steps;
}

interface Writing {
  readonly chain: CharterChain;
  readonly logs: Record<string, string[]>;
  readonly random: SeededRandom;
}

function logStep({ of, atMs, honest }: Step, { chain, logs, random }: Writing): void {
  for (const [place, name] of chain.names.entries()) {
    if (!honest && random.chance(0.4)) continue;
    const at = startMs + Math.max(0, atMs) + (honest ? random.below(3) : random.pick(skewsMs));
    const inForce = chain.effectiveAtMs.findLastIndex((effectiveAtMs) => at >= effectiveAtMs);
    const named = random.chance(0.9) ? inForce : random.below(chain.hashes.length);
    const role = honest ? roleOf(of.entry.kind, place, random) : random.pick(allRoles);
    const charter = chain.hashes[named]!;
    logs[originOf(name)]!.push(encodeLeaf({ v: 1, at, charter, role, entry: of.bytes }).toHex());
  }
}

function roleOf(kind: Entry['kind'], place: number, random: SeededRandom): LeafRole {
  if (kind === 'update') return 'received';
  if (kind === 'rotate' || kind === 'release') return place === 0 ? 'received' : 'witnessed';
  if (kind === 'veto') return random.chance(0.2) ? 'challenged' : 'received';
  return place < 2 ? 'challenged' : 'witnessed';
}
