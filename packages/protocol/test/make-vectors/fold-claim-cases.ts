/** Who becomes the first holder: quorum, challenges, window and time of a `register`. */
import { entryOf, keyOf, minuteMs, Story } from './fold-story.ts';
import type { Question, Role, StoryEntry, ToldState } from './fold-story.ts';
import { fixed32 } from './vector-case.ts';
import type { VectorCase } from './vector-case.ts';

const [holder, rival] = [keyOf('authority'), keyOf('stranger')];
const claim = entryOf('register', holder);
const rivalClaim = entryOf('register', rival);
/** Asked about a label that nobody holds, every member answers the same. */
const firstUpdate = entryOf('update', holder, { prev: claim.id });

/** Returns the cases about first holders. */
export function claimCases(): VectorCase[] {
  return [...quorumCases(), ...windowCases(), ...voidCases(), ...competitorCases()];
}

function heldBy(ownership: StoryEntry): ToldState {
  return { epoch: 0, status: 'held', ownership, served: ownership };
}

function ask(entry: StoryEntry, role: Role, atMs: number, member = 'gamma'): Question {
  return { entry, member, role, atMs };
}

function quorumCases(): VectorCase[] {
  const asked = ask(firstUpdate, 'received', 1000);
  return [
    new Story(4, 1)
      .log(claim, { alpha: ['challenged', 0], beta: ['challenged', 0], delta: ['witnessed', 0] })
      .vector({
        name: 'register_by_quorum',
        comment: 'three of four members, two of them after a challenge of their own',
        expect: 'accept',
        question: asked,
        state: heldBy(claim),
      }),
    new Story(4, 1).log(claim, { alpha: ['challenged', 0], beta: ['challenged', 0] }).vector({
      name: 'register_leaf_missing',
      comment: 'two leaves of four members are no quorum',
      expect: 'ownership_unknown',
      question: asked,
      state: null,
    }),
    new Story(4, 1)
      .log(claim, { alpha: ['challenged', 0], beta: ['witnessed', 0], delta: ['witnessed', 0] })
      .vector({
        name: 'register_one_challenge_short',
        comment: 'f + 1 = 2 challenged leaves are needed, one is there',
        expect: 'challenged_leaves_missing',
        question: ask(claim, 'witnessed', 1000),
        state: null,
      }),
    new Story(4, 1).log(claim, { alpha: ['challenged', 0], beta: ['challenged', 0] }).vector({
      name: 'register_witnessed_after_challenges',
      comment: 'a witness has seen f + 1 challenged leaves',
      expect: 'accept',
      question: ask(claim, 'witnessed', 1000),
      state: null,
    }),
    new Story(3, 0).vector({
      name: 'register_challenged_here',
      comment: 'nobody holds the label and this member has challenged the claimant',
      expect: 'accept',
      question: ask(claim, 'challenged', 0),
      state: null,
    }),
    new Story(3, 0).vector({
      name: 'register_role_received',
      comment: 'a register is challenged or witnessed',
      expect: 'role_unfit',
      question: ask(claim, 'received', 0),
      state: null,
    }),
    new Story(3, 0).log(claim, { alpha: ['received', 0], beta: ['received', 0] }).vector({
      name: 'register_leaves_of_unfit_role',
      comment: 'leaves whose role does not fit the kind count for nothing',
      expect: 'ownership_unknown',
      question: asked,
      state: null,
    }),
  ];
}

