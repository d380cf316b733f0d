import { describe, expect, test } from 'vitest';
import { encodeCanonicalJson } from '../../src/charter/canonical-json.ts';
import { charterSigners, verifyNextCharter, verifyProposal } from '../../src/charter/adoption.ts';
import { parseCharterText } from '../../src/charter/charter.ts';
import type { Charter } from '../../src/charter/charter.ts';
import {
  encodeExpulsion,
  isDraftStatement,
  nextCharterText,
} from '../../src/charter/next-charter.ts';
import { nodeCryptography as crypto } from '../../src/crypto/node.ts';
import {
  charterText,
  dayMs,
  foundingCharter,
  memberCalled,
  memberNames,
  originOf,
  signedBy,
  startMs,
} from '../make-vectors/charter-base.ts';
import { fixed32 } from '../make-vectors/vector-case.ts';

const names = memberNames.slice(0, 4);
const previousNote = signedBy(charterText(foundingCharter(4, 1)), names);
const root = fixed32('a root').toBase64();

function draft(statements: Readonly<Record<string, string>>, size = 40) {
  const logs = names.map((name) => ({ origin: originOf(name), size, root }));
  return nextCharterText(
    {
      statements: new Map(Object.entries(statements)),
      previousNote,
      logs,
      effectiveAtMs: startMs + 8 * dayMs,
      expiresAtMs: startMs + 300 * dayMs,
    },
    crypto,
  );
}

function charterOf(statements: Readonly<Record<string, string>>): Charter {
  const text = draft(statements);
  const charter = text.verdict === 'accept' ? parseCharterText(text.value) : text;
  if (charter.verdict !== 'accept') throw new Error(charter.message);
  return charter.value;
}

function described(name: string): string {
  const { state: _state, ...member } = memberCalled(name);
  return encodeCanonicalJson(member)!;
}

describe('a draft', () => {
  test('without statements is the next version with the logs of now', () => {
    const charter = charterOf({});
    expect(charter).toMatchObject({ version: 2, faults: 1 });
    expect(charter.logs).toEqual(names.map((name) => ({ origin: originOf(name), size: 40, root })));
  });

  test('adds a member, whose log is not listed', () => {
    const charter = charterOf({ 'member/epsilon': described('epsilon') });
    expect(charter.members[4]).toEqual(memberCalled('epsilon'));
    expect(charter.logs).toHaveLength(4);
  });

  test('expels one at a cut-off, which is what its log then has', () => {
    const cutoff = { size: 30, root: fixed32('cut').toBase64() };
    const charter = charterOf({ 'state/delta': encodeExpulsion(cutoff) });
    expect(charter.members[3]).toMatchObject({ state: 'expelled', cutoff });
    expect(charter.logs[3]).toEqual({ origin: originOf('delta'), ...cutoff });
  });

  test('changes what a member says of itself and keeps its state', () => {
    const beta = JSON.parse(described('beta')) as object;
    const text = encodeCanonicalJson({ ...beta, addresses: [] })!;
    const charter = charterOf({ 'member/beta': text });
    expect(charter.members[1]).toMatchObject({ addresses: [], state: 'active' });
  });

  test('sets parameters', () => {
    const charter = charterOf({ 'parameter/faults': '0', 'parameter/lockedMs': '5' });
    expect(charter).toMatchObject({ faults: 0, holds: { lockedMs: 5 } });
  });

  test('takes a log as recorded when what is seen of it is shorter', () => {
    const first = signedBy(charterTextOf({}), names);
    const text = nextCharterText(
      {
        statements: new Map(),
        previousNote: first,
        logs: [{ origin: originOf('alpha'), size: 3, root }],
        effectiveAtMs: startMs + 20 * dayMs,
        expiresAtMs: startMs + 300 * dayMs,
      },
      crypto,
    );
    const charter = text.verdict === 'accept' ? parseCharterText(text.value) : text;
    expect(charter).toMatchObject({ value: { logs: [{ size: 40 }, {}, {}, {}] } });
  });

  test.each<[string, Record<string, string>, string]>([
    ['a state of no member', { 'state/omega': 'readonly' }, 'draft_unfit'],
    ['an unknown state', { 'state/beta': 'asleep' }, 'draft_unfit'],
    ['a member under another name', { 'member/beta': described('gamma') }, 'draft_unfit'],
    ['a member with its state', { 'member/beta': charterMemberText('beta') }, 'draft_unfit'],
    ['a parameter that is none', { 'parameter/colour': '1' }, 'draft_unfit'],
    ['a parameter of words', { 'parameter/faults': 'many' }, 'draft_unfit'],
    ['JSON that is not canonical', { 'member/beta': '{ }' }, 'json_not_canonical'],
    ['null for a member', { 'member/beta': 'null' }, 'draft_unfit'],
    [
      'a member with a field too many',
      { 'member/beta': '{"name":"beta","x":1}' },
      'charter_malformed',
    ],
    [
      'too few members',
      { 'state/beta': 'readonly', 'parameter/faults': '2' },
      'charter_faults_invalid',
    ],
    ['a replaced ruleset', { 'parameter/rulesetNumber': '7' }, 'charter_succession_invalid'],
  ])('is refused with %s', (_what, statements, code) => {
    expect(draft(statements)).toMatchObject({ verdict: 'reject', code });
  });
});

