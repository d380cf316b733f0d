/** Vectors of founding charters whose fields contradict each other, or that too few have signed. */
import type { Charter, CharterMember } from '../../src/charter/charter.ts';
import { signNote } from '../../src/notes/signed-note.ts';
import { base, foundingVector, inconsistent, withBeta } from './charter-case.ts';
import type { FoundingCase } from './charter-case.ts';
import {
  charterText,
  emptyRootText,
  fixedNoteSigner,
  foundingCharter,
  governanceName,
  memberCalled,
  originOf,
  renamedKeyText,
  signedBy,
  startMs,
  verifierKeyText,
} from './charter-base.ts';
import { fixed32 } from './vector-case.ts';
import type { VectorCase } from './vector-case.ts';

/** Returns the vectors about consistency, quorums and signatures. */
export function charterRuleCases(): VectorCase[] {
  const cases = [...consistencyCases(), ...quorumCases()];
  return [...cases.map(foundingVector), ...signatureCases()];
}

function consistencyCases(): FoundingCase[] {
  const [alpha] = base.members as [CharterMember];
  const log = { origin: originOf('alpha'), size: 0, root: emptyRootText };
  const state = { size: 5, root: fixed32('root').toBase64() };
  const sharing = (name: string, field: Readonly<Record<string, unknown>>): FoundingCase =>
    inconsistent(name, `alpha and beta have the same`, withBeta(field));
  const expelled = { state: 'expelled', cutoff: state };
  const five = (change: object): unknown => ({
    ...foundingCharter(5, 1),
    members: foundingCharter(5, 1).members.map((member, index) =>
      index === 4 ? { ...member, ...change } : member,
    ),
  });
  const previous = '0'.repeat(64);
  return [
    sharing('name_shared', { name: alpha.name }),
    sharing('peer_id_shared', { peerId: alpha.peerId }),
    sharing('api_shared', { api: alpha.api }),
    sharing('zone_shared', { zone: alpha.zone }),
    sharing('log_key_shared', { logKey: alpha.logKey }),
    sharing('governance_key_shared', { governanceKeys: alpha.governanceKeys }),
    inconsistent(
      'governance_key_is_log_key',
      'one key for two purposes',
      withBeta({ governanceKeys: [verifierKeyText(originOf('beta'))] }),
    ),
    inconsistent(
      'governance_keys_of_one_name_and_hash',
      'two keys whose signature lines nobody could tell apart (found by trying 110 000 keys)',
      withBeta({
        governanceKeys: ['collision 103308', 'collision 109556'].map((key) =>
          renamedKeyText(governanceName('beta'), key),
        ),
      }),
    ),
    inconsistent('origin_below_another', "delta's log would lie within alpha's", {
      ...base,
      members: [
        ...base.members.slice(0, 3),
        { ...base.members[3]!, logKey: verifierKeyText(`${originOf('alpha')}/tile`) },
      ],
    }),
    inconsistent('log_twice', 'one log listed twice', { ...base, logs: [log, log] }),
    inconsistent('log_of_no_member', 'a log of nobody', {
      ...base,
      logs: [{ ...log, origin: originOf('omega') }],
    }),
    inconsistent('empty_log_with_root', 'size 0 without the empty root', {
      ...base,
      logs: [{ ...log, root: state.root }],
    }),
    inconsistent('cutoff_without_expulsion', 'active, with a cut-off', five({ cutoff: state })),
    inconsistent('expulsion_without_cutoff', 'no cut-off', five({ state: 'expelled' })),
    inconsistent('log_differs_from_cutoff', 'an expelled log goes on', {
      ...(five(expelled) as Charter),
      logs: [{ ...state, origin: originOf('epsilon'), size: 6 }],
    }),
    inconsistent('expires_at_once', 'never in force', { ...base, expiresAtMs: startMs }),
    inconsistent('previous_in_version_1', 'nothing came before', { ...base, previous }),
    inconsistent('previous_missing', 'version 2 without the hash of 1', { ...base, version: 2 }),
  ];
}

function quorumCases(): FoundingCase[] {
  const faulty = (name: string, comment: string, signed: unknown): FoundingCase => ({
    name,
    comment,
    expect: 'charter_faults_invalid',
    signed,
  });
  const founding = (name: string, comment: string, signed: unknown): FoundingCase => ({
    name,
    comment,
    expect: 'charter_not_founding',
    signed,
  });
  const five = foundingCharter(5, 1);
  const readonly = five.members.map((member, index) =>
    index === 4 ? { ...member, state: 'readonly' } : member,
  );
  const log = { origin: originOf('alpha'), size: 1, root: fixed32('root').toBase64() };
  const quorumMissing = {
    expect: 'charter_quorum_missing',
    signed: base,
  };
  return [
    faulty('faults_above_a_third', 'one of three may be dishonest', foundingCharter(3, 1)),
    faulty('no_active_member', 'nobody is left', {
      ...foundingCharter(1, 0),
      members: [{ ...memberCalled('alpha'), state: 'readonly' }],
    }),
    founding('founded_at_version_2', 'version 2', {
      ...base,
      version: 2,
      previous: '0'.repeat(64),
    }),
    founding('founded_by_readonly_member', 'one member is readonly', {
      ...five,
      members: readonly,
    }),
    founding('founded_with_leaves', 'a log that is not empty', { ...base, logs: [log] }),
    {
      name: 'quorum_exactly',
      comment: 'three of four have signed',
      expect: 'accept',
      signed: base,
      signers: ['alpha', 'gamma', 'delta'],
    },
    {
      ...quorumMissing,
      name: 'quorum_one_short',
      comment: 'two of four have signed',
      signers: ['alpha', 'gamma'],
    },
    {
      ...quorumMissing,
      name: 'quorum_of_strangers',
      comment: 'nobody in the charter has signed',
      signers: ['epsilon', 'zeta', 'eta'],
    },
    {
      ...quorumMissing,
      name: 'quorum_of_repeated_lines',
      comment: 'one key signs three times',
      signers: ['alpha', 'alpha', 'alpha'],
    },
  ];
}

/** Notes whose signature lines are not simply one a member. */
function signatureCases(): VectorCase[] {
  const keyNames = ['beta.example/one', 'beta.example/two'];
  const governanceKeys = keyNames.map((name) => verifierKeyText(name));
  const text = charterText(withBeta({ governanceKeys }));
  const byAlpha = signedBy(text, ['alpha']);
  const byBeta = signNote(text, keyNames.map(fixedNoteSigner)).slice(text.length + 1);
  const whole = signedBy(charterText(base), ['alpha', 'beta', 'gamma', 'delta']);
  // Nine characters on: past the key hash, within the signature.
  const changed = whole.replace(/(governance \S{9})(.)/, (_all, head: string, next: string) =>
    head.concat(next === 'A' ? 'B' : 'A'),
  );
  return [
    refused('two_keys_of_one_member', 'three keys have signed, of two members', {
      expect: 'charter_quorum_missing',
      note: `${byAlpha}${byBeta}`,
    }),
    refused('bad_signature_beside_a_quorum', 'three good signatures and a bad one by a member', {
      expect: 'note_signature_invalid',
      note: changed,
    }),
    refused('unsigned', 'the text alone', { expect: 'note_malformed', note: charterText(base) }),
  ];
}

function refused(
  name: string,
  comment: string,
  { expect, note }: { readonly expect: string; readonly note: string },
): VectorCase {
  return { topic: 'charter', name, comment, expect, values: { note } };
}
