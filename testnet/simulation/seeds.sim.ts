/** Seeds of this commit, and those that once found something: none may break an invariant. */
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { runSeeds, seedsFrom } from '../src/simulation/run-seeds.ts';
import type { SeedResult } from '../src/simulation/seed-worker.ts';
import { knownSeeds } from './known-seeds.ts';

const seedsPerCommit = 150;
const minutesMax = 10;

async function play(seeds: Iterable<number>): Promise<SeedResult[]> {
  const results: SeedResult[] = [];
  const broken = await runSeeds({ seeds, onResult: (result) => results.push(result) });
  if (broken === undefined) return results;
  const { seed, traceTail, violation } = broken;
  const { invariant, message, atMs } = violation!;
  throw new Error(
    [...traceTail, `${invariant} after ${atMs} ms: ${message}`, `SEED=${seed}`].join('\n'),
  );
}

/** Other seeds for every commit; without git always the same. */
function firstSeed(): number {
  try {
    const head = execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' });
    return Number.parseInt(head.slice(0, 8), 16) * 1000;
  } catch {
    return 1_000_000;
  }
}

it(
  `keeps every invariant in ${seedsPerCommit} seeds of this commit`,
  async () => {
    const first = firstSeed();
    console.info(`simulation: seeds from ${first}`);
    const results = await play(seedsFrom(first, seedsPerCommit));
    expect(results).toHaveLength(seedsPerCommit);
    // Not vacuous: nearly every seed has receipts to keep.
    expect(results.filter(({ receipts }) => receipts > 0).length).toBeGreaterThan(100);
  },
  minutesMax * 60_000,
);

it('keeps every invariant in the seeds that once found something', async () => {
  expect(await play(knownSeeds)).toHaveLength(knownSeeds.length);
}, 180_000);
