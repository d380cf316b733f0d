/**
 * At the end every identifier has a holder who can act, or somebody can register it. Where a liar's
 * log is not the same at all honest members, an entry that needs its leaf may be complete at one of
 * them and not at another; what then helps is a charter that says where that log ends. So, once, it is
 * expelled; after that nothing may be stuck any more.
 */
import type { Holder } from './holder.ts';
import { leavesOf } from './stored-leaves.ts';
import type { SimulatedMember } from './simulated-member.ts';
import type { World } from './world.ts';

/** A claim that nobody else disputes is complete within this time. */
const claimMsMax = 90_000;
const retryMs = 250;

export interface LivenessParts {
  readonly world: World;
  /** Holders of each identifier. */
  readonly claims: readonly (readonly Holder[])[];
  /** Expels the liars whose logs divide honest members; false when none does. */
  readonly expel: () => Promise<boolean>;
}

/** Ends with a violation, or when every identifier was updated or registered. */
export async function assertLive({ world, claims, expel }: LivenessParts): Promise<void> {
  for (const holders of claims) {
    if (await isLive(holders, world)) continue;
    if (!(await expel())) {
      return world.violate('liveness', 'an identifier can be neither claimed nor changed');
    }
    return assertLive({ world, claims, expel: () => Promise.resolve(false) });
  }
}

async function isLive(holders: readonly Holder[], world: World): Promise<boolean> {
  const deadlineMs = world.elapsedMs + claimMsMax;
  while (!(await holderActs(holders))) {
    if (world.elapsedMs > deadlineMs) return false;
    await world.sleep(retryMs, 'script');
  }
  return true;
}

/** One of them updates the binding, or else claims the identifier. */
async function holderActs(holders: readonly Holder[]): Promise<boolean> {
  for (const holder of holders) {
    if (holder.recall() !== undefined && (await holder.update())) return true;
  }
  for (const holder of holders) if (await holder.claim()) return true;
  return false;
}

/** True when honest members have different leaves of a log. */
export function isDivided(origin: string, members: readonly SimulatedMember[]): boolean {
  const copies = members.flatMap(({ engine }) => {
    if (engine === undefined) return [];
    const { replica } = engine;
    const size = replica.logSizes().find((log) => log.origin === origin)?.size ?? 0;
    return [
      leavesOf(replica, origin, size)
        .map((leaf) => leaf.toHex())
        .join(),
    ];
  });
  return new Set(copies).size > 1;
}
