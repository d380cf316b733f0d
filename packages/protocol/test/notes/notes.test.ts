import { describe, expect, test } from 'vitest';
import { parseCheckpoint } from '../../src/checkpoint.ts';
import { verifyCosignature } from '../../src/cosignature.ts';
import { nodeCryptography as crypto } from '../../src/crypto/node.ts';
import { noteBytesMax } from '../../src/limits.ts';
import { encodeNote, parseNote } from '../../src/notes/note.ts';
import { noteSigner, signNote, verifyNote } from '../../src/notes/signed-note.ts';
import {
  encodeVerifierKey,
  parseVerifierKey,
  verifierKeyOf,
} from '../../src/notes/verifier-key.ts';
import type { VerifierKey } from '../../src/notes/verifier-key.ts';
import { readJson, readVectors } from '../read-vectors.ts';

interface PublicNote {
  readonly name: string;
  readonly vkeys: readonly string[];
  readonly note: string;
}

const vectors = readVectors('notes');
const of = (verify: string): typeof vectors =>
  vectors.filter(({ content }) => content.verify === verify);

describe('vectors of notes', () => {
  test.each(of('note'))('$name', ({ content }) => {
    const verdict = verifyNote(content.note, content.vkeys.map(keyOf), crypto);
    if (verdict.verdict === 'accept') {
      expect('accept').toBe(content.expect);
      expect(verdict.value.verified.map(({ name }) => name)).toEqual(content.verified);
    } else {
      expect(verdict.code).toBe(content.expect);
    }
  });
});

describe('vectors of verifier keys', () => {
  test.each(of('verifier-key'))('$name', ({ content }) => {
    const verdict = parseVerifierKey(content.vkey);
    if (verdict.verdict === 'accept') {
      const { name, algorithm, publicKey } = verdict.value;
      expect({ name, algorithm, publicKey: publicKey.toHex() }).toEqual(content.key);
      expect(encodeVerifierKey(verdict.value, crypto)).toBe(content.vkey);
    } else {
      expect(verdict.code).toBe(content.expect);
    }
  });
});

describe('notes found in the wild', () => {
  const notes: PublicNote[] = readJson('c2sp/notes.json');

  test.each(notes)('$name verifies', ({ vkeys, note }) => {
    const keys = vkeys.map(keyOf);
    const verdict = verifyNote(note, keys, crypto);
    expect(verdict.verdict === 'accept' && verdict.value.verified).toEqual(keys);
    const parsed = parseNote(note);
    expect(parsed.verdict === 'accept' && encodeNote(parsed.value)).toBe(note);
    expect(vkeys.map((vkey) => encodeVerifierKey(keyOf(vkey), crypto))).toEqual(vkeys);
  });

  test.each(notes)('$name does not verify with a letter changed', ({ vkeys, note }) => {
    const changed = note.replace(/[a-z]/, (letter) => (letter === 'x' ? 'y' : 'x'));
    const verdict = verifyNote(changed, vkeys.map(keyOf), crypto);
    expect(verdict).toMatchObject({ verdict: 'reject', code: 'note_signature_invalid' });
  });

  test.each(notes.slice(1))('$name carries a checkpoint', ({ note }) => {
    const parsed = parseNote(note);
    expect(parsed.verdict === 'accept' && parseCheckpoint(parsed.value.text).verdict).toBe(
      'accept',
    );
  });

  test.each(notes.filter(({ name }) => name.includes('cosignature')))(
    '$name has a time',
    ({ vkeys, note }) => {
      const verdict = verifyCosignature(note, keyOf(vkeys[0]!), crypto);
      // 2025-12-31T00:00:00Z, the same in all three.
      expect(verdict).toMatchObject({ value: { timestampSeconds: 0x69546780 } });
    },
  );
});

describe("the rules of Go's notes", () => {
  const go = readJson('golang-mod/note.json');
  const keys: VerifierKey[] = Object.values<string>(go.vkeys).map(keyOf);

  test('both signatures verify, alone and together', () => {
    const [first, second]: string[] = go.sigs;
    const notes = [first, second, `${first}${second}`].map((lines) => `${go.text}\n${lines}`);
    expect(notes.map((note) => verifyNote(note, keys, crypto).verdict)).toEqual([
      'accept',
      'accept',
      'accept',
    ]);
  });

  test('signing gives the very same line', () => {
    // PRIVATE+KEY+<name>+<hash>+<base64>, and base64 may have a plus sign of its own.
    const base64: string = go.skey.split('+').slice(4).join('+');
    const secret = Uint8Array.fromBase64(base64).slice(1);
    const signer = crypto.ed25519Signer(secret);
    const signed = signNote(go.text, [noteSigner({ name: 'PeterNeumann', signer }, crypto)]);
    expect(signed).toBe(`${go.text}\n${go.sigs[0]}`);
  });

  test('every other spelling of a verifier key is refused', () => {
    const texts: string[] = [...go.badVkeys, go.skey];
    for (const vkey of Object.values<string>(go.vkeys)) {
      for (let end = 0; end < vkey.length; end += 1) texts.push(vkey.slice(0, end));
      for (let start = 1; start <= vkey.length; start += 1) texts.push(vkey.slice(start));
    }
    for (const text of texts) {
      expect(parseVerifierKey(text)).toMatchObject({ code: 'verifier_key_malformed' });
    }
  });
});

describe('notes', () => {
  const signer = noteSigner(
    { name: 'a.example/log', signer: crypto.ed25519Signer(new Uint8Array(32).fill(7)) },
    crypto,
  );

  test.each([
    { size: noteBytesMax - 1, expected: 'accept' },
    { size: noteBytesMax, expected: 'accept' },
    { size: noteBytesMax + 1, expected: 'note_too_large' },
  ])('of $size bytes: $expected', ({ size, expected }) => {
    const frame = signNote('\n', [signer]).length + 2;
    // Characters of two bytes: the limit counts bytes, not characters.
    const pairs = Math.floor((size - frame) / 2);
    const text = `${'é'.repeat(pairs)}${'e'.repeat((size - frame) % 2)}\n`;
    const note = signNote(text, [signer]);
    expect(new TextEncoder().encode(note).length).toBe(size);
    const verdict = parseNote(note);
    expect(verdict.verdict === 'accept' ? 'accept' : verdict.code).toBe(expected);
  });

  test('are not made of a text that is none', () => {
    expect(() => signNote('no newline', [signer])).toThrow('ends in a newline');
    expect(() => signNote('tab\t\n', [signer])).toThrow('control characters');
    expect(() => signNote('text\n', [])).toThrow('has a signature');
  });

  test('two keys of one name and hash are a mistake of the caller', () => {
    const key = verifierKeyOf({ name: 'a', algorithm: 0x01, publicKey: new Uint8Array(32) });
    expect(() => verifyNote(signNote('text\n', [signer]), [key, key], crypto)).toThrow('differ');
  });
});

function keyOf(vkey: string): VerifierKey {
  const key = parseVerifierKey(vkey);
  if (key.verdict !== 'accept') throw new Error(key.message);
  return key.value;
}
