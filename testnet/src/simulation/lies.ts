/**
 * Which liars must be known by now. Honest members hold copies of every log; where these copies, put
 * together, show what no honest member writes, every one of them has to hold evidence of it.
 */
import { bytesEqual, entryId, parseLeaf, verifyEntry } from '@callbook/protocol';
import type { Entry } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import type { SimulatedMember } from './simulated-member.ts';
import { storedLeaves } from './stored-leaves.ts';

const competitorWaitMs = 30 * 60_000;

/** Returns, in words, each liar that the stored logs prove and some honest member has not convicted. */
export function unconvicted(
  liars: readonly { readonly origin: string }[],
  members: readonly SimulatedMember[],
): string[] {
  return liars.flatMap(({ origin }) => {
    const running = members.filter(({ engine }) => engine !== undefined);
    const copies = running.map(({ engine }) => storedLeaves(engine!.replica, origin));
    const lie = lieIn(copies);
    if (lie === undefined) return [];
    return running
      .filter(({ engine }) => !engine!.replica.frozen(origin))
      .map(({ name }) => `${name} has not convicted ${origin} (${lie})`);
  });
}

function lieIn(copies: readonly (readonly Uint8Array[])[]): string | undefined {
  if (isForked(copies)) return 'forked';
  for (const leaves of copies) {
    if (goesBack(leaves)) return 'time goes back';
    if (hasBothOfSlot(leaves)) return 'both of a slot';
  }
  return undefined;
}

function isForked(copies: readonly (readonly Uint8Array[])[]): boolean {
  const [first = [], ...others] = copies.toSorted((a, b) => b.length - a.length);
  return others.some((leaves) => leaves.some((leaf, index) => !bytesEqual(leaf, first[index]!)));
}

function goesBack(leaves: readonly Uint8Array[]): boolean {
  const times = leaves.map((leaf) => parseLeaf(leaf)).filter(({ verdict }) => verdict === 'accept');
  return times.some((leaf, place) => {
    const before = times[place - 1];
    if (leaf.verdict !== 'accept' || before?.verdict !== 'accept') return false;
    return leaf.value.at < before.value.at;
  });
}

interface Vouched {
  readonly entry: Entry;
  readonly entryId: Uint8Array;
  readonly at: number;
}

/** Looks at registers and commits only: of a rotate that fits nothing nobody keeps a trace. */
function hasBothOfSlot(leaves: readonly Uint8Array[]): boolean {
  const vouched = leaves.flatMap(vouchedIn);
  return vouched.some((one, place) =>
    vouched.slice(place + 1).some((other) => {
      const isOneSlot =
        bytesEqual(one.entry.label, other.entry.label) && one.entry.epoch === other.entry.epoch;
      if (!isOneSlot || bytesEqual(one.entryId, other.entryId)) return false;
      return Math.abs(one.at - other.at) < competitorWaitMs;
    }),
  );
}

function vouchedIn(leafBytes: Uint8Array): Vouched[] {
  const leaf = parseLeaf(leafBytes);
  if (leaf.verdict !== 'accept' || leaf.value.entry === undefined) return [];
  const { at, entry: entryBytes } = leaf.value;
  const entry = verifyEntry(entryBytes, crypto);
  if (entry.verdict !== 'accept' || entry.value.epoch !== 0) return [];
  if (entry.value.kind !== 'register') return [];
  return [{ at, entry: entry.value, entryId: entryId(entryBytes, crypto) }];
}
