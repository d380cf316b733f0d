/** Weather of one kind, much of it: what a seed of mixed weather meets only now and then. */
import { describe, expect, it } from 'vitest';
import type { Scenario } from '../src/simulation/scenario.ts';
import { simulate } from '../src/simulation/simulation.ts';

const minuteMs = 60_000;

const quickReleases: Scenario['holds'] = {
  recoveryMs: 10_000,
  emailMs: 20_000,
  possessionMs: 30_000,
  lockedMs: 60_000,
  releaseMs: 1000,
  unlockMs: 60_000,
  emailChangeMs: 30_000,
  theftMs: 30_000,
  noticeMs: 0,
};

const weathers: readonly (readonly [name: string, change: Partial<Scenario>])[] = [
  [
    'clocks that are set while a liar withholds its log',
    {
      memberCount: 4,
      faults: 1,
      liars: [['withholds']],
      everyMs: { clockStep: 1500 },
      skewMsMax: 10 * minuteMs,
    },
  ],
  [
    'disks that fail while releases end',
    { everyMs: {}, diskFaultProbability: 0.15, holds: quickReleases, liars: [] },
  ],
  [
    'crashes and cuts, and no gossip at all',
    {
      everyMs: { crash: 2000, cut: 2000 },
      network: {
        delayMsMin: 1,
        delayMsMax: 300,
        lateProbability: 0.05,
        lossProbability: 1,
        duplicateProbability: 0,
        breakProbability: 0.02,
      },
    },
  ],
];

describe.each(weathers)('%s', { timeout: 120_000 }, (_, change) => {
  it.each([1, 2, 3, 4, 5, 6])('breaks no invariant in seed %i', async (seed) => {
    const result = await simulate({ seed, adjust: (drawn) => ({ ...drawn, ...change }) });
    expect(result.violation, `SEED=${seed}`).toBeUndefined();
  });
});
