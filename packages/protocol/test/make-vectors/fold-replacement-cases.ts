/** Replacing a lost key: which requests count, how long each is held, and the commit at its end. */
import { dayMs, entryOf, hourMs, keyOf, minuteMs, Story } from './fold-story.ts';
import type { Question, Role, StoryEntry, ToldState } from './fold-story.ts';
import { recovery } from './signed-entry.ts';
import type { Fields } from './signed-entry.ts';
import { fixed32 } from './vector-case.ts';
import type { VectorCase } from './vector-case.ts';
import { nodeCryptography } from '../../src/crypto/node.ts';

const [holder, claimant] = [keyOf('authority'), keyOf('stranger')];
const recoveryHash = nodeCryptography.sha256(recovery.publicKey);
const email = fixed32('e-mail commitment');
const requestedMs = dayMs;

/** Returns the cases about requests, holds and commits. */
export function replacementCases(): VectorCase[] {
  return [
    ...holdCases(),
    ...lockCases(),
    ...emailCases(),
    ...requestCases(),
    ...pauseCases(),
    ...commitCases(),
  ];
}

interface Replacement {
  readonly opening: StoryEntry;
  readonly request: StoryEntry;
  readonly commit: StoryEntry;
}

function replacement(terms: Fields = {}, requestClass = 'possession'): Replacement {
  const opening = entryOf('register', holder, terms);
  const request = entryOf('request', claimant, { class: requestClass });
  return { opening, request, commit: commitOf(request) };
}

function commitOf(request: StoryEntry): StoryEntry {
  return entryOf('commit', claimant, { request: request.id });
}

function held(opening: StoryEntry): Story {
  return new Story(3, 0).log(opening, { alpha: ['challenged', 0], beta: ['witnessed', 0] });
}

function twoChallenged(atMs: number): Record<string, [Role, number]> {
  return { alpha: ['challenged', atMs], beta: ['challenged', atMs] };
}

function stateOf(ownership: StoryEntry, epoch = 0): ToldState {
  return { epoch, status: 'held', ownership, served: ownership };
}

function ask(entry: StoryEntry, role: Role, atMs: number): Question {
  return { entry, member: 'gamma', role, atMs };
}

/** A commit logged one millisecond before the hold is over, and at its end. */
function aroundHold(
  name: string,
  of: Replacement & { readonly comment: string; readonly holdMs: number; readonly atMs?: number },
  story: Story = held(of.opening),
  before: StoryEntry = of.opening,
): VectorCase[] {
  const { atMs = requestedMs, comment, commit, holdMs, request } = of;
  const endMs = atMs + holdMs;
  story.log(request, twoChallenged(atMs));
  const asked = ask(commit, 'challenged', endMs);
  const inTime = story.vector({
    name: `${name}_over`,
    comment,
    expect: 'accept',
    question: asked,
    state: stateOf(before),
  });
  story.log(commit, twoChallenged(endMs - 1));
  const early = story.vector({
    name: `${name}_one_ms_short`,
    comment: `${comment}; leaves of a commit before its end count for nothing, whoever logs them`,
    expect: 'hold_pending',
    question: ask(commit, 'challenged', endMs - 1),
    state: stateOf(before),
  });
  return [inTime, early];
}

function holdCases(): VectorCase[] {
  const possession = replacement();
  const mail = replacement({ email }, 'email');
  const code = replacement({ recovery: recoveryHash }, 'recovery');
  return [
    ...aroundHold('hold_of_possession', {
      ...possession,
      comment: 'a request of class possession is held for 72 hours',
      holdMs: 3 * dayMs,
    }),
    ...aroundHold('hold_of_email', {
      ...mail,
      comment: 'a request of class email is held for 24 hours',
      holdMs: dayMs,
    }),
    ...aroundHold('hold_of_recovery', {
      ...code,
      comment: 'a request of class recovery is held for one hour',
      holdMs: hourMs,
    }),
  ];
}

function lockCases(): VectorCase[] {
  const code = replacement({ recovery: recoveryHash, lock: true }, 'recovery');
  const locked = replacement({ lock: true });
  const unlocking = entryOf(
    'rotate',
    holder,
    {
      prev: locked.opening.id,
      authority: holder.publicKey,
    },
    { newSigBy: holder },
  );
  const unlocked = (): Story =>
    held(locked.opening).log(unlocking, { alpha: ['received', 1000], beta: ['witnessed', 1000] });
  const unlockedMs = 1000 + 7 * dayMs;
  return [
    ...aroundHold('hold_of_locked', {
      ...code,
      comment: 'a locked binding is held for 7 days whatever the class',
      holdMs: 7 * dayMs,
    }),
    ...aroundHold(
      'hold_one_ms_before_unlocked',
      {
        ...locked,
        comment: 'unlocking acts after 7 days: until then the hold is that of a locked binding',
        atMs: unlockedMs - 1,
        holdMs: 7 * dayMs,
      },
      unlocked(),
      unlocking,
    ),
    ...aroundHold(
      'hold_when_unlocked',
      {
        ...locked,
        comment: 'unlocking acts after 7 days: from then on the hold is that of the class',
        atMs: unlockedMs,
        holdMs: 3 * dayMs,
      },
      unlocked(),
      unlocking,
    ),
  ];
}

