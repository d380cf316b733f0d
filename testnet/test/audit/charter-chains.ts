/** Chains of charters by which random histories are judged: who counts changes, and so do the holds. */
import type { Charter } from '@callbook/protocol';
import {
  charterText,
  dayMs,
  emptyRootText,
  foundingCharter,
  hashText,
  originOf,
  signedBy,
  startMs,
} from '../../../packages/protocol/test/make-vectors/charter-base.ts';
import { fixed32 } from '../../../packages/protocol/test/make-vectors/vector-case.ts';

export interface CharterChain {
  readonly notes: readonly string[];
  readonly hashes: readonly Uint8Array[];
  /** Of each charter; 0 for the first. */
  readonly effectiveAtMs: readonly number[];
  /** Names of the members. */
  readonly names: readonly string[];
}

interface Later {
  readonly atDays: number;
  /** Of all logs, as it records them. */
  readonly size: number;
  /** What becomes of the last member. */
  readonly state?: 'readonly' | 'expelled';
  readonly holds?: Partial<Charter['holds']>;
}

/** One charter, several, a member made read-only, one expelled, holds that shrink and grow. */
export function charterChains(): CharterChain[] {
  const shorter = { possessionMs: dayMs, theftMs: dayMs, unlockMs: dayMs, emailChangeMs: 0 };
  return [
    chainOf(3, 0),
    chainOf(1, 0),
    chainOf(4, 1),
    chainOf(5, 1, [{ atDays: 3, state: 'readonly', size: 2 }]),
    chainOf(5, 1, [{ atDays: 4, state: 'expelled', size: 3 }]),
    chainOf(3, 0, [
      { atDays: 3, size: 1, holds: shorter },
      { atDays: 8, size: 4, holds: { possessionMs: 4 * dayMs, releaseMs: dayMs } },
    ]),
    chainOf(5, 0, [{ atDays: 7, size: 5, state: 'readonly', holds: shorter }]),
  ];
}

function chainOf(count: number, faults: number, later: readonly Later[] = []): CharterChain {
  const charters = [foundingCharter(count, faults)];
  for (const change of later) charters.push(nextOf(charters.at(-1)!, change));
  const names = charters[0]!.members.map(({ name }) => name);
  const texts = charters.map((charter) => charterText(charter));
  return {
    notes: texts.map((text) => signedBy(text, names)),
    hashes: texts.map((text) => Uint8Array.fromHex(hashText(text))),
    effectiveAtMs: [0, ...charters.slice(1).map(({ effectiveAtMs }) => effectiveAtMs)],
    names,
  };
}

function nextOf(before: Charter, { atDays, size, state, holds }: Later): Charter {
  const tree = { size, root: size === 0 ? emptyRootText : fixed32('root').toBase64() };
  const members = before.members.map((member, place) => {
    if (place !== before.members.length - 1 || state === undefined) return member;
    return { ...member, state, ...(state === 'expelled' && { cutoff: tree }) };
  });
  return {
    ...before,
    version: before.version + 1,
    previous: hashText(charterText(before)),
    effectiveAtMs: startMs + atDays * dayMs,
    holds: { ...before.holds, ...holds },
    members,
    logs: members.map(({ name }) => ({ origin: originOf(name), ...tree })),
  };
}
