// Over 100 000 notes and verifier keys: valid ones changed in one or two places, and garbage.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCheckpoint } from '../../src/checkpoint.ts';
import { nodeCryptography as crypto } from '../../src/crypto/node.ts';
import { encodeNote, parseNote } from '../../src/notes/note.ts';
import { encodeVerifierKey, parseVerifierKey } from '../../src/notes/verifier-key.ts';
import { mutationsOf } from '../mutations.ts';
import { readVectors } from '../read-vectors.ts';

const vectors = readVectors('notes').map(({ content }) => content);
const short = (text: unknown): text is string => typeof text === 'string' && text.length < 800;
const notes = vectors.map(({ note }) => note).filter(short);
const vkeys = vectors.map(({ vkey }) => vkey).filter(short);

test('a note is refused with a code, or is its own one spelling', { timeout: 120_000 }, () => {
  const accepted = { count: 0 };
  fc.assert(
    fc.property(mutationsOf(notes), (text) => {
      const verdict = parseNote(text);
      if (verdict.verdict !== 'accept') {
        expect(verdict.code).toMatch(/^note_/);
        return;
      }
      accepted.count += 1;
      if (encodeNote(verdict.value) !== text) throw new Error('two spellings of one note');
      const checkpoint = parseCheckpoint(verdict.value.text);
      if (checkpoint.verdict !== 'accept') expect(checkpoint.code).toBe('checkpoint_malformed');
    }),
    { numRuns: 110_000 },
  );
  // The mutations reach past the first check: many still are notes.
  expect(accepted.count).toBeGreaterThan(10_000);
});

test('a verifier key is refused with a code, or is its own one spelling', () => {
  fc.assert(
    fc.property(mutationsOf(vkeys), (text) => {
      const verdict = parseVerifierKey(text);
      if (verdict.verdict !== 'accept') expect(verdict.code).toBe('verifier_key_malformed');
      else expect(encodeVerifierKey(verdict.value, crypto)).toBe(text);
    }),
    { numRuns: 20_000 },
  );
});
