/** Vectors of founding charters whose text or one field breaks the form of docs/spec/charter.md. */
import { base, malformed, valid, withBeta } from './charter-case.ts';
import type { FoundingCase } from './charter-case.ts';
import {
  charterText,
  emptyRootText,
  foundingCharter,
  governanceName,
  originOf,
  verifierKeyText,
} from './charter-base.ts';

/** Returns the whole charters that hold, then those that break the form. */
export function charterFieldCases(): FoundingCase[] {
  return [...wholeCases(), ...textCases(), ...fieldCases(), ...memberCases()];
}

function wholeCases(): FoundingCase[] {
  const emptyLogs = base.members.map(({ name }) => ({
    origin: originOf(name),
    size: 0,
    root: emptyRootText,
  }));
  const instantly = Object.fromEntries(Object.keys(base.holds).map((hold) => [hold, 0]));
  return [
    valid('founding_four_members', 'four members, one of which may be dishonest', base),
    valid('founding_three_members', 'three members, no fault', foundingCharter(3, 0)),
    valid('founding_single_member', 'one member is its own quorum', foundingCharter(1, 0)),
    valid('founding_empty_logs_listed', 'all logs listed with size 0', {
      ...base,
      logs: emptyLogs,
    }),
    valid('holds_of_zero', 'a testnet may let everything happen at once', {
      ...base,
      holds: instantly,
    }),
    valid(
      'text_beyond_ascii',
      'characters beyond ASCII stand for themselves',
      withBeta({ organisation: 'Fundación «Ñandú» 電話' }),
    ),
  ];
}

function textCases(): FoundingCase[] {
  const text = charterText(base);
  const edit = (name: string, comment: string, signed: string): FoundingCase => {
    if (signed === text) throw new Error(`${name} changes nothing`);
    return { name, comment, expect: 'json_not_canonical', signed };
  };
  const deep = `${'['.repeat(9)}${']'.repeat(9)}\n`;
  return [
    edit('name_twice', 'one name twice', text.replace('"faults":1', '"faults":1,"faults":1')),
    edit('white_space', 'a space after a colon', text.replace('"faults":1', '"faults": 1')),
    edit('names_out_of_order', 'version first', orderedByHand(text)),
    edit('fraction', '1.0 for 1', text.replace('"faults":1', '"faults":1.0')),
    edit('exponent', '1e0 for 1', text.replace('"faults":1', '"faults":1e0')),
    edit('minus_zero', '-0 for 0', text.replace('"labelEpoch":0', '"labelEpoch":-0')),
    edit('number_unsafe', '2^53', text.replace('"labelEpoch":0', '"labelEpoch":9007199254740992')),
    edit('escape_needless', '\\u0041 for A', text.replace('"Alpha ', '"\\u0041lpha ')),
    edit('lone_surrogate', '\\ud800 in a string', text.replace('"Alpha ', '"\\ud800lpha ')),
    edit('second_value', 'a second value after the first', text.replace('}\n', '}{}\n')),
    edit('second_newline', 'an empty line after the charter', `${text}\n`),
    edit('not_json', 'no closing brace', text.replace('}\n', '\n')),
    edit('nested_too_deep', 'nine lists in each other', deep),
    malformed('not_an_object', 'a list', '[]\n'),
    malformed('null_charter', 'null', 'null\n'),
  ];
}

function orderedByHand(text: string): string {
  return text.replace(',"version":1', '').replace('{', '{"version":1,');
}

