/**
 * What chaos and soak have in common: five members that are founded, put under load and under the faults of a
 * plan, healed, and checked. Each run has its own plan, its own load, and may ask more alongside.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setDefaultCACertificates } from 'node:tls';
import { foundTestnet } from '../founding.ts';
import { freePortBase } from '../free-ports.ts';
import { layOut } from '../layout.ts';
import type { TestnetLayout } from '../layout.ts';
import type { SeededRandom } from '../simulation/seeded-random.ts';
import { Calm } from './calm.ts';
import { ChaosMembers } from './chaos-members.ts';
import type { PlannedFault } from './fault-plan.ts';
import { checkHealed } from './final-checks.ts';
import { History } from './history.ts';
import { inflict } from './inflict.ts';
import { Ledger } from './ledger.ts';
import { Load } from './load.ts';
import type { LoadShape } from './load.ts';
import { SmallDisk } from './small-disk.ts';

export interface FaultRunOptions {
  /** Everything that chance decides follows from it. */
  readonly random: SeededRandom;
  /** Folder of the federation, empty. */
  readonly folder: string;
  readonly load: LoadShape;
  /** How many members, chosen by chance, have a disk that can be filled. */
  readonly smallDiskCount: number;
  readonly plan: (of: {
    readonly members: readonly string[];
    readonly smallDisks: readonly string[];
    readonly random: SeededRandom;
  }) => readonly PlannedFault[];
  readonly say: (line: string) => void;
  /** Changes what has been founded, before the members start. */
  readonly onFounded?: (layout: TestnetLayout) => Promise<void>;
  /** Whatever runs from the start of the load until the faults are over and healed. */
  readonly alongside?: (run: RunningMembers) => AsyncDisposable;
}

/** The members of a run while it lasts. */
export interface RunningMembers {
  readonly layout: TestnetLayout;
  readonly charterNote: string;
  readonly ledger: Ledger;
  readonly history: History;
  readonly load: Load;
  readonly members: ChaosMembers;
  readonly plan: readonly PlannedFault[];
}

export type FaultRunOutcome = Ledger['counts'] & {
  readonly leaves: number;
  readonly plan: readonly PlannedFault[];
};

export const memberCount = 5;
const drainMsMax = 120_000;

/** Runs to the end; throws at the end, or when it cannot go on, for what is not as it must be. */
export async function runUnderFaults(options: FaultRunOptions): Promise<FaultRunOutcome> {
  const { folder, random, say } = options;
  // Ports are not for the seed to choose: they are what is free.
  const layout = layOut({ folder, memberCount, portBase: await freePortBase(memberCount) });
  await using parts = new AsyncDisposableStack();
  say(`founding a federation of ${memberCount} in ${folder}`);
  await foundTestnet(layout);
  await options.onFounded?.(layout);
  await trustAuthority(layout);
  const small = random.shuffled(layout.members).slice(0, options.smallDiskCount);
  const disks = new Map<string, SmallDisk>();
  for (const member of small) {
    disks.set(member.name, parts.use(await SmallDisk.mount(join(member.folder, 'data'))));
  }
  const ledger = new Ledger((what) => say(`WRONG: ${what}`));
  const onCrash = (what: string): void => ledger.violate(what);
  const linked = { random: random.branch('links'), onCrash };
  const members = parts.use(await ChaosMembers.start(layout, linked));
  const charterNote = await readFile(layout.charterFile, 'utf8');
  const calm = new Calm();
  const history = new History(() => calm.sinceMs);
  const shared = { layout, charterNote, ledger, history };
  const load = new Load({ ...shared, random: random.branch('load'), shape: options.load });
  parts.defer(async () => await load.abandon());
  if (options.load.claimsFirst) await load.claimAll(drainMsMax);
  load.start();
  const names = layout.members.map(({ name }) => name);
  const smallDisks = small.map(({ name }) => name);
  const plan = options.plan({ members: names, smallDisks, random: random.branch('plan') });
  {
    await using during = new AsyncDisposableStack();
    if (options.alongside !== undefined) {
      during.use(options.alongside({ ...shared, load, members, plan }));
    }
    await inflict(plan, { members, names, disks, calm, say });
    say('healing');
    members.links.heal();
    await members.clocks.setAllRight();
    await members.settled();
    await members.untilReady();
  }
  await load.drain(drainMsMax);
  say('checking that the members agree and nothing is lost');
  const { leaves } = await checkHealed({ ...shared, holdings: load.holdings });
  const [first] = ledger.violations;
  if (first !== undefined) throw new Error(first);
  return { ...ledger.counts, leaves, plan };
}

/**
 * Trusts the testnet's authority alone: each try to connect parses all that are trusted, which with those of the
 * world takes 20 ms and a megabyte, and members that are down are tried often.
 */
async function trustAuthority({ caFile }: TestnetLayout): Promise<void> {
  setDefaultCACertificates([await readFile(caFile, 'utf8')]);
}
