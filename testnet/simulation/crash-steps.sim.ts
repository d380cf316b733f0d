/** Every durable step of a short run fails once, in every way that it can, and nothing is lost. */
import { describe, expect, it } from 'vitest';
import { calm } from '../src/simulation/network-conditions.ts';
import type { Scenario } from '../src/simulation/scenario.ts';
import { diskFaults } from '../src/simulation/simulated-disk.ts';
import type { DiskFault } from '../src/simulation/simulated-disk.ts';
import { simulate } from '../src/simulation/simulation.ts';

const stepsMax = 16;

/** Three members, one holder, a network that works: only the disk of one member is bad. */
const quiet = (scenario: Scenario): Scenario => ({
  ...scenario,
  memberCount: 3,
  faults: 0,
  identifiers: 1,
  claimantsEach: 2,
  safetyMs: 12_000,
  network: calm,
  everyMs: {},
  diskFaultProbability: 0,
  skewMsMax: 0,
  driftMax: 0,
  liars: [],
});

describe.each(diskFaults)('a durable batch: $ends, persisted $persisted', (fault) => {
  it('loses nothing at any step', async () => {
    let reached = 0;
    for (let step = 1; step <= stepsMax; step++) {
      let isHit = false;
      const faultAt = (name: string, at: number): DiskFault | undefined => {
        if (name !== 'beta' || at !== step || isHit) return undefined;
        isHit = true;
        return fault;
      };
      const result = await simulate({ seed: 4242, adjust: quiet, faultAt });
      expect(result.violation, `step ${step}`).toBeUndefined();
      if (isHit) reached++;
    }
    expect(reached).toBeGreaterThan(5);
  }, 120_000);
});
