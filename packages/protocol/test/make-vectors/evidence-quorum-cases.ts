/** Vectors of evidence that leans on what a quorum is: commits too early, witnesses alone. */
import {
  atMs,
  commitOf,
  evidenceCase,
  hourMs,
  logOf,
  logOfSeven,
  minuteMs,
  register,
  request,
  rotate,
  sevenMembers,
  vetoOf,
} from './evidence-case.ts';
import type { CaseReceipt } from './evidence-log.ts';
import type { VectorCase } from './vector-case.ts';

const unproven = 'evidence_unproven';
const possessionMs = 72 * hourMs;

export function evidenceQuorumCases(): VectorCase[] {
  return [...vetoed(), ...early(), ...earlyOfSeven(), ...alone(), ...aloneOfSeven()];
}

function vetoed(): VectorCase[] {
  const [one, other] = [request(), request({ seq: 1 })];
  const of = (name: string, comment: string, veto: Uint8Array, expect?: string): VectorCase => {
    const log = logOf('alpha').add('received', atMs, veto);
    log.add('challenged', atMs + possessionMs, commitOf(one));
    return evidenceCase({
      name,
      comment,
      evidence: { kind: 'commit_vetoed', leaves: [log.receipt(1), log.receipt(0)] },
      ...(expect === undefined ? { members: ['alpha'] } : { expect }),
    });
  };
  return [
    of('commit_vetoed', 'alpha logged the veto, and three days later the commit', vetoOf(one)),
    of('commit_of_another_request', 'the veto is of another request', vetoOf(other), unproven),
    of('commit_beside_a_register', 'no veto at all', register(1), 'role_unfit'),
    of('commit_beside_a_rotate', 'received, but no veto', rotate(1), unproven),
  ];
}

/** A leaf of the request at each of some members, then alpha's commit. */
function early(): VectorCase[] {
  const of = (
    name: string,
    comment: string,
    more: { afterMs: number; by?: readonly string[]; expect?: string; asked?: Uint8Array },
  ): VectorCase => {
    const { by = ['beta', 'gamma'], asked = request() } = more;
    const shown = by.map((member, n) =>
      logOf(member)
        .add('challenged', atMs + n * minuteMs, asked)
        .receipt(0),
    );
    const commit = logOf('alpha').add('challenged', atMs + more.afterMs, commitOf(asked));
    return evidenceCase({
      name,
      comment,
      evidence: { kind: 'commit_early', leaves: [commit.receipt(0), ...shown] },
      ...(more.expect === undefined ? { members: ['alpha'] } : { expect: more.expect }),
    });
  };
  const recovering = request({ class: 'recovery' });
  const emailed = request({ class: 'email' });
  return [
    of('commit_1_ms_early', '72 h less 1 ms after the earliest leaf of the request', {
      afterMs: possessionMs - 1,
    }),
    of('commit_in_time', 'exactly 72 h after the earliest leaf', {
      afterMs: possessionMs,
      expect: unproven,
    }),
    of('commit_late', '72 h and 1 ms after the earliest leaf', {
      afterMs: possessionMs + 1,
      expect: unproven,
    }),
    of('commit_recovery_early', 'with a recovery key the hold is 1 h', {
      afterMs: hourMs - 1,
      asked: recovering,
    }),
    of('commit_recovery_in_time', 'with a recovery key the hold is 1 h', {
      afterMs: hourMs,
      asked: recovering,
      expect: unproven,
    }),
    of('commit_email_early', 'with the e-mail the hold is 24 h', {
      afterMs: 24 * hourMs - 1,
      asked: emailed,
    }),
    of('commit_with_one_leaf_shown', 'the other two members are a quorum without it', {
      afterMs: minuteMs,
      by: ['beta'],
      expect: unproven,
    }),
    of('commit_with_one_member_shown_twice', 'two leaves of one member count once', {
      afterMs: minuteMs,
      by: ['beta', 'beta'],
      expect: unproven,
    }),
  ];
}

