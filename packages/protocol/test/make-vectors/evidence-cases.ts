/** Vectors of evidence: each kind as it convicts, and as near to it as an honest member may come. */
import { signNote } from '../../src/notes/signed-note.ts';
import { fixedNoteSigner, originOf } from './charter-base.ts';
import {
  atMs,
  evidenceCase,
  hourMs,
  logOf,
  minuteMs,
  register,
  release,
  rotate,
} from './evidence-case.ts';
import { evidenceDnsCases } from './evidence-dns-cases.ts';
import { evidenceFormCases } from './evidence-form-cases.ts';
import { evidenceQuorumCases } from './evidence-quorum-cases.ts';
import type { CaseLog } from './evidence-log.ts';
import { fixed32 } from './vector-case.ts';
import type { VectorCase } from './vector-case.ts';

/** Returns the cases of `vectors/evidence`. */
export function evidenceCases(): VectorCase[] {
  return [
    ...roots(),
    ...forks(),
    ...times(),
    ...slots(),
    ...evidenceQuorumCases(),
    ...indexRoots(),
    ...evidenceDnsCases(),
    ...evidenceFormCases(),
  ];
}

/** Two branches of alpha's log: three leaves in common, then their own. */
function branches(): [CaseLog, CaseLog] {
  const one = logOf('alpha');
  const other = logOf('alpha');
  for (const log of [one, other]) for (let n = 0; n < 3; n++) log.add('charter', atMs + n);
  for (let n = 3; n < 9; n++) one.add('charter', atMs + n);
  for (let n = 3; n < 9; n++) other.add('charter', atMs + minuteMs + n);
  return [one, other];
}

const unproven = 'evidence_unproven';

function roots(): VectorCase[] {
  const [one, other] = branches();
  const of = (first: string, second: string) => ({
    kind: 'two_roots',
    checkpoints: [first, second],
  });
  const beta = logOf('beta').add('charter', atMs);
  return [
    evidenceCase({
      name: 'two_roots',
      comment: 'two roots for size 5',
      evidence: of(one.checkpoint(5), other.checkpoint(5)),
      members: ['alpha'],
    }),
    evidenceCase({
      name: 'two_roots_cosigned',
      comment: 'beta cosigned both sides, gamma only one',
      evidence: of(one.cosigned(5, ['beta', 'gamma']), other.cosigned(5, ['beta'])),
      members: ['alpha', 'beta'],
    }),
    evidenceCase({
      name: 'two_roots_equal',
      comment: 'one root, twice',
      expect: unproven,
      evidence: of(one.checkpoint(5), one.cosigned(5, ['beta'])),
    }),
    evidenceCase({
      name: 'two_roots_of_two_sizes',
      comment: 'sizes 4 and 5: may extend',
      expect: unproven,
      evidence: of(one.checkpoint(4), other.checkpoint(5)),
    }),
    evidenceCase({
      name: 'two_roots_of_two_logs',
      comment: 'alpha and beta, both of size 1',
      expect: unproven,
      evidence: of(one.checkpoint(1), beta.checkpoint(1)),
    }),
    evidenceCase({
      name: 'two_roots_signed_by_another',
      comment: 'the second is signed by the key of beta',
      expect: 'note_signature_missing',
      evidence: of(
        one.checkpoint(5),
        signNote(other.checkpoint(5).split('\n\n')[0]! + '\n', [fixedNoteSigner(originOf('beta'))]),
      ),
    }),
    evidenceCase({
      name: 'two_roots_of_a_stranger',
      comment: 'the log is in no charter',
      expect: 'log_unknown',
      evidence: of(
        logOf('delta').add('charter', 1).checkpoint(),
        logOf('delta').add('charter', 2).checkpoint(),
      ),
    }),
  ];
}

