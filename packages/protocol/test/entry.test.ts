// Entries of all seven kinds: form, limits, signatures; signing and verifying fit together.
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { nobleCryptography } from '../src/crypto/noble.ts';
import { nodeCryptography } from '../src/crypto/node.ts';
import { sodiumCryptography } from '../src/crypto/sodium.ts';
import { signEntry } from '../src/entry-signing.ts';
import { encodeEntry, entryId, parseEntry, verifyEntry, verifyRotateBy } from '../src/entry.ts';
import {
  authority,
  drafts,
  encodedFields,
  newAuthority,
  recovery,
  signedEntry,
  stranger,
} from './make-vectors/signed-entry.ts';
import { readable } from './make-vectors/vector-case.ts';
import { readVectors } from './read-vectors.ts';
import type { EntryDraft, EntrySigners } from '../src/entry-signing.ts';
import type { Entry } from '../src/entry.ts';

const implementations = [sodiumCryptography, nodeCryptography, nobleCryptography];
const files = readVectors('entries');

describe.each(implementations)('vectors, $name', (crypto) => {
  test.each(files)('agrees with $name', ({ content }) => {
    const bytes = Uint8Array.fromHex(content.bytes);
    const verified = verifyEntry(bytes, crypto);
    if (content.expect !== 'accept') {
      expect(verified).toMatchObject({ verdict: 'reject', code: content.expect });
      return;
    }
    if (verified.verdict !== 'accept') throw new Error(verified.message);
    const entry = verified.value;
    expect(readable(entry)).toEqual(content.fields);
    expect(encodeEntry(entry)).toEqual(bytes);
    expect(entryId(bytes, crypto).toHex()).toBe(content.id);
    if (content.previousAuthority === undefined) return;
    const previousAuthority = Uint8Array.fromHex(content.previousAuthority);
    expect(verifyRotateBy(entry, previousAuthority, crypto)).toBe(content.isByPrevious);
  });
});

test('form alone is refused by parseEntry, signatures by verifyEntry', () => {
  for (const { name, content } of files) {
    const formCode = content.expect === 'entry_signature_invalid' ? 'accept' : content.expect;
    const parsed = parseEntry(Uint8Array.fromHex(content.bytes));
    expect(parsed.verdict === 'accept' ? 'accept' : parsed.code, name).toBe(formCode);
  }
});

describe('signEntry', () => {
  const signers: EntrySigners = { authority };

  test.each(Object.values(drafts))('makes the bytes of the vectors: $kind', async (draft) => {
    const all = draft.kind === 'rotate' ? { authority, newAuthority } : signers;
    expect(await signEntry(draft as EntryDraft, all)).toEqual(signedEntry(draft));
  });

  test('adds the recovery key and its signature to a request', async () => {
    const draft = { ...drafts.request, class: 'recovery' } as EntryDraft;
    const bytes = await signEntry(draft, { authority, recovery });
    expect(bytes).toEqual(signedEntry({ ...drafts.request, class: 'recovery' }));
  });

  test('waits for a signer that answers later', async () => {
    const slow = {
      publicKey: authority.publicKey,
      sign: (message: Uint8Array) => Promise.resolve(authority.sign(message)),
    };
    const bytes = await signEntry(drafts.update as EntryDraft, { authority: slow });
    expect(verifyEntry(bytes, sodiumCryptography).verdict).toBe('accept');
  });

  test.each<[string, object, EntrySigners]>([
    ['another authority than the one named', drafts.update, { authority: stranger }],
    ['a rotate without the new key', drafts.rotate, { authority }],
    ['a new key in an update', drafts.update, { authority, newAuthority }],
    ['a recovery key in an update', drafts.update, { authority, recovery }],
    [
      'class recovery without a recovery key',
      { ...drafts.request, class: 'recovery' },
      { authority },
    ],
    ['a draft that breaks the form', { ...drafts.update, seq: 0 }, { authority }],
  ])('throws on %s', async (_, draft, signers) => {
    await expect(signEntry(draft as EntryDraft, signers)).rejects.toThrow(TypeError);
  });
});

describe('any entry', () => {
  const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const orNull = fc.option(bytes32, { nil: null });
  const updates = fc.record<Entry>({
    v: fc.constant(1),
    kind: fc.constant('update'),
    labelEpoch: fc.maxSafeNat(),
    label: bytes32,
    epoch: fc.maxSafeNat(),
    seq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    prev: bytes32,
    authority: bytes32,
    commitment: orNull,
    recovery: orNull,
    lock: fc.boolean(),
    email: orNull,
    sig: fc.uint8Array({ minLength: 64, maxLength: 64 }),
  });

  test('decodes to what it was', () => {
    fc.assert(
      fc.property(updates, (entry) => {
        const bytes = encodeEntry(entry);
        expect(parseEntry(bytes)).toEqual({ verdict: 'accept', value: entry });
        expect(bytes).toEqual(encodedFields(entry));
        expect(entryId(bytes, nobleCryptography).toHex()).toBe(
          createHash('sha256').update(bytes).digest('hex'),
        );
      }),
      { numRuns: 500 },
    );
  });

  test('with changed bytes never throws and never verifies', () => {
    const entries = Object.values(drafts).map((draft) => signedEntry(draft));
    const change = fc.tuple(fc.nat(entries.length - 1), fc.nat(), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(change, ([which, where, mask]) => {
        const bytes = Uint8Array.from(entries[which]!);
        const index = where % bytes.length;
        bytes[index] = bytes[index]! ^ mask;
        const verified = verifyEntry(bytes, sodiumCryptography);
        // A rotate's own sig is checked against the key it replaces, which the fold knows.
        if (verified.verdict === 'accept') {
          expect(verified.value.kind).toBe('rotate');
          const by = authority.publicKey;
          expect(verifyRotateBy(verified.value, by, sodiumCryptography)).toBe(false);
        }
      }),
      { numRuns: 5000 },
    );
  });
});
