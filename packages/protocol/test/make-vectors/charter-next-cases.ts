/** Vectors of a charter after another: `previous` is the verified note, `note` the one in question. */
import type { Charter, CharterMember } from '../../src/charter/charter.ts';
import {
  charterText,
  dayMs,
  emptyRootText,
  foundingCharter,
  hashText,
  memberCalled,
  memberNames,
  originOf,
  renamedKeyText,
  signedBy,
  startMs,
  verifierKeyText,
} from './charter-base.ts';
import { fixed32 } from './vector-case.ts';
import type { VectorCase } from './vector-case.ts';

interface NextCase {
  readonly name: string;
  readonly comment: string;
  /** `charter_succession_invalid` where not given. */
  readonly expect?: string;
  /** The charter before; `before` where not given. */
  readonly from?: Charter;
  /** What the new charter changes against a plain next version. */
  readonly change?: Readonly<Record<string, unknown>>;
  /** Members that sign the new one; alpha to epsilon where not given. */
  readonly signers?: readonly string[];
}

const size = 40;
const root = fixed32('log root').toBase64();

/** Version 5 of five members, one of which may be dishonest; logs of 40 leaves. */
const before: Charter = {
  ...foundingCharter(5, 1),
  version: 5,
  previous: hashText('a version 4 that no vector needs'),
  logs: memberNames.slice(0, 5).map((name) => ({ origin: originOf(name), size, root })),
};

/** Returns the vectors about succession. */
export function charterNextCases(): VectorCase[] {
  const cases = [
    ...allowedCases(),
    ...orderCases(),
    ...parameterCases(),
    ...faultCases(),
    ...memberCases(),
    ...logCases(),
  ];
  return cases.map(nextVector);
}

function nextVector(of: NextCase): VectorCase {
  const { name, comment, expect = 'charter_succession_invalid', from = before } = of;
  const text = charterText({ ...plainNext(from), ...of.change });
  const note = signedBy(text, of.signers ?? memberNames.slice(0, 5));
  const previous = signedBy(charterText(from), ['alpha']);
  const hash = expect === 'accept' ? { hash: hashText(text) } : {};
  return { topic: 'charter', name, comment, expect, values: { previous, note, ...hash } };
}

function plainNext(from: Charter): Charter {
  return {
    ...from,
    version: from.version + 1,
    previous: hashText(charterText(from)),
    effectiveAtMs: from.effectiveAtMs + dayMs,
    expiresAtMs: from.expiresAtMs + dayMs,
  };
}

/** The members of `before`, the one named changed. */
function membersWith(name: string, change: object): CharterMember[] {
  return before.members.map((member) => (member.name === name ? { ...member, ...change } : member));
}

const cutoff = { size: 30, root: fixed32('cut-off root').toBase64() };
const expulsion = { state: 'expelled', cutoff } as const;
const cutLogs = before.logs.map((log) =>
  log.origin === originOf('epsilon') ? { ...log, ...cutoff } : log,
);

/** `before` after the expulsion of epsilon. */
const afterExpulsion: Charter = {
  ...before,
  members: membersWith('epsilon', expulsion),
  logs: cutLogs,
};

function accepted(of: Omit<NextCase, 'expect'>): NextCase {
  return { ...of, expect: 'accept' };
}