/** Of seven members with q = 5, of which two may lie, five have to be shown: 7 − 5 + 2 + 1. */
function earlyOfSeven(): VectorCase[] {
  const asked = request();
  const of = (name: string, by: readonly string[], expect?: string): VectorCase => {
    const shown = by.map((member) => logOfSeven(member).add('challenged', atMs, asked).receipt(0));
    const commit = logOfSeven('alpha').add('challenged', atMs + hourMs, commitOf(asked));
    return evidenceCase({
      name,
      comment: `${by.length} members of 7 shown, at least 5`,
      charters: [sevenMembers],
      evidence: { kind: 'commit_early', leaves: [commit.receipt(0), ...shown] },
      ...(expect === undefined ? { members: ['alpha'] } : { expect }),
    });
  };
  return [
    of('commit_early_4_of_7_shown', ['beta', 'gamma', 'delta', 'epsilon'], unproven),
    of('commit_early_5_of_7_shown', ['beta', 'gamma', 'delta', 'epsilon', 'zeta']),
    of('commit_early_6_of_7_shown', ['beta', 'gamma', 'delta', 'epsilon', 'zeta', 'eta']),
  ];
}

type Shown = readonly [memberName: string, role: string, afterMs: number];

function alone(): VectorCase[] {
  const entry = register(1);
  const shownAs = ([member, role, afterMs]: Shown): CaseReceipt =>
    logOf(member)
      .add(role, atMs + afterMs, entry)
      .receipt(0);
  const of = (
    name: string,
    comment: string,
    shown: readonly Shown[],
    expect?: string,
  ): VectorCase =>
    evidenceCase({
      name,
      comment,
      evidence: {
        kind: 'witness_alone',
        leaves: [logOf('alpha').add('witnessed', atMs, entry).receipt(0), ...shown.map(shownAs)],
      },
      ...(expect === undefined ? { members: ['alpha'] } : { expect }),
    });
  const later = 20 * minuteMs;
  const seen: Shown = ['gamma', 'witnessed', 0];
  const challengedAlone = logOf('alpha').add('challenged', atMs, entry).receipt(0);
  return [
    of('witness_20_min_1_ms_early', 'the only challenge is later than two clocks can differ', [
      ['beta', 'challenged', later + 1],
      seen,
    ]),
    of(
      'witness_20_min_early',
      'one clock may be 10 minutes slow, the other 10 fast',
      [['beta', 'challenged', later], seen],
      unproven,
    ),
    of(
      'witness_19_min_59_999_early',
      'as two clocks may differ',
      [['beta', 'challenged', later - 1], seen],
      unproven,
    ),
    of('witness_among_witnesses', 'all three members only witnessed', [
      ['beta', 'witnessed', 0],
      seen,
    ]),
    of(
      'witness_with_a_member_not_shown',
      'gamma may have challenged',
      [['beta', 'challenged', later + 1]],
      unproven,
    ),
    evidenceCase({
      name: 'witness_that_challenged',
      comment: 'a challenged leaf needs no other',
      expect: unproven,
      evidence: { kind: 'witness_alone', leaves: [challengedAlone, shownAs(seen)] },
    }),
    evidenceCase({
      name: 'witness_of_another_entry',
      comment: 'the leaf shown is of another register',
      expect: unproven,
      evidence: {
        kind: 'witness_alone',
        leaves: [
          logOf('alpha').add('witnessed', atMs, entry).receipt(0),
          logOf('beta').add('witnessed', atMs, register(2)).receipt(0),
          shownAs(seen),
        ],
      },
    }),
  ];
}

/** Of seven members two may lie about not having challenged, and a register needs three: all shown. */
function aloneOfSeven(): VectorCase[] {
  const entry = register(1);
  const of = (name: string, by: readonly string[], expect?: string): VectorCase => {
    const shown = by.map((member) => logOfSeven(member).add('witnessed', atMs, entry).receipt(0));
    return evidenceCase({
      name,
      comment: `${by.length} of the 6 other members shown`,
      charters: [sevenMembers],
      evidence: {
        kind: 'witness_alone',
        leaves: [logOfSeven('alpha').add('witnessed', atMs, entry).receipt(0), ...shown],
      },
      ...(expect === undefined ? { members: ['alpha'] } : { expect }),
    });
  };
  const all = ['beta', 'gamma', 'delta', 'epsilon', 'zeta', 'eta'];
  return [
    of('witness_alone_5_of_6_shown', all.slice(1), unproven),
    of('witness_alone_6_of_6_shown', all),
  ];
}
