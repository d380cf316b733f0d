/**
 * One run of chaos: faults close on each other, by a seed, under a load of writes. Wherever something is
 * not as it must be, the run ends with an error.
 */
import { SeededRandom } from '../simulation/seeded-random.ts';
import { planFaults } from './fault-plan.ts';
import { memberCount, runUnderFaults } from './fault-run.ts';
import type { FaultRunOutcome } from './fault-run.ts';
import { countKinds } from './inflict.ts';

export interface ChaosOptions {
  readonly seed: string;
  /** How long faults happen; starting, healing and checking come on top. */
  readonly seconds: number;
  /** Folder of the federation, empty. */
  readonly folder: string;
  /** True to let numbers be claimed while faults happen, and not before. */
  readonly claimsUnderFaults: boolean;
  readonly say: (line: string) => void;
}

export type ChaosOutcome = Omit<FaultRunOutcome, 'plan'> & {
  readonly faults: Readonly<Record<string, number>>;
};

const holderCount = 15;

/** Runs to the end; throws for what is not as it must be. */
export async function runChaos(options: ChaosOptions): Promise<ChaosOutcome> {
  const { seed, seconds, folder, claimsUnderFaults, say } = options;
  say(`${memberCount} members, ${holderCount} holders; faults for ${seconds} s`);
  const { plan, ...outcome } = await runUnderFaults({
    random: new SeededRandom(`chaos ${seed}`),
    folder,
    load: {
      holderCount,
      claimsFirst: !claimsUnderFaults,
      pauseMsMin: 10,
      pauseMsMax: 120,
      releaseChance: 0,
    },
    smallDiskCount: 1,
    plan: ({ members, smallDisks, random }) =>
      planFaults({ seconds, members, smallDisk: smallDisks[0], random }),
    say,
  });
  return { ...outcome, faults: countKinds(plan) };
}
