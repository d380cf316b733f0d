/** Whose leaves count: members of no charter, read-only and expelled ones, before and after a charter. */
import { dayMs, entryOf, keyOf, Story } from './fold-story.ts';
import type { Question, Role, StoryEntry, ToldState } from './fold-story.ts';
import { fixed32 } from './vector-case.ts';
import type { VectorCase } from './vector-case.ts';

const holder = keyOf('authority');
const claim = entryOf('register', holder);
const elsewhere = entryOf('register', keyOf('stranger'), { label: fixed32('another label') });
const update = entryOf('update', holder, { prev: claim.id });
/** When the second charter takes effect. */
const effectMs = dayMs;
const held: ToldState = { epoch: 0, status: 'held', ownership: claim, served: claim };

/** Returns the cases about charters. */
export function charterCases(): VectorCase[] {
  return [...memberCases(), ...successionCases(), ...cutoffCases(), ...expiryCases()];
}

function ask(entry: StoryEntry, role: Role, atMs: number, member = 'gamma'): Question {
  return { entry, member, role, atMs };
}

/** Three of five have logged the claim, of which four are a quorum: the leaf of epsilon decides. */
function three(atMs: number): Record<string, [Role, number]> {
  return {
    alpha: ['challenged', atMs],
    beta: ['challenged', atMs],
    delta: ['witnessed', atMs],
  };
}

function counted(
  story: Story,
  of: { readonly name: string; readonly comment: string; readonly counts: boolean },
): VectorCase {
  const { name, comment, counts } = of;
  return story.vector({
    name,
    comment,
    expect: counts ? 'accept' : 'ownership_unknown',
    question: ask(update, 'received', 2 * dayMs),
    state: counts ? held : null,
  });
}

function memberCases(): VectorCase[] {
  const readonly = (): Story =>
    new Story(5, 1).succeed({ epsilon: { state: 'readonly' } }, { effectMs });
  const two: Record<string, [Role, number]> = {
    alpha: ['challenged', effectMs],
    beta: ['challenged', effectMs],
  };
  return [
    counted(
      new Story(3, 0)
        .log(claim, { alpha: ['challenged', 0] })
        .log(claim, { delta: ['witnessed', 0] }),
      { name: 'leaf_of_no_member', comment: 'a log that the charter does not name', counts: false },
    ),
    counted(readonly().log(claim, { ...two, epsilon: ['witnessed', effectMs] }), {
      name: 'leaf_of_read_only_member',
      comment: 'of the four active members three are a quorum, and a read-only one is none of them',
      counts: false,
    }),
    counted(readonly().log(claim, { ...two, delta: ['witnessed', effectMs] }), {
      name: 'leaf_of_active_member',
      comment: 'of the four active members three are a quorum',
      counts: true,
    }),
    readonly()
      .log(claim, two)
      .vector({
        name: 'read_only_member_logs_nothing',
        comment: 'only active members log',
        expect: 'member_not_active',
        question: ask(claim, 'witnessed', effectMs, 'epsilon'),
        state: null,
      }),
  ];
}

/** Epsilon becomes read-only: by which charter its leaf is judged decides whether it counts. */
function successionCases(): VectorCase[] {
  const of = (atMs: number, recorded: number): Story =>
    new Story(5, 1)
      .log(elsewhere, { epsilon: ['witnessed', 0] })
      .log(claim, { ...three(effectMs - 1), epsilon: ['witnessed', atMs] })
      .succeed(
        { epsilon: { state: 'readonly' } },
        { effectMs, sizes: { alpha: 0, beta: 0, delta: 0, epsilon: recorded } },
      );
  const early = (atMs: number): Story => {
    const story = new Story(4, 1).succeed({}, { effectMs });
    const leaves = { alpha: ['challenged', effectMs], beta: ['challenged', effectMs] } as const;
    return story.log(claim, leaves).log(claim, { delta: ['witnessed', atMs] });
  };
  return [
    counted(of(effectMs, 2), {
      name: 'charter_leaf_below_recorded_size',
      comment: 'the second charter records it: the first goes on judging it, whatever its time',
      counts: true,
    }),
    counted(of(effectMs - 1, 1), {
      name: 'charter_leaf_one_ms_before_its_time',
      comment: 'at the recorded size, before the second charter takes effect: judged by the first',
      counts: true,
    }),
    counted(of(effectMs, 1), {
      name: 'charter_leaf_at_its_time',
      comment: 'at the recorded size, when the second charter has taken effect: judged by it',
      counts: false,
    }),
    counted(early(effectMs - 1), {
      name: 'charter_named_before_its_time',
      comment: 'a leaf that names a charter which has not taken effect counts for nothing',
      counts: false,
    }),
    counted(early(effectMs), {
      name: 'charter_named_at_its_time',
      comment: 'and from then on it counts',
      counts: true,
    }),
  ];
}

function cutoffCases(): VectorCase[] {
  const of = (size: number): Story =>
    new Story(5, 1)
      .log(elsewhere, { epsilon: ['witnessed', 0] })
      .log(claim, { ...three(1000), epsilon: ['witnessed', 1000] })
      .succeed({ epsilon: { state: 'expelled' } }, { effectMs, sizes: { epsilon: size } });
  return [
    counted(of(2), {
      name: 'leaf_below_cutoff',
      comment: 'leaves below the cut-off of an expelled member go on counting',
      counts: true,
    }),
    counted(of(1), {
      name: 'leaf_at_cutoff',
      comment: 'leaves at the cut-off and above count for nothing, whenever they were logged',
      counts: false,
    }),
  ];
}

function expiryCases(): VectorCase[] {
  const expiresMs = 365 * dayMs;
  const other = entryOf('register', holder);
  return [
    new Story(3, 0).vector({
      name: 'charter_expires_in_a_ms',
      comment: 'ownership entries are admitted until the charter expires',
      expect: 'accept',
      question: ask(other, 'challenged', expiresMs - 1),
      state: null,
    }),
    new Story(3, 0).vector({
      name: 'charter_expired',
      comment: 'no ownership entry is admitted any more',
      expect: 'charter_expired',
      question: ask(other, 'challenged', expiresMs),
      state: null,
    }),
    new Story(3, 0).log(claim, { alpha: ['challenged', 0], beta: ['witnessed', 0] }).vector({
      name: 'update_under_expired_charter',
      comment: 'updates go on, and the fold as well',
      expect: 'accept',
      question: ask(update, 'received', expiresMs),
      state: held,
    }),
  ];
}
