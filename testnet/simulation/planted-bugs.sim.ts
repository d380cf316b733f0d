/** A simulator that finds nothing may be blind: each of these bugs, planted through a port, is found. */
import type { Store } from '@callbook/replication';
import { describe, expect, it } from 'vitest';
import { simulate } from '../src/simulation/simulation.ts';
import type { SimulationOptions, SimulationResult } from '../src/simulation/simulation.ts';

const seedsMax = 40;

async function findWith(planted: Partial<SimulationOptions>): Promise<SimulationResult> {
  for (let seed = 1; seed <= seedsMax; seed++) {
    const result = await simulate({ seed, ...planted });
    if (result.violation !== undefined) return result;
  }
  throw new Error(`not found in ${seedsMax} seeds`);
}

/** Says that a batch is on disk when it is not. */
const lyingAboutDurability = (store: Store): Store => ({
  ...store,
  batch: (changes) => store.batch(changes, { durable: false }),
});

/** Loses one row of larger batches: no batch is whole any more. */
const tearingBatches = (store: Store): Store => ({
  ...store,
  batch: (changes, options) =>
    store.batch(changes.length > 9 ? changes.slice(0, -1) : changes, options),
});

/** Gives rows of a range in the wrong order. */
const misorderingRanges = (store: Store): Store => ({
  ...store,
  range: async (range) => (await store.range(range)).reverse(),
});

describe('a planted bug', () => {
  it('is found: a store that lies about durability', async () => {
    const { violation } = await findWith({ wrapStore: lyingAboutDurability });
    expect(violation?.invariant).toMatch(/append-only|two roots|receipts|own log/);
  });

  it('is found: a store whose batches are not atomic', async () => {
    expect((await findWith({ wrapStore: tearingBatches })).violation).toBeDefined();
  });

  it('is found: a store that reads ranges backwards', async () => {
    expect((await findWith({ wrapStore: misorderingRanges })).violation).toBeDefined();
  });
});