function windowCases(): VectorCase[] {
  const story = (gapMs: number): Story =>
    new Story(3, 0).log(claim, { alpha: ['challenged', 0], beta: ['witnessed', gapMs] });
  const asked = ask(firstUpdate, 'received', 11 * minuteMs);
  const limits = [
    ['below', 10 * minuteMs - 1, true],
    ['at', 10 * minuteMs, true],
    ['above', 10 * minuteMs + 1, false],
  ] as const;
  return [
    ...limits.map(([name, gapMs, inside]) =>
      story(gapMs).vector({
        name: `quorum_window_${name}`,
        comment: 'the leaves of a quorum lie within 600 000 ms',
        expect: inside ? 'accept' : 'ownership_unknown',
        question: asked,
        state: inside ? heldBy(claim) : null,
      }),
    ),
    ...limits.map(([name, ageMs, inside]) =>
      new Story(4, 1).log(claim, { alpha: ['challenged', 0], beta: ['challenged', 0] }).vector({
        name: `witness_age_${name}`,
        comment: 'a member witnesses an entry whose first leaf is at most 600 000 ms old',
        expect: inside ? 'accept' : 'entry_too_old',
        question: ask(claim, 'witnessed', ageMs),
        state: null,
      }),
    ),
  ];
}

function voidCases(): VectorCase[] {
  const asked = ask(firstUpdate, 'received', minuteMs);
  const elsewhere = entryOf('register', rival, { label: fixed32('another label') });
  const twice: Story = new Story(3, 0)
    .log(elsewhere, { alpha: ['challenged', 1000] })
    .log(claim, { alpha: ['challenged', 999], beta: ['witnessed', 1000] });
  const unknownCharter = new Story(3, 0)
    .log(claim, { alpha: ['challenged', 0] })
    .log(claim, { beta: ['witnessed', 0] }, fixed32('another charter'));
  return [
    twice.vector({
      name: 'leaf_at_going_back',
      comment: 'a leaf with a time before that of an earlier leaf of its log is void',
      expect: 'ownership_unknown',
      question: asked,
      state: null,
    }),
    new Story(3, 0)
      .log(elsewhere, { alpha: ['challenged', 1000] })
      .log(claim, { alpha: ['challenged', 1000], beta: ['witnessed', 1000] })
      .vector({
        name: 'leaf_at_standing_still',
        comment: 'two leaves of one log may have the same time',
        expect: 'accept',
        question: asked,
        state: heldBy(claim),
      }),
    unknownCharter.vector({
      name: 'leaf_of_unknown_charter',
      comment: 'a leaf that names a charter outside the chain counts for nothing',
      expect: 'ownership_unknown',
      question: asked,
      state: null,
    }),
    new Story(3, 0)
      .log(claim, { alpha: ['challenged', 0] })
      .log(claim, { alpha: ['witnessed', 1] })
      .vector({
        name: 'leaves_of_one_member_twice',
        comment: 'a member counts once, however often it logs',
        expect: 'ownership_unknown',
        question: asked,
        state: null,
      }),
  ];
}

function competitorCases(): VectorCase[] {
  const own = (): Story => new Story(3, 0).log(claim, { gamma: ['challenged', 0] });
  const both = new Story(3, 0)
    .log(claim, { alpha: ['challenged', 0], beta: ['witnessed', 10] })
    .log(rivalClaim, { gamma: ['challenged', 20], beta: ['witnessed', 30] });
  const waited = (name: string, atMs: number, expect: string): VectorCase =>
    own().vector({
      name: `competitor_${name}`,
      comment: 'a second entry of a slot waits 1 800 000 ms after the own leaf of the first',
      expect,
      question: ask(rivalClaim, 'challenged', atMs),
      state: null,
    });
  return [
    waited('one_ms_early', 30 * minuteMs - 1, 'slot_taken'),
    waited('in_time', 30 * minuteMs, 'accept'),
    new Story(3, 0).log(claim, { alpha: ['challenged', 0], beta: ['witnessed', 0] }).vector({
      name: 'register_of_held_label',
      comment: 'who holds an identifier is replaced by a request, not by a register',
      expect: 'ownership_held',
      question: ask(rivalClaim, 'challenged', 40 * minuteMs),
      state: heldBy(claim),
    }),
    both.vector({
      name: 'later_of_two_complete_registers',
      comment: 'of two complete entries in a slot the later wins, also over one that surfaces late',
      expect: 'ownership_moved',
      question: ask(firstUpdate, 'received', minuteMs, 'alpha'),
      state: heldBy(rivalClaim),
    }),
  ];
}
