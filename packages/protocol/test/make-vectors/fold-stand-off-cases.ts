/** Holder against claimant: vetoes, stolen keys and recycled numbers. */
import { dayMs, entryOf, hourMs, keyOf, Story } from './fold-story.ts';
import type { Question, Role, StoryEntry, ToldState } from './fold-story.ts';
import { recovery } from './signed-entry.ts';
import type { VectorCase } from './vector-case.ts';
import { nodeCryptography } from '../../src/crypto/node.ts';

const [holder, claimant, thief] = [keyOf('authority'), keyOf('stranger'), keyOf('new authority')];
const recoveryHash = nodeCryptography.sha256(recovery.publicKey);
const requestedMs = dayMs;
const possessionMs = 3 * dayMs;

/** Returns the cases about vetoes. */
export function standOffCases(): VectorCase[] {
  return [...vetoCases(), ...vetoWitnessCases(), ...theftCases(), ...recycledCases()];
}

function held(opening: StoryEntry): Story {
  return new Story(3, 0).log(opening, { alpha: ['challenged', 0], beta: ['witnessed', 0] });
}

function twoChallenged(atMs: number): Record<string, [Role, number]> {
  return { alpha: ['challenged', atMs], beta: ['challenged', atMs] };
}

function received(atMs: number): Record<string, [Role, number]> {
  return { alpha: ['received', atMs], beta: ['witnessed', atMs] };
}

function vetoOf(request: StoryEntry, by = holder, seq = 0): StoryEntry {
  return entryOf('veto', by, { request: request.id, seq });
}

function commitOf(request: StoryEntry): StoryEntry {
  return entryOf('commit', claimant, { request: request.id });
}

function stateOf(ownership: StoryEntry, epoch = 0): ToldState {
  return { epoch, status: 'held', ownership, served: ownership };
}

function ask(entry: StoryEntry, role: Role, atMs: number): Question {
  return { entry, member: 'gamma', role, atMs };
}

function vetoCases(): VectorCase[] {
  const opening = entryOf('register', holder);
  const request = entryOf('request', claimant);
  const [veto, commit] = [vetoOf(request), commitOf(request)];
  const endMs = requestedMs + possessionMs;
  const requested = (): Story => held(opening).log(request, twoChallenged(requestedMs));
  const stranger = vetoOf(request, thief);
  return [
    requested().vector({
      name: 'veto_by_holder',
      comment: 'the authority key in force vetoes',
      expect: 'accept',
      question: ask(veto, 'received', requestedMs + 1),
      state: stateOf(opening),
    }),
    requested()
      .log(veto, received(endMs))
      .log(commit, twoChallenged(endMs + 1))
      .vector({
        name: 'veto_at_the_last_millisecond',
        comment: 'a veto timed before the commit defeats it, be it by a millisecond',
        expect: 'request_vetoed',
        question: ask(commit, 'challenged', endMs + 1),
        state: stateOf(opening),
      }),
    requested()
      .log(commit, { alpha: ['challenged', endMs], gamma: ['witnessed', endMs] })
      .log(veto, received(endMs))
      .vector({
        name: 'veto_one_ms_late',
        comment: 'a veto timed when the commit is complete changes nothing',
        expect: 'ownership_moved',
        question: ask(veto, 'received', endMs + 1),
        state: stateOf(commit, 1),
      }),
    requested()
      .log(veto, { alpha: ['received', requestedMs + 1] })
      .log(commit, { beta: ['challenged', endMs], gamma: ['challenged', endMs] })
      .vector({
        name: 'veto_leaf_missing',
        comment: 'a veto that is no quorum defeats nothing',
        expect: 'accept',
        question: ask(
          entryOf('update', claimant, { epoch: 1, prev: commit.id }),
          'received',
          endMs + 1,
        ),
        state: stateOf(commit, 1),
      }),
    requested()
      .log(stranger, received(requestedMs + 1))
      .vector({
        name: 'veto_by_stranger',
        comment: 'only the authority key in force vetoes',
        expect: 'authority_mismatch',
        question: ask(stranger, 'received', requestedMs + 2),
        state: stateOf(opening),
      }),
    held(opening).vector({
      name: 'veto_of_unknown_request',
      comment: 'there is no such request',
      expect: 'request_unknown',
      question: ask(veto, 'received', requestedMs),
      state: stateOf(opening),
    }),
    requested()
      .log(veto, { gamma: ['received', requestedMs + 1] })
      .vector({
        name: 'commit_beside_own_veto',
        comment: 'a member that has logged a veto never logs the commit',
        expect: 'request_vetoed',
        question: ask(commit, 'challenged', endMs),
        state: stateOf(opening),
      }),
    requested()
      .log(commit, { gamma: ['challenged', endMs] })
      .vector({
        name: 'veto_beside_own_commit',
        comment: 'a member that has logged a commit never logs the veto',
        expect: 'request_committed',
        question: ask(veto, 'received', endMs + 1),
        state: stateOf(opening),
      }),
  ];
}

