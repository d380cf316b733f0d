import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';

import type { CharterMember } from '../../src/charter/charter.ts';
import type { CharterSet, KnownCharter } from '../../src/fold/charter-set.ts';
import { entryTime } from '../../src/fold/entry-time.ts';
import { foldLabel } from '../../src/fold/fold-label.ts';
import { changesJudgement, judgeOf } from '../../src/fold/judge.ts';
import { authority, chartersOf, Logs, register, rotate, update } from './logs.ts';
import type { SignedEntry } from './logs.ts';
import type { LoggedEntry } from '../../src/fold/history.ts';

const effectiveAtMs = 1_000_000;
const recordedSize = 10;
const cutoffSize = 6;

interface NextOptions {
  readonly memberCount?: number;
  readonly faults?: number;
  readonly states?: Readonly<Record<string, CharterMember['state']>>;
}

/** The hash that leaves name a charter of this version by; `Logs` names version 1. */
const hashOf = (version: number): Uint8Array => new Uint8Array(32).fill(0xc0 + version);

/** Three members, and after them a charter of version 2 with the sizes above for every old log. */
function chain({ memberCount = 5, faults = 1, states = {} }: NextOptions = {}): CharterSet {
  const first = chartersOf(3, 0).current;
  const later = chartersOf(memberCount, faults, states).current;
  const sizeOf = (name: string): number =>
    states[name] === 'expelled' ? cutoffSize : recordedSize;
  const members = later.charter.members.map((member) =>
    member.state === 'expelled' ? { ...member, cutoff: { size: cutoffSize, root: '' } } : member,
  );
  const logs = ['m0', 'm1', 'm2'].map((origin) => ({ origin, size: sizeOf(origin), root: '' }));
  const next: KnownCharter = {
    charter: { ...later.charter, version: 2, effectiveAtMs, members, logs },
    hash: hashOf(2),
    note: '',
    memberByOrigin: new Map(members.map((member) => [member.name, member])),
  };
  return setOf([first, next]);
}

function setOf(all: readonly KnownCharter[]): CharterSet {
  return {
    all,
    current: all.at(-1)!,
    byHash: (hash) => all.find((known) => Buffer.compare(known.hash, hash) === 0),
  };
}

const before = chartersOf(3, 0);

function versionOf(
  leaf: { origin?: string; index: number; at: number; names?: number },
  charters: CharterSet = chain(),
): number | undefined {
  const { origin = 'm0', index, at, names = 1 } = leaf;
  return judgeOf({ origin, index, at, charter: hashOf(names) }, charters)?.charter.version;
}

describe('a leaf is judged', () => {
  it.each([
    ['below the recorded size, before the time', recordedSize - 1, effectiveAtMs - 1, 1],
    ['below the recorded size, after the time', recordedSize - 1, effectiveAtMs + 1, 1],
    ['at the recorded size, one ms before the time', recordedSize, effectiveAtMs - 1, 1],
    ['at the recorded size, at the time', recordedSize, effectiveAtMs, 2],
    ['above the recorded size, after the time', recordedSize + 1, effectiveAtMs + 1, 2],
  ])('%s, by the charter it should', (_, index, at, version) => {
    expect(versionOf({ index, at })).toBe(version);
  });

  it('by the charter it names once that is in effect, and not before', () => {
    expect(versionOf({ index: 20, at: effectiveAtMs, names: 2 })).toBe(2);
    expect(versionOf({ index: 20, at: effectiveAtMs - 1, names: 2 })).toBeUndefined();
    expect(versionOf({ index: 20, at: effectiveAtMs, names: 3 })).toBeUndefined();
  });

  it('by the later charter from the first leaf on in the log of a new member', () => {
    expect(versionOf({ origin: 'm3', index: 0, at: effectiveAtMs, names: 2 })).toBe(2);
    expect(versionOf({ origin: 'm3', index: 0, at: effectiveAtMs - 1 })).toBeUndefined();
    expect(versionOf({ origin: 'm3', index: 0, at: effectiveAtMs })).toBe(2);
  });

  it('as nothing at or above the cut-off of an expelled log, whenever it was logged', () => {
    const charters = chain({ states: { m2: 'expelled' } });
    const at = (index: number, atMs: number) =>
      versionOf({ origin: 'm2', index, at: atMs }, charters);
    expect(at(cutoffSize - 1, effectiveAtMs - 1)).toBe(1);
    expect(at(cutoffSize - 1, effectiveAtMs + 1)).toBe(1);
    expect(at(cutoffSize, effectiveAtMs - 1)).toBeUndefined();
    expect(at(cutoffSize, 0)).toBeUndefined();
    expect(at(cutoffSize + 1, effectiveAtMs)).toBeUndefined();
    expect(versionOf({ origin: 'm1', index: cutoffSize, at: 0 }, charters)).toBe(1);
  });

  it('as nothing where its member is read-only by the charter that judges it', () => {
    const charters = chain({ states: { m2: 'readonly' } });
    const at = (index: number, atMs: number) =>
      versionOf({ origin: 'm2', index, at: atMs }, charters);
    expect(at(recordedSize, effectiveAtMs - 1)).toBe(1);
    expect(at(recordedSize - 1, effectiveAtMs)).toBe(1);
    expect(at(recordedSize, effectiveAtMs)).toBeUndefined();
  });
});

