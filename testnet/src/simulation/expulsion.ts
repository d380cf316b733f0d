/**
 * A charter that expels liars, each at the newest state of its log that a quorum has cosigned: what
 * people do about a liar whose log holds others up. All sign, as in `governance.ts`.
 */
import type { Charter, CharterMember, CharterSet, LogState } from '@callbook/protocol';
import { encodeCharter, extendCharterSet, signNote } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { agreedState, emptyLog, originOf } from './governance.ts';
import { startsAtMs } from './simulated-clock.ts';
import type { SimulatedFederation } from './simulated-federation.ts';
import type { SimulatedMember } from './simulated-member.ts';
import type { World } from './world.ts';

export interface ExpulsionParts {
  readonly world: World;
  readonly federation: SimulatedFederation;
  /** Those that are signed. */
  readonly charters: CharterSet;
  /** Honest members. */
  readonly members: readonly SimulatedMember[];
  /** Logs of the liars. */
  readonly origins: readonly string[];
}

const leadMs = 2000;

/** Signs a charter that expels the liars; returns the chain with it. */
export function expel(parts: ExpulsionParts): CharterSet {
  const { charters, federation, origins, world } = parts;
  const { charter, hash } = charters.current;
  const members = charter.members.map((member): CharterMember => {
    const origin = originOf(member);
    if (!origins.includes(origin)) return member;
    return { ...member, state: 'expelled', cutoff: newestAgreed(origin, parts) };
  });
  const next: Charter = {
    ...charter,
    version: charter.version + 1,
    previous: hash.toHex(),
    effectiveAtMs: startsAtMs + world.wallMs + leadMs,
    members,
    logs: members.map((member) => {
      const origin = originOf(member);
      return { origin, ...(member.cutoff ?? newestAgreed(origin, parts)) };
    }),
  };
  const everybody = [...federation.members, federation.newcomer.secrets];
  const signers = everybody
    .filter(({ name }) => members.some((member) => member.name === name))
    .map(({ governor }) => governor);
  const longer = extendCharterSet(charters, signNote(encodeCharter(next), signers), crypto);
  if (longer.verdict !== 'accept') throw new Error(`charter that expels: ${longer.code}`);
  world.note('governance', `expels ${origins.join(', ')}`);
  return longer.value;
}

/** The largest state of a log that any honest member knows a quorum's signatures of. */
function newestAgreed(origin: string, { members }: ExpulsionParts): LogState {
  const states = members.flatMap(({ engine }) => {
    const state = engine && agreedState(engine.replica, origin);
    return state === undefined ? [] : [state];
  });
  return states.reduce((newest, state) => (state.size > newest.size ? state : newest), emptyLog);
}