function forks(): VectorCase[] {
  const [one, other] = branches();
  const fork = (index: number, sides: readonly unknown[]) => ({ kind: 'fork', index, sides });
  const convicts = (name: string, comment: string, evidence: ReturnType<typeof fork>) =>
    evidenceCase({ name, comment, evidence, members: ['alpha'] });
  const refused = (name: string, comment: string, evidence: ReturnType<typeof fork>) =>
    evidenceCase({ name, comment, evidence, expect: unproven });
  const wrongProof = { ...other.side(4, 7), proof: other.proof(3, 7) };
  return [
    convicts(
      'fork_after_last_leaf',
      'sizes 5 and 8 differ from leaf 3 on; the last leaf of the smaller is shown',
      fork(4, [one.side(4, 5), other.side(4, 8)]),
    ),
    convicts(
      'fork_at_the_leaf',
      'leaf 3 itself differs: as when a receipt is of a leaf that a later checkpoint lacks',
      fork(3, [one.side(3, 4), other.side(3, 9)]),
    ),
    evidenceCase({
      name: 'fork_cosigned',
      comment: 'gamma cosigned size 5 of one branch and size 8 of the other',
      evidence: fork(4, [
        { ...one.side(4, 5), checkpoint: one.cosigned(5, ['gamma']) },
        { ...other.side(4, 8), checkpoint: other.cosigned(8, ['beta', 'gamma']) },
      ]),
      members: ['alpha', 'gamma'],
    }),
    refused(
      'fork_before_it_forked',
      'leaf 2 is the last that the branches share',
      fork(2, [one.side(2, 5), other.side(2, 8)]),
    ),
    refused(
      'fork_of_one_branch',
      'size 8 extends size 5',
      fork(4, [one.side(4, 5), one.side(4, 8)]),
    ),
    evidenceCase({
      name: 'fork_with_a_wrong_proof',
      comment: 'a proof of leaf 3 for leaf 4',
      expect: 'receipt_proof_invalid',
      evidence: fork(4, [one.side(4, 5), wrongProof]),
    }),
    evidenceCase({
      name: 'fork_index_beyond_size',
      comment: 'leaf 5 of a tree of 5 leaves',
      expect: 'receipt_proof_invalid',
      evidence: fork(5, [{ ...one.side(4, 5) }, other.side(5, 8)]),
    }),
  ];
}

function times(): VectorCase[] {
  const of = (name: string, comment: string, laterMs: number, expect?: string): VectorCase => {
    const log = logOf('beta')
      .add('charter', atMs)
      .add('charter', atMs + laterMs);
    return evidenceCase({
      name,
      comment,
      evidence: { kind: 'time_back', leaves: [log.receipt(0), log.receipt(1)] },
      ...(expect === undefined ? { members: ['beta'] } : { expect }),
    });
  };
  const log = logOf('beta')
    .add('charter', atMs)
    .add('charter', atMs + 1);
  return [
    of('time_back_1_ms', 'the second leaf is 1 ms before the first', -1),
    of('time_equal', 'both leaves at the same time', 0, unproven),
    of('time_forward_1_ms', 'the second leaf is 1 ms after the first', 1, unproven),
    evidenceCase({
      name: 'time_in_wrong_order',
      comment: 'the later leaf first: nothing went back',
      expect: unproven,
      evidence: { kind: 'time_back', leaves: [log.receipt(1), log.receipt(0)] },
    }),
    evidenceCase({
      name: 'time_back_leaf_changed',
      comment: 'the second leaf is not the one that was logged',
      expect: 'receipt_proof_invalid',
      evidence: {
        kind: 'time_back',
        leaves: [
          log.receipt(0),
          { ...log.receipt(1), leaf: logOf('beta').add('charter', 1).leaves[0]! },
        ],
      },
    }),
    evidenceCase({
      name: 'time_of_two_logs',
      comment: 'alpha and beta have clocks of their own',
      expect: unproven,
      evidence: {
        kind: 'time_back',
        leaves: [
          logOf('alpha').add('charter', atMs).receipt(0),
          logOf('beta').add('charter', atMs).add('charter', atMs).receipt(1),
        ],
      },
    }),
  ];
}

type LoggedAs = readonly [role: string, at: number, entry: Uint8Array];