/** A holder with codes goes round members of which two (f + 1) have to challenge. */
function vetoWitnessCases(): VectorCase[] {
  const opening = entryOf('register', holder);
  const request = entryOf('request', claimant);
  const veto = vetoOf(request);
  const vetoedMs = requestedMs + 1;
  const seen = (...names: readonly string[]): Story =>
    new Story(4, 1)
      .log(opening, { ...twoChallenged(0), delta: ['witnessed', 0] })
      .log(request, { ...twoChallenged(requestedMs), delta: ['witnessed', requestedMs] })
      .log(veto, Object.fromEntries(names.map((name) => [name, ['challenged', vetoedMs]])));
  const cases = [
    ['veto_witness_of_key_alone', 'nobody has challenged its signer', [], 'witnessed', 'accept'],
    [
      'veto_witness_one_challenge_short',
      'the holder is on the way round with codes, and this member may be the next',
      ['alpha'],
      'witnessed',
      'challenged_leaves_missing',
    ],
    [
      'veto_witness_of_challenges',
      'as many have challenged as answer the request',
      ['alpha', 'beta'],
      'witnessed',
      'accept',
    ],
    [
      'veto_received_beside_one_challenge',
      'the holder asks without a code: one member that claims a challenge holds up no veto',
      ['alpha'],
      'received',
      'accept',
    ],
    [
      'veto_second_challenge',
      'the next member that has challenged says so',
      ['alpha'],
      'challenged',
      'accept',
    ],
  ] as const;
  return cases.map(([name, comment, names, role, expect]) =>
    seen(...names).vector({
      name,
      comment,
      expect,
      question: ask(veto, role, vetoedMs + 1),
      state: stateOf(opening),
    }),
  );
}