function fieldCases(): FoundingCase[] {
  const { faults: _faults, ...noFaults } = base;
  const { theftMs: _theftMs, ...noTheft } = base.holds;
  const change = (
    name: string,
    comment: string,
    field: Readonly<Record<string, unknown>>,
  ): FoundingCase => malformed(name, comment, { ...base, ...field });
  const holds = (recoveryMs: unknown): Readonly<Record<string, unknown>> => ({
    holds: { ...base.holds, recoveryMs },
  });
  const log = { origin: originOf('alpha'), size: 0, root: emptyRootText };
  return [
    malformed('field_missing', 'no faults', noFaults),
    change('field_unknown', 'a field nobody defined', { quorum: 3 }),
    change('prototype_field', 'a field called constructor', { constructor: 1 }),
    change('version_zero', 'versions count from 1', { version: 0 }),
    change('version_text', 'a version in quotes', { version: '1' }),
    change('previous_upper_case', 'hexadecimal in upper case', { previous: 'A'.repeat(64) }),
    change('previous_short', '63 digits', { previous: 'a'.repeat(63) }),
    change('effective_negative', 'before 1970', { effectiveAtMs: -1 }),
    change('vrf_key_padded', 'base64url with padding', { vrfPublicKey: `${base.vrfPublicKey}=` }),
    change('vrf_key_short', '31 bytes', { vrfPublicKey: base.vrfPublicKey.slice(0, 42) }),
    change('hold_missing', 'no theftMs', { holds: noTheft }),
    change('hold_negative', 'a hold of -1 ms', holds(-1)),
    change('ruleset_zero', 'rulesets count from 1', { ruleset: { ...base.ruleset, number: 0 } }),
    change('faults_negative', 'minus one fault', { faults: -1 }),
    change('logs_null', 'null for a list', { logs: null }),
    change('log_root_short', 'a root of 31 bytes', {
      logs: [{ ...log, root: new Uint8Array(31).toBase64() }],
    }),
    change('log_origin_dots', 'a path segment ..', { logs: [{ ...log, origin: 'a.example/..' }] }),
  ];
}

function memberCases(): FoundingCase[] {
  const { peerId: _peerId, ...noPeer } = base.members[1]!;
  const change = (
    name: string,
    comment: string,
    field: Readonly<Record<string, unknown>>,
  ): FoundingCase => malformed(name, comment, withBeta(field));
  const [name, , key] = verifierKeyText(governanceName('beta')).split('+');
  const cosignerKey = verifierKeyText(governanceName('beta'), 0x04);
  return [
    malformed('member_field_missing', 'no peerId', { ...base, members: [noPeer] }),
    change('member_field_unknown', 'a field nobody defined', { telephone: 'none' }),
    change('name_upper_case', 'a name in upper case', { name: 'Beta' }),
    change('organisation_empty', 'an empty string', { organisation: '' }),
    change('organisation_control_character', 'U+0007', { organisation: 'Beta\u0007' }),
    change('organisation_outer_space', 'a space at the end', { organisation: 'Beta ' }),
    change('audit_on_30_february', 'a day that never was', { lastAudit: '2025-02-30' }),
    change('audit_with_time', 'a time after the date', { lastAudit: '2025-11-30T00:00:00Z' }),
    change('governance_keys_none', 'nobody could sign', { governanceKeys: [] }),
    change('governance_key_hash_wrong', 'a key hash of zeros', {
      governanceKeys: [`${name}+00000000+${key}`],
    }),
    change('governance_key_for_cosignatures', 'algorithm 4', { governanceKeys: [cosignerKey] }),
    change('origin_without_path', 'an origin needs a path', {
      logKey: verifierKeyText('api.beta.example'),
    }),
    change('origin_with_dot_segment', 'a path segment ..', {
      logKey: verifierKeyText('api.beta.example/..'),
    }),
    change('peer_id_zero', 'base58 has no 0', { peerId: '12D3KooW0' }),
    change('address_without_slash', 'not a multiaddr', { addresses: ['node.beta.example:4001'] }),
    change('api_without_tls', 'http', { api: 'http://api.beta.example' }),
    change('api_with_path', 'a slash at the end', { api: 'https://api.beta.example/' }),
    change('api_with_user', 'a user name', { api: 'https://me@api.beta.example' }),
    change('api_default_port', 'a port that goes without saying', {
      api: 'https://api.beta.example:443',
    }),
    change('zone_upper_case', 'a name in upper case', { zone: 'E164.beta.example' }),
    change('zone_final_dot', 'a dot at the end', { zone: 'e164.beta.example.' }),
    change('ds_digest_short', 'SHA-256 of 31 bytes', { zoneDs: [`1 13 2 ${'AB'.repeat(31)}`] }),
    change('state_unknown', 'no such state', { state: 'suspended' }),
  ];
}
