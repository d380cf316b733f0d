/** What a holder does: updates, new keys, release, and the next holder after it. */
import { dayMs, entryOf, keyOf, Story } from './fold-story.ts';
import type { Question, Role, StoryEntry, ToldState } from './fold-story.ts';
import { fixed32 } from './vector-case.ts';
import type { VectorCase } from './vector-case.ts';

const [holder, replaced, next] = [keyOf('authority'), keyOf('new authority'), keyOf('stranger')];
const claim = entryOf('register', holder);
const moved = entryOf('rotate', holder, { prev: claim.id, authority: replaced.publicKey });
const ended = entryOf('release', holder, { prev: claim.id });

/** Returns the cases about holders. */
export function holderCases(): VectorCase[] {
  return [...updateCases(), ...rotateCases(), ...releaseCases()];
}

function quorum(role: Role, atMs: number): Record<string, [Role, number]> {
  return { alpha: [role, atMs], beta: ['witnessed', atMs] };
}

function held(opening: StoryEntry = claim): Story {
  return new Story(3, 0).log(opening, quorum('challenged', 0));
}

function stateOf(ownership: StoryEntry, served: StoryEntry = ownership): ToldState {
  return { epoch: 0, status: 'held', ownership, served };
}

function ask(entry: StoryEntry, role: Role, atMs: number): Question {
  return { entry, member: 'gamma', role, atMs };
}

function updateOf(seq: number, prev: StoryEntry = claim, changes: object = {}): StoryEntry {
  return entryOf('update', holder, { prev: prev.id, seq, ...changes });
}

function updateCases(): VectorCase[] {
  const second = updateOf(2);
  // The one with the smaller id first.
  const twins = [updateOf(4), updateOf(4, claim, { commitment: fixed32('twin') })].toSorted(
    (a, b) => Buffer.compare(a.id, b.id),
  );
  const story = (): Story => held().log(second, { beta: ['received', 1000] });
  const seqs = [
    ['below', 1, 'update_superseded'],
    ['above', 3, 'accept'],
  ] as const;
  return [
    ...seqs.map(([name, seq, expect]) =>
      story().vector({
        name: `update_seq_${name}`,
        comment: 'the update with the highest seq wins',
        expect,
        question: ask(updateOf(seq), 'received', 2000),
        state: stateOf(claim, second),
      }),
    ),
    ...[...twins.entries()].map(([at, twin]) =>
      held()
        .log(twin, { beta: ['received', 1000] })
        .vector({
          name: at === 0 ? 'update_same_seq_larger_id' : 'update_same_seq_smaller_id',
          comment: 'of two updates with one seq the smaller id wins',
          expect: at === 0 ? 'update_superseded' : 'accept',
          question: ask(twins[1 - at]!, 'received', 2000),
          state: stateOf(claim, twin),
        }),
    ),
    story().vector({
      name: 'update_same_again',
      comment: 'an update in force may be logged by several members',
      expect: 'accept',
      question: ask(second, 'received', 2000),
      state: stateOf(claim, second),
    }),
    held()
      .log(updateOf(9, claim, { lock: true }), { beta: ['received', 1000] })
      .vector({
        name: 'update_terms_changed',
        comment: 'an update carries the lock in force; one that changes it counts for nothing',
        expect: 'update_terms_mismatch',
        question: ask(updateOf(9, claim, { lock: true }), 'received', 2000),
        state: stateOf(claim),
      }),
    held()
      .log(moved, quorum('received', 1000))
      .log(updateOf(9), { beta: ['received', 2000] })
      .vector({
        name: 'update_by_replaced_key',
        comment: 'an update under an ownership entry that is not in force counts for nothing',
        expect: 'ownership_moved',
        question: ask(updateOf(9), 'received', 3000),
        state: stateOf(moved),
      }),
  ];
}

function rotateCases(): VectorCase[] {
  const stolen = entryOf(
    'rotate',
    next,
    { prev: claim.id, authority: next.publicKey },
    { newSigBy: next },
  );
  const competitor = entryOf('rotate', holder, {
    prev: claim.id,
    commitment: fixed32('competitor'),
    authority: replaced.publicKey,
  });
  return [
    held()
      .log(moved, quorum('received', 1000))
      .vector({
        name: 'rotate_complete',
        comment: 'a rotate logged by a quorum brings the new key into force',
        expect: 'accept',
        question: ask(entryOf('update', replaced, { prev: moved.id }), 'received', 2000),
        state: stateOf(moved),
      }),
    held()
      .log(moved, { alpha: ['received', 1000] })
      .vector({
        name: 'rotate_leaf_missing',
        comment: 'a rotate that one of three members has logged changes nothing',
        expect: 'accept',
        question: ask(updateOf(1), 'received', 2000),
        state: stateOf(claim),
      }),
    held()
      .log(stolen, quorum('received', 1000))
      .vector({
        name: 'rotate_not_by_authority',
        comment: 'a rotate is signed by the key that it replaces; another is dropped',
        expect: 'authority_mismatch',
        question: ask(stolen, 'received', 2000),
        state: stateOf(claim),
      }),
    held()
      .log(moved, quorum('received', 1000))
      .vector({
        name: 'rotate_from_stale_view',
        comment: 'a rotate follows the ownership entry in force, not one before it',
        expect: 'ownership_moved',
        question: ask(competitor, 'received', 2 * dayMs),
        state: stateOf(moved),
      }),
  ];
}