let opening: SignedEntry;
let pool: readonly SignedEntry[];

beforeAll(async () => {
  const [first, second] = [authority(0), authority(1)];
  opening = await register(first);
  const turned = await rotate(opening, first, { to: second });
  pool = [
    opening,
    await update(opening, first, { seq: 1 }),
    await update(opening, first, { seq: 2 }),
    turned,
    await update(turned, second, { seq: 1 }),
  ];
});

/** Leaves in the logs of five members; those of new members and some others name version 2. */
const leaves = fc
  .array(
    fc.record({
      entry: fc.nat(4),
      member: fc.nat(4),
      atMs: fc.integer({ min: effectiveAtMs - 8, max: effectiveAtMs + 8 }),
      index: fc.nat(14),
      names: fc.integer({ min: 1, max: 2 }),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((drawn) =>
    drawn.map(({ entry, member, atMs, index, names }, position): LoggedEntry => {
      const signed = pool[entry]!;
      const { kind } = signed.entry;
      const role = kind === 'register' && position % 2 === 0 ? 'challenged' : 'witnessed';
      return {
        ...signed,
        origin: `m${member}`,
        index,
        at: atMs,
        charter: hashOf(names),
        role: kind === 'update' ? 'received' : role,
      };
    }),
  )
  // A log has one leaf at an index.
  .map((all) => [...new Map(all.map((leaf) => [`${leaf.origin} ${leaf.index}`, leaf])).values()]);

const logs = new Logs();
const statesOf = (all: readonly LoggedEntry[], charters: CharterSet) =>
  foldLabel(logs.history(all, charters), charters);

const variants = (): CharterSet[] => [
  chain(),
  chain({ memberCount: 3, faults: 0, states: { m2: 'readonly' } }),
  chain({ memberCount: 4, faults: 0, states: { m2: 'expelled' } }),
];

describe('the fold by two charters', () => {
  it('gives the same state for every order of the leaves', () => {
    const ranks = fc.infiniteStream(fc.double({ noNaN: true }));
    fc.assert(
      fc.property(leaves, ranks, (all, order) => {
        const shuffled = all
          .map((leaf) => ({ leaf, rank: order.next().value as number }))
          .sort((a, b) => a.rank - b.rank)
          .map(({ leaf }) => leaf);
        for (const charters of variants()) {
          expect(statesOf(shuffled, charters)).toEqual(statesOf(all, charters));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('does not depend on when a charter becomes known, but for updates judged otherwise', () => {
    let compared = 0;
    fc.assert(
      fc.property(leaves, (all) => {
        for (const charters of variants()) {
          // What a member had before, without the leaves that wait for the charter.
          const waiting = all.filter(({ charter }) => before.byHash(charter) === undefined);
          const had = all.filter(({ charter }) => before.byHash(charter) !== undefined);
          const isReplayed = had.some(
            (leaf) => leaf.entry.kind === 'update' && changesJudgement(leaf, before, charters),
          );
          if (isReplayed) continue;
          compared++;
          let history = logs.history(had, before);
          history = logs.history(waiting, charters, history);
          expect(foldLabel(history, charters)).toEqual(statesOf(all, charters));
        }
      }),
      { numRuns: 1000 },
    );
    expect(compared).toBeGreaterThan(500);
  });

  it('leaves complete what was complete before its time, where members only join', () => {
    let complete = 0;
    fc.assert(
      fc.property(leaves, (all) => {
        const early = all
          .filter(({ origin }) => ['m0', 'm1', 'm2'].includes(origin))
          .map((leaf) => ({ ...leaf, charter: hashOf(1), at: leaf.at - 20 }));
        for (const later of [chain(), chain({ memberCount: 4, faults: 0 })]) {
          for (const mentioned of logs.history(early, before).ownership.values()) {
            const timeMs = entryTime(mentioned, before);
            if (timeMs === undefined) continue;
            complete++;
            expect(entryTime(mentioned, later)).toBe(timeMs);
          }
        }
      }),
      { numRuns: 500 },
    );
    expect(complete).toBeGreaterThan(100);
  });

  it('keeps a receipt between the drafting of a charter and its time', () => {
    // Two of three have logged it above the recorded sizes; by version 2 alone it would take four of five.
    const at = { origin: 'm0', index: recordedSize, at: effectiveAtMs - 1, charter: hashOf(1) };
    const between: LoggedEntry[] = [
      { ...opening, ...at, role: 'challenged' },
      { ...opening, ...at, origin: 'm1', role: 'witnessed' },
    ];
    expect(statesOf(between, before)?.epoch).toBe(0);
    expect(statesOf(between, chain())).toEqual(statesOf(between, before));
    const late = between.map((leaf) => ({ ...leaf, at: effectiveAtMs }));
    expect(statesOf(late, chain())).toBeUndefined();
  });
});
