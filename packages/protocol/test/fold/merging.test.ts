/**
 * The property that replication rests on: the state depends on which leaves there are, and on
 * nothing else. Histories here are random and mostly dishonest: strangers sign, clocks go back,
 * members log what no honest member would.
 */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { sodiumCryptography as crypto } from '../../src/crypto/sodium.ts';
import { foldLabel } from '../../src/fold/fold-label.ts';
import { emptyHistory, integrateLeaf } from '../../src/fold/history.ts';
import type { LabelHistory, LoggedEntry } from '../../src/fold/history.ts';
import type { Entry } from '../../src/entry.ts';
import type { LeafRole } from '../../src/leaf.ts';
import {
  authority,
  chartersOf,
  commit,
  dayMs,
  Logs,
  register,
  release,
  request,
  rotate,
  update,
  veto,
} from './logs.ts';
import type { SignedEntry } from './logs.ts';

const charters = chartersOf(3, 0);
const roles: LeafRole[] = ['received', 'challenged', 'witnessed'];
let pool: SignedEntry[] = [];

beforeAll(async () => {
  const [k1, k2, k3] = [authority(1), authority(2), authority(3)];
  const [r1, r2] = [await register(k1), await register(k2, { lock: true })];
  const t1 = await rotate(r1, k1, { to: k2 });
  const t2 = await rotate(r1, k1, { to: k3 });
  const forged = await rotate(r1, k3, { to: k3 });
  const deeper = await rotate(t1, k2, { to: k3 });
  const [x1, x2] = [await release(r1, k1), await release(t1, k2)];
  const next = await register(k3, { after: x1 });
  const [asked, again] = [await request(k2), await request(k2, { seq: 1 })];
  const replaced = await commit(again, k2);
  pool = [
    r1,
    r2,
    t1,
    t2,
    forged,
    deeper,
    x1,
    x2,
    next,
    await rotate(next, k3, { to: k1 }),
    await update(r1, k1, { seq: 1 }),
    await update(r1, k1, { seq: 2, commitment: new Uint8Array(32).fill(2) }),
    await update(r1, k1, { seq: 2, commitment: new Uint8Array(32).fill(3) }),
    await update(r1, k3, { seq: 50 }),
    await update(t1, k2, { seq: 1 }),
    await update(r2, k2, { seq: 4 }),
    await update(next, k3, { seq: 1 }),
    asked,
    again,
    await veto(asked, k1),
    await veto(again, k1),
    await commit(asked, k2),
    replaced,
    await rotate(replaced, k2, { to: k3 }),
    await update(replaced, k2, { seq: 1 }),
  ];
});

/** One entry, logged by some members within a few milliseconds of one of three times. */
interface Step {
  readonly entry: number;
  readonly members: readonly number[];
  readonly role: number;
  readonly days: number;
  readonly ms: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  entry: fc.nat(24),
  members: fc.uniqueArray(fc.nat(2), { minLength: 1 }),
  role: fc.nat(3),
  days: fc.constantFrom(0, 3, 6),
  ms: fc.nat(20),
});

/** Mostly a role that fits the kind, sometimes one that does not. */
function roleOf(kind: Entry['kind'], role: number, position: number): LeafRole {
  if (role === 3) return roles[position % 3]!;
  if (kind === 'update') return 'received';
  if (kind === 'rotate' || kind === 'release') return position === 0 ? 'received' : 'witnessed';
  if (kind === 'veto') return roles[role]!;
  return kind === 'request' || position === 0 ? 'challenged' : 'witnessed';
}

function leavesOf(steps: readonly Step[]): LoggedEntry[] {
  const logs = new Logs();
  for (const { entry, members, role, days, ms } of steps) {
    const { kind } = pool[entry]!.entry;
    for (const [position, member] of members.entries()) {
      const at = days * dayMs + ms + position;
      logs.log(pool[entry]!, { [`m${member}`]: [roleOf(kind, role, position), at] });
    }
  }
  return logs.leaves;
}

function integrate(leaves: readonly LoggedEntry[]): LabelHistory {
  return leaves.reduce(
    (history, leaf) => integrateLeaf(history, leaf, { charters, crypto }),
    emptyHistory,
  );
}

const runs = { numRuns: process.env['CALLBOOK_FULL'] ? 20_000 : 1500 };

describe('the fold', () => {
  it('gives the same state for every order of arrival', () => {
    const shuffled = fc
      .array(step, { minLength: 1, maxLength: 40 })
      .chain((steps) =>
        fc.tuple(fc.constant(leavesOf(steps)), fc.infiniteStream(fc.double({ noNaN: true }))),
      );
    fc.assert(
      fc.property(shuffled, ([leaves, order]) => {
        const ranked = leaves.map((leaf) => ({ leaf, rank: order.next().value as number }));
        const reordered = ranked.sort((a, b) => a.rank - b.rank).map(({ leaf }) => leaf);
        const expected = foldLabel(integrate(leaves), charters);
        expect(foldLabel(integrate(reordered), charters)).toEqual(expected);
      }),
      runs,
    );
  });

  it('gives the same state when leaves arrive many times', () => {
    const duplicated = fc.tuple(
      fc.array(step, { minLength: 1, maxLength: 30 }),
      fc.array(fc.nat(29), { maxLength: 60 }),
    );
    fc.assert(
      fc.property(duplicated, ([steps, again]) => {
        const leaves = leavesOf(steps);
        const repeated = again.map((position) => leaves[position % leaves.length]!);
        const expected = foldLabel(integrate(leaves), charters);
        expect(foldLabel(integrate([...leaves, ...repeated]), charters)).toEqual(expected);
        expect(foldLabel(integrate([...repeated, ...leaves]), charters)).toEqual(expected);
      }),
      runs,
    );
  });

  it('reaches held, released and following epochs in these runs', () => {
    const reached = new Set<string>();
    fc.assert(
      fc.property(fc.array(step, { minLength: 30, maxLength: 40 }), (steps) => {
        const state = foldLabel(integrate(leavesOf(steps)), charters);
        reached.add(state === undefined ? 'none' : `${state.status} ${state.epoch}`);
      }),
      { numRuns: 3000, seed: 1 },
    );
    expect([...reached].sort()).toEqual(expect.arrayContaining(['held 0', 'held 1', 'released 0']));
  }, 120_000);
});
