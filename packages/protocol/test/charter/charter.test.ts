import { describe, expect, test } from 'vitest';
import { verifyFoundingCharter, verifyNextCharter } from '../../src/charter/adoption.ts';
import { parseCanonicalJson } from '../../src/charter/canonical-json.ts';
import {
  charterHash,
  encodeCharter,
  parseCharter,
  parseCharterText,
} from '../../src/charter/charter.ts';
import type { Charter } from '../../src/charter/charter.ts';
import { activeMembers, challengedMin, quorumOf } from '../../src/charter/quorum.ts';
import { nodeCryptography as crypto } from '../../src/crypto/node.ts';
import { charterBytesMax } from '../../src/limits.ts';
import { foundingCharter } from '../make-vectors/charter-base.ts';
import { readVectors } from '../read-vectors.ts';

describe('vectors of charters', () => {
  test.each(readVectors('charter'))('$name', ({ content }) => {
    const { note, previous, hash } = content;
    const verdict =
      previous === undefined
        ? verifyFoundingCharter(note, crypto)
        : verifyNextCharter(note, previous, crypto);
    expect(verdict.verdict === 'accept' ? 'accept' : verdict.code).toBe(content.expect);
    if (verdict.verdict !== 'accept') return;
    expect(charterHash(note, crypto).toHex()).toBe(hash);
    expect(note.startsWith(`${encodeCharter(verdict.value)}\n`)).toBe(true);
  });
});

describe('refusals', () => {
  test('another version is ignored, for it may be honest; a broken rule is rejected', () => {
    const verdicts = readVectors('charter')
      .filter(({ content }) => content.previous !== undefined && content.expect !== 'accept')
      .map(({ content }) => verifyNextCharter(content.note, content.previous, crypto));
    for (const verdict of verdicts) {
      if (verdict.verdict === 'accept') throw new Error('an invalid vector was accepted');
      const ignored = verdict.code === 'charter_version_not_next';
      expect(verdict.verdict).toBe(ignored ? 'ignore' : 'reject');
    }
  });

  test.each([
    ['missing field', '{"version":1}\n', 'charter lacks previous'],
    [
      'field of a member',
      textWith({ members: [{ ...foundingCharter(1, 0).members[0]!, zone: 'No.Zone' }] }),
      'charter.members[0].zone is not a zone name in lower case without its final dot',
    ],
    [
      'list too long',
      textWith({ logs: Array.from({ length: 17 }, () => 0) }),
      'charter.logs has 17 items, not 0 to 16',
    ],
  ])('name the %s and never repeat a value', (_what, text, message) => {
    expect(parseCharterText(text)).toEqual({
      verdict: 'reject',
      code: 'charter_malformed',
      message,
    });
  });

  test.each([
    { size: charterBytesMax - 1, code: 'json_not_canonical' },
    { size: charterBytesMax, code: 'json_not_canonical' },
    { size: charterBytesMax + 1, code: 'charter_too_large' },
  ])('of a text of $size bytes: $code', ({ size, code }) => {
    expect(parseCharterText(`${' '.repeat(size - 1)}\n`)).toMatchObject({ code });
  });

  test('nesting without end is not followed', () => {
    expect(parseCanonicalJson('['.repeat(60_000))).toMatchObject({ code: 'json_not_canonical' });
    const closed = `${'['.repeat(60_000)}${']'.repeat(60_000)}`;
    expect(parseCanonicalJson(closed)).toMatchObject({ code: 'json_not_canonical' });
  });

  test('a charter that would be refused is not encoded', () => {
    const charter = { ...foundingCharter(3, 0), faults: 1 };
    expect(() => encodeCharter(charter)).toThrow('3 active members for 1 faults, at least 4');
  });
});

describe('parsing', () => {
  test('gives a founded charter and the next one, signed or not by enough', () => {
    const accepted = readVectors('charter').filter(({ name }) => name.includes('quorum'));
    for (const { content } of accepted) expect(parseCharter(content.note).verdict).toBe('accept');
    expect(accepted.length).toBeGreaterThan(5);
  });
});

describe('quorums', () => {
  test.each([
    { active: 1, faults: 0, quorum: 1, register: 1, request: 1 },
    { active: 2, faults: 0, quorum: 2, register: 1, request: 2 },
    { active: 3, faults: 0, quorum: 2, register: 1, request: 2 },
    { active: 4, faults: 1, quorum: 3, register: 2, request: 2 },
    { active: 5, faults: 1, quorum: 4, register: 2, request: 2 },
    { active: 7, faults: 2, quorum: 5, register: 3, request: 3 },
    { active: 16, faults: 5, quorum: 11, register: 6, request: 6 },
  ])('$active members, $faults faults: q = $quorum', (row) => {
    const charter = foundingCharter(row.active, row.faults);
    expect(quorumOf(charter)).toBe(row.quorum);
    expect(challengedMin(charter, 'register')).toBe(row.register);
    expect(challengedMin(charter, 'commit')).toBe(row.register);
    expect(challengedMin(charter, 'request')).toBe(row.request);
    for (const kind of ['rotate', 'release', 'veto', 'update'] as const) {
      expect(challengedMin(charter, kind)).toBe(0);
    }
  });

  test('two of them always share an honest member, and one can always be met', () => {
    for (let active = 1; active <= 16; active += 1) {
      for (let faults = 0; 3 * faults + 1 <= active; faults += 1) {
        const quorum = quorumOf(foundingCharter(active, faults));
        expect(2 * quorum - active).toBeGreaterThan(faults);
        expect(quorum).toBeLessThanOrEqual(active - faults);
      }
    }
  });

  test('count active members only', () => {
    const charter = foundingCharter(5, 1);
    const members = charter.members.map((member, index) =>
      index === 0 ? ({ ...member, state: 'readonly' } as const) : member,
    );
    expect(activeMembers({ ...charter, members }).map(({ name }) => name)).toEqual([
      'beta',
      'gamma',
      'delta',
      'epsilon',
    ]);
    expect(quorumOf({ ...charter, members })).toBe(3);
  });
});

/** A founding charter's text with some fields replaced, names in order. */
function textWith(change: Readonly<Record<string, unknown>>): string {
  const charter: Record<string, unknown> & Charter = { ...foundingCharter(1, 0), ...change };
  const sorted = (_name: string, value: unknown): unknown =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return `${JSON.stringify(charter, sorted)}\n`;
}
