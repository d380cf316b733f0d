// An honest member is never suspected: not for a partition, a clock off by ten minutes, a restart, a
// new charter, a release and a new register; not even when a liar chooses which leaves to show.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { EntryKind } from '../../src/entry.ts';
import { suspicionsAbout } from '../../src/evidence/suspicions.ts';
import type { LoggedEntry } from '../../src/fold/history.ts';
import { HonestFederation, historyOf, hourMs, minuteMs, pool } from './honest-federation.ts';
import type { Step } from './honest-federation.ts';

const index = fc.nat(40);
const role = fc.constantFrom('received', 'challenged', 'witnessed');
const waitMs = fc.oneof(
  fc.integer({ min: 0, max: 31 * minuteMs }),
  fc.constantFrom(9, 10, 11, 19, 20, 21, 29, 30, 31).map((minutes) => minutes * minuteMs),
  fc.integer({ min: 0, max: 80 * hourMs }),
);

type Roles = readonly ('received' | 'challenged' | 'witnessed')[];

/** One entry goes to all members, as a client sends it, with a partition or without. */
function campaignOf(entry: number, roles: Roles): fc.Arbitrary<Step[]> {
  return fc
    .record({
      heard: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
      waits: fc.array(fc.integer({ min: 0, max: 3 * minuteMs }), { minLength: 5, maxLength: 5 }),
    })
    .map(({ heard, waits }) =>
      roles.flatMap((as, member): Step[] => [
        { step: 'log', member, entry, role: as },
        { step: 'wait', ms: waits[member]! },
        ...(heard[member]! ? [{ step: 'hearAll' } as const] : []),
      ]),
    );
}

const anyRoles = fc.array(role, { minLength: 5, maxLength: 5 });
const campaign: fc.Arbitrary<Step[]> = fc
  .tuple(index, anyRoles)
  .chain(([entry, roles]) => campaignOf(entry, roles));

/** What happens to a number in its life; parts of it are left out. */
const life = [
  'register',
  'rival',
  'request',
  'veto',
  'wait',
  'commit',
  'rotate',
  'release',
  'wait',
];
const story: fc.Arbitrary<Step[]> = fc
  .subarray([...life, 'register', 'request', 'wait', 'commit', 'veto'])
  .chain((parts) => fc.tuple(...parts.map(partOf)))
  .map((lists) => lists.flat());

function partOf(part: string): fc.Arbitrary<Step[]> {
  if (part === 'wait') {
    return waitMs.map((ms) => [{ step: 'hearAll' }, { step: 'wait', ms: ms + 73 * hourMs }]);
  }
  const entries = [...pool.keys()].filter((n) => pool[n]!.entry.kind === part);
  const entry = fc.constantFrom(...(entries.length === 0 ? [1] : entries));
  const tested = ['register', 'rival', 'request', 'commit'].includes(part);
  const fit = tested ? ('challenged' as const) : ('received' as const);
  const roles = fc.array(fc.constantFrom(fit, fit, 'witnessed' as const), {
    minLength: 5,
    maxLength: 5,
  });
  return fc.tuple(entry, roles).chain(([n, as]) => campaignOf(n, as));
}

const single: fc.Arbitrary<Step[]> = fc
  .oneof(
    fc.record({ step: fc.constant('log' as const), member: index, entry: index, role }),
    fc.record({
      step: fc.constant('lie' as const),
      entry: index,
      role,
      atMs: fc.oneof(
        fc.integer({ min: 0, max: 40 * minuteMs }),
        fc.integer({ min: -80 * hourMs, max: 80 * hourMs }),
      ),
    }),
    fc.record({ step: fc.constant('hear' as const), member: index, of: index }),
    fc.record({ step: fc.constant('hearAll' as const) }),
    fc.record({ step: fc.constant('wait' as const), ms: waitMs }),
    fc.record({
      step: fc.constant('setClock' as const),
      member: index,
      offByMs: fc.integer({ min: -10 * minuteMs, max: 10 * minuteMs }),
    }),
  )
  .map((step) => [step as Step]);