function allowedCases(): NextCase[] {
  const zeta = { origin: originOf('zeta'), size: 0, root: emptyRootText };
  const six = [...before.members, memberCalled('zeta')];
  const logKey = renamedKeyText(originOf('beta'), 'replacement');
  const later = { effectiveAtMs: startMs + 8 * dayMs };
  return [
    accepted({ name: 'next_plain', comment: 'nothing changes but the times' }),
    accepted({
      name: 'next_signed_by_exactly_a_quorum',
      comment: 'four of five: q = 4',
      signers: ['alpha', 'beta', 'delta', 'epsilon'],
    }),
    accepted({
      name: 'next_with_grown_logs',
      comment: 'every log is one leaf longer',
      change: { logs: before.logs.map((log) => ({ ...log, size: size + 1, root: cutoff.root })) },
    }),
    accepted({
      name: 'next_with_new_member',
      comment: 'zeta joins with an empty log',
      change: { members: six, logs: [...before.logs, zeta] },
    }),
    accepted({
      name: 'next_with_new_member_unlisted',
      comment: 'a log that has no leaf yet need not be listed',
      change: { members: six },
    }),
    accepted({
      name: 'next_expels_member',
      comment: 'epsilon is cut off below its recorded size; f stays',
      change: { members: afterExpulsion.members, logs: cutLogs },
      signers: ['alpha', 'beta', 'gamma', 'delta'],
    }),
    accepted({
      name: 'next_expels_down_to_three_faults_kept',
      comment: 'f falls only later, so an expelled member still counts for n >= 3f + 1',
      from: {
        ...foundingCharter(4, 1),
        version: 5,
        previous: before.previous,
        logs: before.logs.slice(0, 4),
      },
      change: {
        members: foundingCharter(4, 1).members.map((member) =>
          member.name === 'delta' ? { ...member, ...expulsion } : member,
        ),
        logs: before.logs
          .slice(0, 4)
          .map((log) => (log.origin === originOf('delta') ? { ...log, ...cutoff } : log)),
      },
      signers: ['alpha', 'beta', 'gamma'],
    }),
    accepted({
      name: 'next_with_readonly_member',
      comment: 'epsilon becomes readonly',
      change: { members: membersWith('epsilon', { state: 'readonly' }) },
    }),
    accepted({
      name: 'next_replaces_log_key',
      comment: 'a new key for the same origin',
      change: { members: membersWith('beta', { logKey }) },
    }),
    accepted({
      name: 'next_raises_ruleset',
      comment: 'ruleset 2 from a day after',
      change: { ruleset: { number: 2, activatesAtMs: startMs + 2 * dayMs } },
    }),
    accepted({
      name: 'faults_fall_after_seven_days',
      comment: 'f from 1 to 0, eight days later',
      change: { faults: 0, ...later },
    }),
  ];
}

function orderCases(): NextCase[] {
  const { version } = before;
  return [
    {
      name: 'version_repeated',
      comment: 'the same version again',
      expect: 'charter_version_not_next',
      change: { version },
    },
    {
      name: 'version_skipped',
      comment: 'version 7 after 5',
      expect: 'charter_version_not_next',
      change: { version: version + 2 },
    },
    {
      name: 'previous_of_another_charter',
      comment: 'the hash of some other text',
      expect: 'charter_previous_mismatch',
      change: { previous: hashText('another') },
    },
    {
      name: 'quorum_of_former_members_missing',
      comment:
        'three of the five former members (q = 4), though enough of the four new ones (q = 3)',
      expect: 'charter_quorum_missing',
      change: { members: afterExpulsion.members, logs: cutLogs },
      signers: ['alpha', 'beta', 'gamma'],
    },
    {
      name: 'quorum_of_new_members_missing',
      comment: 'four of the five former members (q = 4), four of the seven new ones (q = 5)',
      expect: 'charter_quorum_missing',
      change: { members: [...before.members, memberCalled('zeta'), memberCalled('eta')] },
      signers: ['alpha', 'beta', 'gamma', 'delta'],
    },
  ];
}

