import { describe, expect, test } from 'vitest';
import { nodeCryptography as crypto } from '../../src/crypto/node.ts';
import type { BindingState } from '../../src/fold/fold-label.ts';
import { bindingStateHash, encodeBindingState } from '../../src/index-tree/binding-state-hash.ts';
import {
  encodeIndexRoot,
  parseIndexRoot,
  signIndexRoot,
  verifyIndexRoot,
} from '../../src/index-tree/index-root.ts';
import { noteSigner } from '../../src/notes/signed-note.ts';
import { parseVerifierKey, verifierKeyOf } from '../../src/notes/verifier-key.ts';
import type { VerifierKey } from '../../src/notes/verifier-key.ts';
import { readJson, readVectors } from '../read-vectors.ts';
import { bytes32, StoredIndex } from './reference-index.ts';

const vectors = readVectors('index');
const ofKind = (kind: string) => vectors.filter(({ content }) => content.verify === kind);

function keyOf(text: string): VerifierKey {
  const key = parseVerifierKey(text);
  if (key.verdict !== 'accept') throw new Error(key.code);
  return key.value;
}

describe('vectors of index roots', () => {
  test.each(ofKind('index root'))('$name', ({ content }) => {
    const verdict = verifyIndexRoot(content.note, keyOf(content.logKey), crypto);
    expect(verdict.verdict === 'accept' ? 'accept' : verdict.code).toBe(content.expect);
    if (verdict.verdict !== 'accept') return;
    expect(content.note.startsWith(`${encodeIndexRoot(verdict.value)}\n`)).toBe(true);
  });
});

describe('vectors of trees', () => {
  test.each(ofKind('index tree'))('$name', ({ content }) => {
    const leaves = content.leaves.map((leaf: { label: string; stateHash: string }) => ({
      label: Uint8Array.fromHex(leaf.label),
      stateHash: Uint8Array.fromHex(leaf.stateHash),
    }));
    expect(new StoredIndex().apply(leaves).root.toHex()).toBe(content.root);
  });
});

describe('vectors of binding states', () => {
  test.each(ofKind('binding state'))('$name', ({ content }) => {
    const hashes = ['ownershipId', 'authority', 'recovery', 'email', 'entryId', 'commitment'];
    const state = { ...content.state } as Record<string, unknown>;
    for (const field of hashes) {
      if (state[field] !== null) state[field] = Uint8Array.fromHex(state[field] as string);
    }
    const typed = state as unknown as BindingState;
    expect(encodeBindingState(typed).toHex()).toBe(content.encoded);
    expect(bindingStateHash(typed, crypto).toHex()).toBe(content.stateHash);
    // Which log was first, and when, is no part of it.
    const elsewhere = { ...typed, origin: 'api.beta.example/log', changedAtMs: 1 };
    expect(bindingStateHash(elsewhere, crypto).toHex()).toBe(content.stateHash);
  });
});

describe('an index root', () => {
  const signer = crypto.ed25519Signer(bytes32('log key'));
  const named = { name: 'api.alpha.example/log', signer };
  const key = verifierKeyOf({ ...named, algorithm: 0x01, publicKey: signer.publicKey });
  const root = {
    ruleset: 1,
    charter: bytes32('charter'),
    root: bytes32('root'),
    logs: [{ origin: 'api.alpha.example/log', size: 3, root: bytes32('log') }],
  };

  test('verifies as it was signed', () => {
    const note = signIndexRoot(root, noteSigner(named, crypto));
    expect(verifyIndexRoot(note, key, crypto)).toEqual({ verdict: 'accept', value: root });
  });

  test('is no checkpoint, and a checkpoint is none', () => {
    const { note } = readJson('notes/valid/checkpoint.json');
    expect(parseIndexRoot(note.split('\n\n')[0])).toMatchObject({ code: 'index_root_malformed' });
  });

  test('with logs out of order is a mistake of the caller', () => {
    const [log] = root.logs;
    expect(() => encodeIndexRoot({ ...root, logs: [log!, log!] })).toThrow('each once');
  });
});
