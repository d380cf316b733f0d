import { describe, expect, test } from 'vitest';
import {
  encodeCheckpoint,
  parseCheckpoint,
  signCheckpoint,
  verifyCheckpoint,
} from '../src/checkpoint.ts';
import { cosignCheckpoint, cosignerKeyOf, verifyCosignature } from '../src/cosignature.ts';
import { nodeCryptography as crypto } from '../src/crypto/node.ts';
import { noteSigner } from '../src/notes/signed-note.ts';
import { parseVerifierKey, verifierKeyOf } from '../src/notes/verifier-key.ts';
import type { VerifierKey } from '../src/notes/verifier-key.ts';
import { readVectors } from './read-vectors.ts';

const vectors = readVectors('notes').filter(({ content }) =>
  ['checkpoint', 'cosignature'].includes(content.verify),
);

describe('vectors of checkpoints and cosignatures', () => {
  test.each(vectors.filter(({ content }) => content.verify === 'checkpoint'))(
    '$name',
    ({ content }) => {
      const verdict = verifyCheckpoint(content.note, keyOf(content.logKey), crypto);
      if (verdict.verdict !== 'accept') {
        expect(verdict.code).toBe(content.expect);
        return;
      }
      const { origin, size, root } = verdict.value;
      expect({ origin, size, root: root.toBase64() }).toEqual(content.checkpoint);
      expect(content.note.startsWith(`${encodeCheckpoint(verdict.value)}\n`)).toBe(true);
    },
  );

  test.each(vectors.filter(({ content }) => content.verify === 'cosignature'))(
    '$name',
    ({ content }) => {
      const verdict = verifyCosignature(content.note, keyOf(content.cosignerKey), crypto);
      if (verdict.verdict !== 'accept') expect(verdict.code).toBe(content.expect);
      else expect(verdict.value.timestampSeconds).toBe(content.timestampSeconds);
    },
  );
});

const origin = 'api.alpha.example/log';
const signer = crypto.ed25519Signer(new Uint8Array(32).fill(1));
const logKey = verifierKeyOf({ name: origin, algorithm: 0x01, publicKey: signer.publicKey });
const checkpoint = { origin, size: 42, root: crypto.sha256() };
const note = signCheckpoint(checkpoint, noteSigner({ name: origin, signer }, crypto));

describe('checkpoints', () => {
  test('verify as they were signed', () => {
    expect(verifyCheckpoint(note, logKey, crypto)).toEqual({
      verdict: 'accept',
      value: checkpoint,
    });
  });

  test('are signed by the log of their origin only', () => {
    const other = noteSigner({ name: 'api.beta.example/log', signer }, crypto);
    expect(() => signCheckpoint(checkpoint, other)).toThrow('for its own origin');
  });

  test.each([
    { ...checkpoint, origin: '' },
    { ...checkpoint, origin: 'two\nlines' },
    { ...checkpoint, size: -1 },
    { ...checkpoint, size: 0.5 },
    { ...checkpoint, root: new Uint8Array(31) },
  ])('are not encoded from %o', (broken) => {
    expect(() => encodeCheckpoint(broken)).toThrow(TypeError);
  });

  test('text alone says nothing of signatures', () => {
    const text = encodeCheckpoint(checkpoint);
    expect(parseCheckpoint(text)).toEqual({ verdict: 'accept', value: checkpoint });
  });
});

describe('cosignatures', () => {
  const cosigner = {
    name: 'api.beta.example/log',
    signer: crypto.ed25519Signer(new Uint8Array(32).fill(2)),
  };
  const { publicKey } = cosigner.signer;
  const memberKey = verifierKeyOf({ name: cosigner.name, algorithm: 0x01, publicKey });
  const cosigned = cosignCheckpoint(note, cosigner, 1_767_225_600);

  test('leave the signature of the log in place', () => {
    expect(cosigned.startsWith(note)).toBe(true);
    expect(verifyCheckpoint(cosigned, logKey, crypto).verdict).toBe('accept');
  });

  test("verify by the cosigner's log key under algorithm 4", () => {
    const value = { checkpoint, timestampSeconds: 1_767_225_600 };
    const verdict = verifyCosignature(cosigned, cosignerKeyOf(memberKey), crypto);
    expect(verdict).toEqual({ verdict: 'accept', value });
  });

  test('a log key is no cosigner key', () => {
    expect(() => verifyCosignature(cosigned, memberKey, crypto)).toThrow('algorithm 4');
  });
});

function keyOf(vkey: string): VerifierKey {
  const key = parseVerifierKey(vkey);
  if (key.verdict !== 'accept') throw new Error(key.message);
  return key.value;
}
