import { describe, expect, test } from 'vitest';
import { mergeCheckpointNotes, verifyAgreedCheckpoint } from '../src/agreed-checkpoint.ts';
import { nodeCryptography as crypto } from '../src/crypto/node.ts';
import { charterSet } from '../src/fold/charter-set.ts';
import type { KnownCharter } from '../src/fold/charter-set.ts';
import { encodeWitnessRequest, parseWitnessRequest } from '../src/witness-request.ts';
import { readVectors } from './read-vectors.ts';

const vectors = readVectors('agreed');

describe('vectors of agreed checkpoints', () => {
  test.each(vectors.filter(({ content }) => content.charter !== undefined))(
    '$name',
    ({ content }) => {
      const verdict = verifyAgreedCheckpoint(content.note, known(content.charter), crypto);
      if (verdict.verdict !== 'accept') {
        expect(verdict.code).toBe(content.expect);
        return;
      }
      expect(content.expect).toBe('accept');
      const { checkpoint, cosigners, timestampSeconds } = verdict.value;
      expect({ cosigners, timestampSeconds }).toEqual({
        cosigners: content.cosigners,
        timestampSeconds: content.timestampSeconds,
      });
      expect(content.note.startsWith(`${checkpoint.origin}\n42\n`)).toBe(true);
    },
  );
});

describe('vectors of requests to a witness', () => {
  test.each(vectors.filter(({ content }) => content.body !== undefined))('$name', ({ content }) => {
    const verdict = parseWitnessRequest(content.body);
    if (verdict.verdict !== 'accept') {
      expect(verdict.code).toBe(content.expect);
      return;
    }
    expect(content.expect).toBe('accept');
    expect(verdict.value.oldSize).toBe(content.oldSize);
    expect(verdict.value.proof.length).toBe(content.proofHashes);
    expect(encodeWitnessRequest(verdict.value)).toBe(content.body);
  });
});

test('merging keeps each line once, and drops notes of another text', () => {
  const { content } = vectors.find(({ name }) => name.includes('three_of_four'))!;
  const other = content.note.replace('\n42\n', '\n43\n');
  expect(mergeCheckpointNotes([content.note, content.note, other])).toBe(content.note);
});

function known(note: string): KnownCharter {
  const charters = charterSet([note], crypto);
  if (charters.verdict !== 'accept') throw new Error(charters.code);
  return charters.value.current;
}