function slots(): VectorCase[] {
  const of = (name: string, comment: string, leaves: readonly LoggedAs[], expect?: string) => {
    const log = logOf('gamma');
    for (const [role, at, entry] of leaves) log.add(role, at, entry);
    return evidenceCase({
      name,
      comment,
      evidence: { kind: 'same_slot', leaves: [log.receipt(0), log.receipt(1)] },
      ...(expect === undefined ? { members: ['gamma'] } : { expect }),
    });
  };
  const [first, second] = [register(1), register(2)];
  const pair = (afterMs: number): LoggedAs[] => [
    ['challenged', atMs, first],
    ['challenged', atMs + afterMs, second],
  ];
  const half = 30 * minuteMs;
  const otherLabel = register(2, { label: fixed32('another label') });
  const nextEpoch = register(2, { epoch: 1, prev: fixed32('release') });
  const otherPrev = rotate(2, { prev: fixed32('another ownership entry') });
  const forged = register(2, { sig: new Uint8Array(64) });
  return [
    of('slot_twice_at_once', 'two registers of one epoch at one time', pair(0)),
    of('slot_twice_in_29_min_59_999', 'one millisecond too early', pair(half - 1)),
    of('slot_twice_in_30_min', 'exactly 30 minutes apart', pair(half), unproven),
    of('slot_twice_in_30_min_1_ms', 'more than 30 minutes apart', pair(half + 1), unproven),
    of('slot_rotate_and_release', 'both follow one ownership entry', [
      ['received', atMs, rotate(1)],
      ['witnessed', atMs + 1, release()],
    ]),
    of(
      'slot_one_entry_twice',
      'one entry, logged twice',
      [
        ['challenged', atMs, first],
        ['witnessed', atMs + 1, first],
      ],
      unproven,
    ),
    of(
      'slot_of_two_labels',
      'two labels',
      [pair(0)[0]!, ['challenged', atMs, otherLabel]],
      unproven,
    ),
    of(
      'slot_of_two_epochs',
      'a release lies between',
      [pair(0)[0]!, ['challenged', atMs + hourMs / 4, nextEpoch]],
      unproven,
    ),
    of(
      'slot_of_two_ownership_entries',
      'rotates of two entries',
      [
        ['received', atMs, rotate(1)],
        ['received', atMs, otherPrev],
      ],
      unproven,
    ),
    of(
      'slot_entry_forged',
      'the second entry is not signed by its key',
      [pair(0)[0]!, ['challenged', atMs, forged]],
      'entry_signature_invalid',
    ),
    of(
      'slot_role_unfit',
      'a register is never received',
      [pair(0)[0]!, ['received', atMs, second]],
      'role_unfit',
    ),
  ];
}

function indexRoots(): VectorCase[] {
  const text = (root: string, size = 42): string =>
    [
      'callbook/1 index',
      '1',
      fixed32('charter').toBase64(),
      fixed32(root).toBase64(),
      `${originOf('alpha')} ${size} ${fixed32('log root').toBase64()}`,
      '',
    ].join('\n');
  const signed = (by: string, root: string, size?: number): string =>
    signNote(text(root, size), [fixedNoteSigner(originOf(by))]);
  const of = (signers: readonly [string, string], notes: readonly [string, string]) => ({
    kind: 'index_roots',
    origins: signers.map(originOf),
    roots: notes,
  });
  return [
    evidenceCase({
      name: 'index_roots_of_one_member',
      comment: 'alpha signed two roots over the same logs',
      evidence: of(['alpha', 'alpha'], [signed('alpha', 'one'), signed('alpha', 'two')]),
      members: ['alpha'],
    }),
    evidenceCase({
      name: 'index_roots_of_two_members',
      comment: 'one of them is wrong: a replay says who',
      evidence: of(['alpha', 'beta'], [signed('alpha', 'one'), signed('beta', 'two')]),
      disputed: ['alpha', 'beta'],
    }),
    evidenceCase({
      name: 'index_roots_equal',
      comment: 'both members agree',
      expect: unproven,
      evidence: of(['alpha', 'beta'], [signed('alpha', 'one'), signed('beta', 'one')]),
    }),
    evidenceCase({
      name: 'index_roots_over_other_logs',
      comment: 'one leaf more was folded',
      expect: unproven,
      evidence: of(['alpha', 'alpha'], [signed('alpha', 'one'), signed('alpha', 'two', 43)]),
    }),
  ];
}
