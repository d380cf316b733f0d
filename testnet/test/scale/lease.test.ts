/** No order of crashes, pauses and partitions lets two processes sign for one log, or loses a receipt. */
import { describe, expect, it } from 'vitest';
import { foundFederation } from '../../../packages/replication/test/support/federation.ts';
import { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { LeaseWorld } from './lease-world.ts';

const isFull = process.env['CALLBOOK_FULL'] !== undefined;
const seedCount = isFull ? 2_000 : 30;
const federation = await foundFederation();

/** Sizes for which the member has signed two roots, and leaves that two receipts place at one index. */
function contradictions(world: LeaseWorld): string[] {
  const forked = [...world.signed].filter(([, roots]) => roots.size > 1);
  const leaves = new Map<number, Set<string>>();
  for (const { index, leaf } of world.receipted) {
    leaves.set(index, (leaves.get(index) ?? new Set()).add(leaf));
  }
  const doubled = [...leaves].filter(([, held]) => held.size > 1);
  return [
    ...forked.map(([size]) => `two roots for size ${size}`),
    ...doubled.map(([index]) => `two leaves at ${index}`),
  ];
}

async function play(seed: number, isUnfenced = false): Promise<LeaseWorld> {
  const random = new SeededRandom(`lease ${seed}`);
  const world = new LeaseWorld({ federation, random, processCount: 3, isUnfenced });
  await world.play(600);
  return world;
}

describe('three processes of one member', () => {
  it(`sign one root for one size, and keep every promise, in ${seedCount} orders`, async () => {
    let takenOver = 0;
    const ends = new Set<string>();
    for (let seed = 1; seed <= seedCount; seed++) {
      const world = await play(seed);
      expect(await world.settle(6, 5_000), `seed ${seed} goes on writing`).toBe(true);
      expect(contradictions(world), `seed ${seed}`).toEqual([]);
      takenOver += world.takenOver;
      for (const end of world.ends) ends.add(end);
    }
    // Otherwise nothing was tried.
    expect(takenOver).toBeGreaterThan(2 * seedCount);
    expect([...ends].filter((end) => !['lease_lost', 'replica_stopped'].includes(end))).toEqual([]);
  }, 1_200_000);

  it('would sign two roots if the ledger took what a former holder writes', async () => {
    const found: string[] = [];
    for (let seed = 1; seed <= seedCount && found.length === 0; seed++) {
      found.push(...contradictions(await play(seed, true)));
    }
    expect(found).not.toEqual([]);
  });
});
