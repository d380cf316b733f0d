import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nodeCryptography as crypto } from '../../src/crypto/node.ts';
import { signNote } from '../../src/notes/signed-note.ts';
import { encodeKeyBundle, parseKeyBundle } from '../../src/oblivious/key-bundle.ts';
import { encodeKeyConfigurations } from '../../src/oblivious/key-configuration.ts';
import { signKeyStatement, verifyKeyStatement } from '../../src/oblivious/key-statement.ts';
import {
  fixedNoteSigner,
  foundingCharter,
  originOf,
  startMs,
} from '../make-vectors/charter-base.ts';
import { mutationsOf } from '../mutations.ts';

const charter = foundingCharter(4, 1);
const encoded = encodeKeyConfigurations([
  { keyId: 3, publicKey: new Uint8Array(32).fill(9), suites: [{ kdf: 1, aead: 1 }] },
]);

function statementOf(name: string, madeAtMs = startMs): string {
  const origin = originOf(name);
  return signKeyStatement({ origin, madeAtMs, encoded }, fixedNoteSigner(origin));
}

function codeOf(note: string, nowMs = startMs): string {
  const verdict = verifyKeyStatement(note, { charter, nowMs }, crypto);
  return verdict.verdict === 'accept' ? `accept ${verdict.value.member.name}` : verdict.code;
}

describe('a key statement', () => {
  test('is accepted of an active member about itself', () => {
    expect(codeOf(statementOf('beta'))).toBe('accept beta');
  });

  test('is refused of somebody else, or signed by somebody else', () => {
    expect(codeOf(statementOf('theta'))).toBe('oblivious_keys_malformed');
    const swapped = statementOf('beta').replaceAll('beta', 'alpha');
    expect(codeOf(swapped)).toBe('note_signature_missing');
  });

  test('is refused with a second signature, even of a key that nobody knows', () => {
    const [text] = statementOf('beta').split('\n\n');
    const beta = fixedNoteSigner(originOf('beta'));
    const other = fixedNoteSigner('mark.example');
    expect(codeOf(signNote(`${text}\n`, [beta]))).toBe('accept beta');
    expect(codeOf(signNote(`${text}\n`, [beta, other]))).toBe('oblivious_keys_malformed');
  });

  test('is worth nothing after 48 hours, and not before its date', () => {
    const hourMs = 3_600_000;
    const note = statementOf('beta');
    expect(codeOf(note, startMs + 48 * hourMs)).toBe('accept beta');
    expect(codeOf(note, startMs + 48 * hourMs + 1)).toBe('oblivious_keys_old');
    expect(codeOf(note, startMs - 600_000)).toBe('accept beta');
    expect(codeOf(note, startMs - 600_001)).toBe('oblivious_keys_old');
  });

  test('and a bundle of any text end in a verdict', () => {
    const note = statementOf('beta');
    fc.assert(
      fc.property(mutationsOf([note, encodeKeyBundle([note])]), (text) => {
        verifyKeyStatement(text, { charter, nowMs: startMs }, crypto);
        parseKeyBundle(text);
      }),
    );
  });
});

describe('a bundle of statements', () => {
  const notes = ['delta', 'alpha', 'gamma', 'beta'].map((name) => statementOf(name));

  test('has one spelling, in whatever order they came', () => {
    const bundle = encodeKeyBundle(notes);
    expect(encodeKeyBundle(notes.toReversed())).toBe(bundle);
    const verdict = parseKeyBundle(bundle);
    expect(verdict.verdict === 'accept' && encodeKeyBundle(verdict.value)).toBe(bundle);
  });

  test('has one statement a member, in order, and nothing else', () => {
    const [one, two] = [statementOf('alpha'), statementOf('beta')];
    const bundled = (...list: unknown[]) => parseKeyBundle(JSON.stringify({ statements: list }));
    expect(bundled(one, two).verdict).toBe('accept');
    expect(bundled(two, one).verdict).toBe('reject');
    expect(bundled(one, one).verdict).toBe('reject');
    expect(bundled(one, 7).verdict).toBe('reject');
    expect(bundled('note').verdict).toBe('reject');
    expect(parseKeyBundle('{"statements":[],"x":1}').verdict).toBe('reject');
    expect(parseKeyBundle('[]').verdict).toBe('reject');
    expect(parseKeyBundle('null').verdict).toBe('reject');
  });
});