function parameterCases(): NextCase[] {
  const ruleset = (number: number, activatesAtMs: number): NonNullable<NextCase['change']> => ({
    ruleset: { number, activatesAtMs },
  });
  const vrfPublicKey = fixed32('another VRF key').toBase64({
    alphabet: 'base64url',
    omitPadding: true,
  });
  return [
    {
      name: 'effective_no_later',
      comment: 'takes effect with the one before',
      change: { effectiveAtMs: startMs },
    },
    {
      name: 'label_epoch_changed',
      comment: 'a new label epoch needs a snapshot',
      change: { labelEpoch: 1, vrfPublicKey },
    },
    {
      name: 'vrf_key_changed',
      comment: 'all labels of the epoch would change',
      change: { vrfPublicKey },
    },
    {
      name: 'ruleset_skipped',
      comment: 'ruleset 3 after 1',
      change: ruleset(3, startMs + 2 * dayMs),
    },
    {
      name: 'ruleset_taken_back',
      comment: 'ruleset 1 after 2',
      from: { ...before, ruleset: { number: 2, activatesAtMs: startMs } },
      change: ruleset(1, startMs),
    },
    {
      name: 'ruleset_activation_moved',
      comment: 'the same ruleset, an hour later',
      change: ruleset(1, startMs + 3_600_000),
    },
    {
      name: 'ruleset_active_before_its_charter',
      comment: 'ruleset 2 one ms before the charter takes effect',
      change: ruleset(2, startMs + dayMs - 1),
    },
    {
      name: 'ruleset_replaced_before_activation',
      comment: 'ruleset 2 was to come into force after the charter with ruleset 3',
      from: { ...before, ruleset: { number: 2, activatesAtMs: startMs + 5 * dayMs } },
      change: ruleset(3, startMs + 9 * dayMs),
    },
  ];
}

function faultCases(): NextCase[] {
  return [
    {
      name: 'faults_fall_one_ms_early',
      comment: 'f from 1 to 0, one ms before seven days are over',
      change: { faults: 0, effectiveAtMs: startMs + 7 * dayMs - 1 },
    },
    {
      name: 'faults_fall_with_an_expulsion',
      comment: 'f from 1 to 0 in the version that expels',
      change: {
        faults: 0,
        effectiveAtMs: startMs + 8 * dayMs,
        members: afterExpulsion.members,
        logs: cutLogs,
      },
    },
  ];
}

function memberCases(): NextCase[] {
  const from = afterExpulsion;
  return [
    {
      name: 'member_dropped',
      comment: 'epsilon is not listed any more',
      change: { members: before.members.slice(0, 4), logs: before.logs.slice(0, 4) },
    },
    {
      name: 'log_moved',
      comment: 'the log of beta gets another origin',
      change: {
        members: membersWith('beta', { logKey: verifierKeyText('log.beta.example/log') }),
        logs: before.logs.filter((log) => log.origin !== originOf('beta')),
      },
    },
    {
      name: 'expelled_member_returns',
      comment: 'epsilon is active again',
      from,
      change: { members: before.members },
    },
    {
      name: 'cutoff_moved',
      comment: 'the cut-off of epsilon is one leaf higher',
      from,
      change: {
        members: membersWith('epsilon', { ...expulsion, cutoff: { ...cutoff, size: 31 } }),
        logs: before.logs.slice(0, 4),
      },
    },
    {
      name: 'stranger_expelled',
      comment: 'zeta was never a member',
      change: { members: [...before.members, { ...memberCalled('zeta'), ...expulsion }] },
    },
  ];
}

function logCases(): NextCase[] {
  const first = (change: object): NonNullable<NextCase['change']> => ({
    logs: before.logs.map((log, index) => (index === 0 ? { ...log, ...change } : log)),
  });
  const zeta = { origin: originOf('zeta'), size: 1, root };
  return [
    { name: 'log_left_out', comment: 'no log of alpha', change: { logs: before.logs.slice(1) } },
    { name: 'log_shrinks', comment: '39 leaves after 40', change: first({ size: 39 }) },
    {
      name: 'log_rewritten',
      comment: 'another root for the same size',
      change: first({ root: cutoff.root }),
    },
    {
      name: 'new_member_with_leaves',
      comment: 'zeta joins with a leaf in its log',
      change: {
        members: [...before.members, memberCalled('zeta')],
        logs: [...before.logs, zeta],
      },
    },
  ];
}
