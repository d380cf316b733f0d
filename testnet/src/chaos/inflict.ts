/** Lets the faults of a plan happen to the members, each at its time. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Calm } from './calm.ts';
import type { ChaosMembers } from './chaos-members.ts';
import type { Fault, PlannedFault } from './fault-plan.ts';
import type { SmallDisk } from './small-disk.ts';

export interface Stage {
  readonly members: ChaosMembers;
  readonly names: readonly string[];
  /** By the names of the members that have one. */
  readonly disks: ReadonlyMap<string, SmallDisk>;
  readonly calm: Calm;
  readonly say: (line: string) => void;
}

/** Lets every fault happen at its time; those under way go on while the next begins. */
export async function inflict(plan: readonly PlannedFault[], stage: Stage): Promise<void> {
  const startedMs = Date.now();
  const underWay: Promise<void>[] = [];
  const failed = Promise.withResolvers<never>();
  for (const planned of plan) {
    await Promise.race([sleep(Math.max(0, startedMs + planned.atMs - Date.now())), failed.promise]);
    stage.say(describeFault(planned));
    const one = inflictOne(planned, stage);
    one.catch(failed.reject);
    underWay.push(one);
  }
  await Promise.all(underWay);
}

async function inflictOne(planned: PlannedFault, stage: Stage): Promise<void> {
  const { fault, lengthMs } = planned;
  // With a clock that is wrong a member owes everything it owes with one that is right.
  if (fault.kind === 'clock') {
    return await stage.members.moveClock(fault.member, fault.offMs, lengthMs);
  }
  await stage.calm.disturbed(async () => await disturb({ ...planned, fault }, stage));
}

type Disturbance = Exclude<Fault, { readonly kind: 'clock' }>;

async function disturb(
  { fault, lengthMs }: PlannedFault & { readonly fault: Disturbance },
  { members, names, disks }: Stage,
): Promise<void> {
  switch (fault.kind) {
    case 'kill':
      return await members.kill(fault.member, lengthMs);
    case 'freeze':
      return await members.freeze(fault.member, lengthMs);
    case 'fill-disk':
      return await members.fillDisk(fault.member, disks.get(fault.member)!);
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

export function describeFault({ fault, lengthMs }: PlannedFault): string {
  const whom = fault.kind === 'partition' ? fault.side.join(' and ') : fault.member;
  const how = fault.kind === 'clock' ? ` by ${Math.round(fault.offMs / 1000)} s` : '';
  return `${fault.kind} ${whom}${how} for ${(lengthMs / 1000).toFixed(1)} s`;
}

/** How many there are of each kind that there is. */
export function countKinds(plan: readonly PlannedFault[]): Record<string, number> {
  const groups = Map.groupBy(plan, ({ fault }) => fault.kind);
  return Object.fromEntries([...groups].map(([kind, { length }]) => [kind, length]));
}