/** A thief rotates to a key of its own; the holder asks with the recovery key from before. */
function theftCases(): VectorCase[] {
  const opening = entryOf('register', holder, { recovery: recoveryHash });
  const theft = entryOf('rotate', holder, {
    prev: opening.id,
    authority: thief.publicKey,
    lock: true,
  });
  const request = entryOf('request', claimant, { class: 'recovery' });
  const commit = commitOf(request);
  const theftMs = 1000;
  const stolen = (askedAfterMs: number): Story =>
    held(opening)
      .log(theft, received(theftMs))
      .log(request, twoChallenged(theftMs + askedAfterMs));
  const lastMs = theftMs + possessionMs - 1;
  const defended = (role: Role): Story =>
    stolen(0)
      .log(vetoOf(request, thief), { alpha: [role, theftMs + 1], beta: [role, theftMs + 1] })
      .log(commit, twoChallenged(theftMs + hourMs));
  const update = entryOf('update', claimant, { epoch: 1, prev: commit.id });
  // The thief rotates once more, so as to have the recovery key before it forgotten.
  const again = entryOf('rotate', thief, { prev: theft.id, authority: thief.publicKey });
  const gaps = [
    ['theft_rotates_counted_as_one', possessionMs - 1, true],
    ['theft_rotates_counted_as_two', possessionMs, false],
  ] as const;
  const chained = gaps.map(([name, gapMs, isOne]) =>
    held(opening)
      .log(theft, received(theftMs))
      .log(again, received(theftMs + gapMs))
      .log(request, twoChallenged(theftMs + gapMs + 1))
      .vector({
        name,
        comment:
          'rotates less than 72 hours apart are one: the recovery key before the first counts',
        expect: isOne ? 'accept' : 'request_unknown',
        question: ask(commit, 'challenged', theftMs + gapMs + 1 + hourMs),
        state: stateOf(again),
      }),
  );
  return [
    stolen(possessionMs - 1).vector({
      name: 'theft_recovery_in_time',
      comment: 'for 72 hours after a rotate the recovery key before it requests, held for an hour',
      expect: 'accept',
      question: ask(commit, 'challenged', lastMs + hourMs),
      state: stateOf(theft),
    }),
    stolen(possessionMs).vector({
      name: 'theft_recovery_one_ms_late',
      comment: 'after 72 hours only the recovery key in force counts',
      expect: 'request_unknown',
      question: ask(commit, 'challenged', lastMs + 1 + 30 * dayMs),
      state: stateOf(theft),
    }),
    defended('received').vector({
      name: 'theft_veto_by_key_alone',
      comment: 'the thief’s veto without a challenge does not defeat the request',
      expect: 'accept',
      question: ask(update, 'received', theftMs + hourMs + 1),
      state: stateOf(commit, 1),
    }),
    ...chained,
    stolen(0).vector({
      name: 'theft_veto_by_key_alone_is_not_logged',
      comment: 'a member that logged it would never log the commit, which it does not defeat',
      expect: 'challenged_leaves_missing',
      question: ask(vetoOf(request, thief), 'received', theftMs + 1),
      state: stateOf(theft),
    }),
    stolen(0).vector({
      name: 'theft_veto_challenged_is_logged',
      comment: 'whose signer has the number as well, says so as long as the commit is not complete',
      expect: 'accept',
      question: ask(vetoOf(request, thief), 'challenged', theftMs + 1),
      state: stateOf(theft),
    }),
    defended('challenged').vector({
      name: 'theft_veto_with_challenge',
      comment: 'a veto with f + 1 challenged leaves defeats it: its signer has the number',
      expect: 'request_vetoed',
      question: ask(commit, 'challenged', theftMs + hourMs),
      state: stateOf(theft),
    }),
  ];
}

/** Three requests that the holder's key vetoed; the third `thirdMs` after the first. */
function recycledCases(): VectorCase[] {
  const opening = entryOf('register', holder);
  const fourthMs = requestedMs + 60 * dayMs;
  const fourth = entryOf('request', claimant, { seq: 3 });
  const commit = commitOf(fourth);
  const story = (thirdMs: number, vetoRole: Role = 'received'): Story => {
    const told = held(opening);
    for (const [seq, afterMs] of [0, 8 * dayMs, thirdMs].entries()) {
      const request = entryOf('request', claimant, { seq });
      const atMs = requestedMs + afterMs;
      told.log(request, twoChallenged(atMs));
      told.log(vetoOf(request), { alpha: [vetoRole, atMs + 1], beta: [vetoRole, atMs + 1] });
    }
    told.log(fourth, twoChallenged(fourthMs));
    told.log(vetoOf(fourth), received(fourthMs + 1));
    return told.log(commit, twoChallenged(fourthMs + possessionMs));
  };
  const update = entryOf('update', claimant, { epoch: 1, prev: commit.id });
  const limits = [
    ['on_day_20', 20 * dayMs, false],
    ['one_ms_before_day_21', 21 * dayMs - 1, false],
    ['on_day_21', 21 * dayMs, true],
  ] as const;
  return [
    ...limits.map(([name, thirdMs, recycled]) =>
      story(thirdMs).vector({
        name: `recycled_third_request_${name}`,
        comment:
          'the first and third unanswered request 21 days apart: the fourth falls only to a challenged veto',
        expect: recycled ? 'accept' : 'request_vetoed',
        question: recycled
          ? ask(update, 'received', fourthMs + possessionMs + 1)
          : ask(commit, 'challenged', fourthMs + possessionMs),
        state: recycled ? stateOf(commit, 1) : stateOf(opening),
      }),
    ),
    story(21 * dayMs, 'challenged').vector({
      name: 'recycled_requests_answered',
      comment:
        'vetoes with a challenge answer the requests: a veto by key still defeats the fourth',
      expect: 'request_vetoed',
      question: ask(commit, 'challenged', fourthMs + possessionMs),
      state: stateOf(opening),
    }),
  ];
}