function releaseCases(): VectorCase[] {
  const locked = entryOf('register', holder, { lock: true });
  const endedLocked = entryOf('release', holder, { prev: locked.id });
  const released = (ownership: StoryEntry, served: StoryEntry): ToldState => ({
    ...stateOf(ownership, served),
    status: 'released',
  });
  const follower = (after: StoryEntry): StoryEntry =>
    entryOf('register', next, { epoch: 1, prev: after.id });
  const otherFollower = entryOf('register', next, {
    epoch: 1,
    prev: ended.id,
    commitment: fixed32('another payload'),
  });
  const pause = (
    name: string,
    of: { opening: StoryEntry; release: StoryEntry; afterMs: number; expect: string },
  ): VectorCase =>
    held(of.opening)
      .log(of.release, quorum('received', 1000))
      .vector({
        name,
        comment: 'a register of the next holder waits for the end of the pause',
        expect: of.expect,
        question: ask(follower(of.release), 'challenged', 1000 + of.afterMs),
        state: released(of.release, of.opening),
      });
  const plain = { opening: claim, release: ended };
  const lockedCase = { opening: locked, release: endedLocked };
  return [
    pause('release_pause_one_ms_short', {
      ...plain,
      afterMs: 3 * dayMs - 1,
      expect: 'release_pending',
    }),
    pause('release_pause_over', { ...plain, afterMs: 3 * dayMs, expect: 'accept' }),
    pause('release_of_locked_one_ms_short', {
      ...lockedCase,
      afterMs: 7 * dayMs - 1,
      expect: 'release_pending',
    }),
    pause('release_of_locked_over', { ...lockedCase, afterMs: 7 * dayMs, expect: 'accept' }),
    held()
      .log(ended, quorum('received', 1000))
      .log(follower(ended), quorum('challenged', 1000 + 3 * dayMs - 1))
      .vector({
        name: 'register_after_release_too_early',
        comment: 'a register timed before the end of the pause counts for nothing, whoever logs it',
        expect: 'release_pending',
        question: ask(otherFollower, 'challenged', 1000 + 3 * dayMs - 1),
        state: released(ended, claim),
      }),
    held()
      .log(ended, quorum('received', 1000))
      .log(follower(ended), quorum('challenged', 1000 + 3 * dayMs))
      .vector({
        name: 'register_after_release',
        comment: 'the next holder has the next epoch',
        expect: 'entry_complete',
        question: ask(follower(ended), 'witnessed', 1000 + 3 * dayMs + 1),
        state: { ...stateOf(follower(ended)), epoch: 1 },
      }),
    ...[
      ['request_before_end_of_release', 3 * dayMs - 1, 'accept'] as const,
      ['request_at_end_of_release', 3 * dayMs, 'request_not_allowed'] as const,
    ].map(([name, afterMs, expect]) =>
      held()
        .log(ended, quorum('received', 1000))
        .vector({
          name,
          comment: 'a released binding may be requested until its pause is over',
          expect,
          question: ask(entryOf('request', next), 'challenged', 1000 + afterMs),
          state: released(ended, claim),
        }),
    ),
    held()
      .log(moved, { alpha: ['received', 1000], beta: ['witnessed', 1000] })
      .log(ended, { gamma: ['received', 1001], beta: ['witnessed', 1001] })
      .vector({
        name: 'release_over_rotate_of_one_slot',
        comment: 'of a rotate and a release with one prev, both complete, the later wins',
        expect: 'ownership_moved',
        question: ask(entryOf('update', replaced, { prev: moved.id }), 'received', 2000),
        state: released(ended, claim),
      }),
    held()
      .log(ended, quorum('received', 1000))
      .vector({
        name: 'update_after_release',
        comment: 'nothing is updated any more once the binding is released',
        expect: 'ownership_moved',
        question: ask(updateOf(1), 'received', 2000),
        state: released(ended, claim),
      }),
  ];
}