describe('a statement', () => {
  test.each([
    ['member/delta', 'x', true],
    ['state/delta', 'x', true],
    ['parameter/faults', '1', true],
    ['parameter/faults', '', false],
    ['other/delta', 'x', false],
    ['member/del ta', 'x', false],
    [`member/${'a'.repeat(90)}`, 'x', false],
    ['member/delta', 'x'.repeat(8193), false],
    ['member/delta', '\ud800', false],
  ])('%s with a text of some form: %s', (field, text, is) => {
    expect(isDraftStatement(field, text)).toBe(is);
  });
});

describe('a proposal', () => {
  test('is verified like a charter, but for its signatures', () => {
    const text = charterTextOf({});
    expect(verifyProposal(text, previousNote, crypto)).toMatchObject({ verdict: 'accept' });
    const signed = signedBy(text, ['alpha']);
    expect(verifyNextCharter(signed, previousNote, crypto)).toMatchObject({
      code: 'charter_quorum_missing',
    });
    expect(verifyProposal(text, undefined, crypto)).toMatchObject({ code: 'charter_not_founding' });
    const founding = charterText(foundingCharter(4, 1));
    expect(verifyProposal(founding, undefined, crypto)).toMatchObject({ verdict: 'accept' });
  });

  test('has signers, named once, of either charter; a bad signature refuses it', () => {
    const text = charterTextOf({ 'member/epsilon': described('epsilon') });
    const [before, after] = [foundingCharter(4, 1), parsed(text)];
    const note = signedBy(text, ['epsilon', 'beta', 'beta', 'zeta']);
    expect(charterSigners(note, [before, after], crypto)).toMatchObject({
      value: ['beta', 'epsilon'],
    });
    const stranger = signedBy(text, ['zeta']);
    expect(charterSigners(stranger, [before], crypto)).toMatchObject({ value: [] });
    const broken = signedBy(`${text.slice(0, -1)}\n`, ['beta']).replace(
      text,
      text.replace('1', '2'),
    );
    expect(charterSigners(broken, [before], crypto)).toMatchObject({
      code: 'note_signature_invalid',
    });
  });
});

function charterTextOf(statements: Readonly<Record<string, string>>): string {
  const text = draft(statements);
  if (text.verdict !== 'accept') throw new Error(text.message);
  return text.value;
}

function parsed(text: string): Charter {
  const charter = parseCharterText(text);
  if (charter.verdict !== 'accept') throw new Error(charter.message);
  return charter.value;
}

function charterMemberText(name: string): string {
  return encodeCanonicalJson(memberCalled(name))!;
}
