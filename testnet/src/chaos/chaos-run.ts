/**
 * One run: five members under load, faults by a seed, healing, and the checks at the end. Wherever
 * something is not as it must be, the run ends with an error.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { foundTestnet } from '../founding.ts';
import { freePortBase } from '../free-ports.ts';
import { layOut } from '../layout.ts';
import type { TestnetLayout } from '../layout.ts';
import { SeededRandom } from '../simulation/seeded-random.ts';
import { ChaosMembers } from './chaos-members.ts';
import { planFaults } from './fault-plan.ts';
import type { Fault, PlannedFault } from './fault-plan.ts';
import { checkHealed } from './final-checks.ts';
import { Ledger } from './ledger.ts';
import { Load } from './load.ts';
import { SmallDisk } from './small-disk.ts';

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

export type ChaosOutcome = Ledger['counts'] & {
  readonly faults: Readonly<Record<string, number>>;
  readonly leaves: number;
};

const memberCount = 5;
const holderCount = 15;
const drainMsMax = 60_000;

/** Runs to the end; throws at the first violation. */
export async function runChaos(options: ChaosOptions): Promise<ChaosOutcome> {
  const { seconds, folder, claimsUnderFaults, say } = options;
  const random = new SeededRandom(`chaos ${options.seed}`);
  // Ports are not for the seed to choose: they are what is free.
  const layout = layOut({ folder, memberCount, portBase: await freePortBase(memberCount) });
  await using parts = new AsyncDisposableStack();
  say(`founding a federation of ${memberCount} in ${folder}`);
  await foundTestnet(layout);
  await trustAuthority(layout);
  const small = random.pick(layout.members);
  const disk = parts.use(await SmallDisk.mount(join(small.folder, 'data')));
  const members = parts.use(await ChaosMembers.start(layout, random.branch('links')));
  const charterNote = await readFile(layout.charterFile, 'utf8');
  const ledger = new Ledger();
  const shared = { layout, charterNote, ledger };
  const load = new Load({ ...shared, random: random.branch('load'), holderCount });
  say(`${holderCount} holders write and look up; faults for ${seconds} s`);
  if (!claimsUnderFaults) await load.claimAll(drainMsMax);
  load.start();
  const names = layout.members.map(({ name }) => name);
  const planned = { seconds, members: names, smallDisk: small.name, random: random.branch('plan') };
  const plan = planFaults(planned);
  await inflict(plan, { members, names, disk, say });
  say('healing');
  members.links.heal();
  await members.settled();
  await members.untilReady();
  await load.drain(drainMsMax);
  say('checking that the members agree and nothing is lost');
  const { leaves } = await checkHealed({ ...shared, holdings: load.holdings });
  return { ...ledger.counts, leaves, faults: countKinds(plan) };
}

interface Stage {
  readonly members: ChaosMembers;
  readonly names: readonly string[];
  readonly disk: SmallDisk;
  readonly say: (line: string) => void;
}

/** Lets every fault happen at its time; those under way go on while the next begins. */
async function inflict(plan: readonly PlannedFault[], stage: Stage): Promise<void> {
  const startedMs = Date.now();
  const underWay: Promise<void>[] = [];
  const failed = Promise.withResolvers<never>();
  for (const planned of plan) {
    await Promise.race([sleep(Math.max(0, startedMs + planned.atMs - Date.now())), failed.promise]);
    stage.say(describe(planned));
    const one = inflictOne(planned, stage);
    one.catch(failed.reject);
    underWay.push(one);
  }
  await Promise.all(underWay);
}

async function inflictOne({ fault, lengthMs }: PlannedFault, stage: Stage): Promise<void> {
  const { members, names, disk } = stage;
  switch (fault.kind) {
    case 'kill':
      return await members.kill(fault.member, lengthMs);
    case 'freeze':
      return await members.freeze(fault.member, lengthMs);
    case 'fill-disk':
      return await members.fillDisk(fault.member, disk);
    case 'slow':
      members.links.shape([fault.member], names, { delayMs: 20 * fault.severity });
      await sleep(lengthMs);
      return members.links.shape([fault.member], names, {});
    case 'lossy': {
      const chances = { stallChance: fault.severity / 50, resetChance: fault.severity / 1000 };
      members.links.shape([fault.member], names, { ...chances, stallMsMax: 1000 });
      await sleep(lengthMs);
      return members.links.shape([fault.member], names, {});
    }
    case 'partition': {
      const others = names.filter((name) => !fault.side.includes(name));
      members.links.shape(fault.side, others, { cut: true });
      await sleep(lengthMs);
      return members.links.shape(fault.side, others, {});
    }
  }
}

function describe({ fault, lengthMs }: PlannedFault): string {
  const whom = fault.kind === 'partition' ? fault.side.join(' and ') : fault.member;
  return `${fault.kind} ${whom} for ${(lengthMs / 1000).toFixed(1)} s`;
}

function countKinds(plan: readonly PlannedFault[]): Record<Fault['kind'], number> {
  const count = (kind: Fault['kind']): number =>
    plan.filter(({ fault }) => fault.kind === kind).length;
  return {
    kill: count('kill'),
    freeze: count('freeze'),
    'fill-disk': count('fill-disk'),
    slow: count('slow'),
    lossy: count('lossy'),
    partition: count('partition'),
  };
}

async function trustAuthority({ caFile }: TestnetLayout): Promise<void> {
  setDefaultCACertificates([...getCACertificates('default'), await readFile(caFile, 'utf8')]);
}