function emailCases(): VectorCase[] {
  const { opening, request } = replacement({}, 'email');
  const confirming = entryOf(
    'rotate',
    holder,
    { prev: opening.id, authority: holder.publicKey, email },
    { newSigBy: holder },
  );
  const story = (): Story =>
    held(opening).log(confirming, { alpha: ['received', 1000], beta: ['witnessed', 1000] });
  const limits = [
    ['one_ms_early', 3 * dayMs - 1, 'request_not_allowed'],
    ['in_time', 3 * dayMs, 'accept'],
  ] as const;
  return limits.map(([name, afterMs, expect]) =>
    story().vector({
      name: `changed_email_${name}`,
      comment: 'a changed e-mail commitment counts 72 hours after the change',
      expect,
      question: ask(request, 'challenged', 1000 + afterMs),
      state: stateOf(confirming),
    }),
  );
}

function requestCases(): VectorCase[] {
  const { opening, request, commit } = replacement();
  const other = replacement({}, 'recovery');
  const endMs = requestedMs + 3 * dayMs;
  return [
    held(opening).vector({
      name: 'request_challenged_here',
      comment: 'this member has challenged the claimant of a held identifier',
      expect: 'accept',
      question: ask(request, 'challenged', requestedMs),
      state: stateOf(opening),
    }),
    new Story(3, 0).vector({
      name: 'request_without_holder',
      comment: 'there is nobody to replace',
      expect: 'ownership_unknown',
      question: ask(request, 'challenged', requestedMs),
      state: null,
    }),
    held(opening).vector({
      name: 'request_of_class_without_recovery_key',
      comment: 'the binding has no recovery key',
      expect: 'request_not_allowed',
      question: ask(other.request, 'challenged', requestedMs),
      state: stateOf(opening),
    }),
    held(opening)
      .log(request, { alpha: ['challenged', requestedMs], beta: ['witnessed', requestedMs] })
      .log(commit, twoChallenged(endMs))
      .vector({
        name: 'request_one_challenge_short',
        comment: 'a request needs two challenged leaves also where none may be dishonest',
        expect: 'request_unknown',
        question: ask(commit, 'challenged', endMs),
        state: stateOf(opening),
      }),
    held(opening)
      .log(request, { alpha: ['challenged', requestedMs] })
      .vector({
        name: 'request_witness_one_challenge_short',
        comment: 'a witness of a request has seen two challenged leaves',
        expect: 'challenged_leaves_missing',
        question: ask(request, 'witnessed', requestedMs + 1),
        state: stateOf(opening),
      }),
  ];
}

function pauseCases(): VectorCase[] {
  const { opening } = replacement();
  const pauses = [
    ['first', 1, dayMs],
    ['second', 2, 7 * dayMs],
    ['third', 3, 30 * dayMs],
  ] as const;
  return pauses.flatMap(([name, attempts, pauseMs]) =>
    [
      ['one_ms_early', pauseMs - 1, 'request_paused'],
      ['in_time', pauseMs, 'accept'],
    ].map(([when, afterMs, expect]) => {
      const story = held(opening);
      for (let seq = 0; seq < attempts; seq++) {
        const earlier = entryOf('request', claimant, { seq });
        story.log(earlier, {
          gamma: ['challenged', requestedMs],
          alpha: ['challenged', requestedMs],
        });
      }
      const again = entryOf('request', claimant, { seq: attempts });
      return story.vector({
        name: `pause_after_${name}_request_${when}`,
        comment: 'a claimant waits longer after each of its requests that this member has logged',
        expect: expect as string,
        question: ask(again, 'challenged', requestedMs + (afterMs as number)),
        state: stateOf(opening),
      });
    }),
  );
}

function commitCases(): VectorCase[] {
  const { opening, request, commit } = replacement();
  const endMs = requestedMs + 3 * dayMs;
  const requested = (): Story => held(opening).log(request, twoChallenged(requestedMs));
  const foreign = entryOf('commit', keyOf('new authority'), { request: request.id });
  const second = entryOf('request', keyOf('new authority'));
  const secondCommit = entryOf('commit', keyOf('new authority'), { request: second.id });
  return [
    requested()
      .log(commit, { alpha: ['challenged', endMs], beta: ['witnessed', endMs] })
      .vector({
        name: 'commit_complete',
        comment: 'the claimant holds the identifier, in the next epoch',
        expect: 'accept',
        question: ask(
          entryOf('update', claimant, { epoch: 1, prev: commit.id }),
          'received',
          endMs,
        ),
        state: stateOf(commit, 1),
      }),
    requested()
      .log(foreign, twoChallenged(endMs))
      .vector({
        name: 'commit_by_another_key',
        comment: 'a commit is by the claimant of its request',
        expect: 'authority_mismatch',
        question: ask(foreign, 'challenged', endMs),
        state: stateOf(opening),
      }),
    requested()
      .log(commit, { alpha: ['challenged', endMs - 1] })
      .vector({
        name: 'commit_witness_of_stale_challenge',
        comment: 'the challenges of a commit are afresh: made after the hold',
        expect: 'challenged_leaves_missing',
        question: ask(commit, 'witnessed', endMs + minuteMs),
        state: stateOf(opening),
      }),
    requested()
      .log(commit, { alpha: ['witnessed', endMs], beta: ['witnessed', endMs] })
      .vector({
        name: 'commit_without_challenge',
        comment: 'f + 1 leaves of a commit are challenged',
        expect: 'challenged_leaves_missing',
        question: ask(commit, 'witnessed', endMs + minuteMs),
        state: stateOf(opening),
      }),
    requested()
      .log(second, twoChallenged(requestedMs + 1))
      .log(commit, { alpha: ['challenged', endMs + 1], beta: ['witnessed', endMs + 1] })
      .vector({
        name: 'commit_closes_other_requests',
        comment: 'a complete commit closes every other request of its epoch',
        expect: 'ownership_moved',
        question: ask(secondCommit, 'challenged', endMs + hourMs),
        state: stateOf(commit, 1),
      }),
  ];
}