/** A request is complete without one member, which hears of it late, as the liar says it did too. */
const surfacing: fc.Arbitrary<Step[]> = fc
  .record({ late: fc.constantFrom(0, 1, 2), lateMs: waitMs, lied: role })
  .map(({ late, lateMs, lied }) => {
    const entryOf = (kind: string): number => pool.findIndex(({ entry }) => entry.kind === kind);
    const others = [0, 1, 2].filter((member) => member !== late);
    const by = (kind: string, of: readonly number[]): Step[] =>
      of.map((member) => ({ step: 'log', member, entry: entryOf(kind), role: 'challenged' }));
    const lie: Step = { step: 'lie', entry: entryOf('request'), role: lied, atMs: 0 };
    return [
      ...by('register', [0, 1, 2]),
      { step: 'hearAll' },
      { step: 'wait', ms: hourMs },
      lie,
      ...by('request', others),
      ...others.flatMap((member): Step[] =>
        [0, 1, 2, 3].map((of) => ({ step: 'hear', member, of })),
      ),
      { step: 'wait', ms: lateMs },
      ...by('request', [late]),
      lie,
      { step: 'wait', ms: Math.max(0, 72 * hourMs - lateMs) },
      ...by('commit', others),
    ];
  });

/** Clocks as far off as they may be, then whatever happens. */
const clocks: fc.Arbitrary<Step[]> = fc
  .array(fc.constantFrom(-10, 0, 10), { minLength: 5, maxLength: 5 })
  .map((offBy) =>
    offBy.map((minutes, member) => ({ step: 'setClock', member, offByMs: minutes * minuteMs })),
  );
const steps = fc
  .tuple(clocks, fc.array(fc.oneof(story, surfacing, campaign, single), { maxLength: 15 }))
  .map(([set, lists]) => [...set, ...lists.flat()]);

/** Leaves that a liar shows: any of them, in any order of logs. */
const shown = fc.array(fc.boolean(), { minLength: 200, maxLength: 200 });

function accusedIn(leaves: readonly LoggedEntry[], federation: HonestFederation): string[] {
  const history = historyOf(leaves, federation.charters);
  return leaves.flatMap((leaf) =>
    suspicionsAbout(leaf, history, federation.charters).map(
      ({ kind, leaves: [accused] }) => `${kind} ${accused.origin}`,
    ),
  );
}

describe('honest members', () => {
  const logged = new Map<EntryKind, number>();

  test.each([
    [3, 0],
    [4, 1],
  ] as const)('are never suspected: %i founders, of which %i may lie', (count, faults) => {
    fc.assert(
      fc.property(steps, shown, (played, visible) => {
        const federation = new HonestFederation(count, faults).play(played);
        const leaves = federation.leaves();
        const honest = (accused: string): boolean =>
          federation.liar === undefined || !accused.endsWith(federation.liar.origin);
        const some = leaves.filter((_, n) => visible[n % visible.length]);
        expect(accusedIn(leaves, federation).filter(honest)).toEqual([]);
        expect(accusedIn(some, federation).filter(honest)).toEqual([]);
        for (const hidden of leaves.filter(({ origin }) => !honest(origin)).slice(0, 8)) {
          const rest = leaves.filter((leaf) => leaf !== hidden);
          expect(accusedIn(rest, federation).filter(honest)).toEqual([]);
        }
        expect(accusedIn(leaves.toReversed(), federation).filter(honest)).toEqual([]);
        for (const { entry, origin } of leaves) {
          if (origin !== federation.liar?.origin) {
            logged.set(entry.kind, (logged.get(entry.kind) ?? 0) + 1);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  test('have logged every kind meanwhile', () => {
    const kinds = new Set(pool.map(({ entry }) => entry.kind));
    for (const kind of kinds) expect(logged.get(kind) ?? 0, kind).toBeGreaterThan(0);
  });
});

describe('a liar', () => {
  test('is suspected of each kind that leaves can show', () => {
    const found = new Set<string>();
    fc.assert(
      fc.property(steps, (played) => {
        const lies = played.flatMap((step): Step[] =>
          step.step === 'log' ? [step, { ...step, step: 'lie', atMs: 0 }] : [step],
        );
        const federation = new HonestFederation(4, 1).play(lies);
        for (const accused of accusedIn(federation.leaves(), federation)) found.add(accused);
      }),
      // Found or not must not depend on the day: the same histories every time.
      { numRuns: 200, seed: 1 },
    );
    const { liar } = new HonestFederation(4, 1);
    for (const kind of ['same_slot', 'commit_vetoed', 'commit_early']) {
      expect(found, kind).toContain(`${kind} ${liar!.origin}`);
    }
  }, 120_000);
});
