/** Whatever bytes and texts a peer makes up: a verdict, never an exception. */
import { encodeCbor, isDraftStatement } from '@callbook/protocol';
import type { CborValue } from '@callbook/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseDraftChange, signDraftChange } from '../../src/draft/draft-change.ts';
import { parseDraftDiscard } from '../../src/draft/draft-discard.ts';
import { encodeDraftNews, parseDraftNews } from '../../src/draft/draft-news.ts';
import { base, openDraft, signerOf } from './drafters.ts';

const bytes = (size: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: size, maxLength: size });
const { value } = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(fc.integer(), fc.boolean(), fc.constant(null), fc.string(), fc.uint8Array()),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ maxLength: 6 }), tie('value'), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  ),
}));

/** A map with the fields of a message, each of them right or anything. */
function almost(
  fields: Readonly<Record<string, fc.Arbitrary<CborValue>>>,
): fc.Arbitrary<Uint8Array> {
  const each = Object.fromEntries(
    Object.entries(fields).map(([name, right]) => [
      name,
      fc.oneof({ arbitrary: right, weight: 4 }, { arbitrary: value, weight: 1 }),
    ]),
  );
  return fc.record(each).map((message) => encodeCbor(message));
}

const anyChange = almost({
  v: fc.constant(1),
  base: fc.constant(base),
  draft: bytes(32),
  member: fc.constantFrom('alpha', 'beta'),
  number: fc.integer({ min: -1, max: 70 }),
  seen: fc.array(fc.tuple(fc.constantFrom('gamma', 'mallory'), fc.nat(66))),
  statements: fc.array(fc.tuple(fc.constantFrom('state/beta', 'x'), fc.string())),
  sig: bytes(64),
});

const anyNews = almost({
  v: fc.constant(1),
  version: fc.nat(4),
  base: bytes(32),
  excluded: fc.array(fc.string()),
  held: fc.array(fc.tuple(fc.string(), fc.nat(66), bytes(16))),
  charter: fc.constant(null),
  discards: fc.array(fc.uint8Array()),
  forks: fc.array(fc.tuple(fc.uint8Array(), fc.uint8Array())),
  changes: fc.array(fc.uint8Array()),
});

describe('made-up messages', () => {
  it.each([
    ['change', anyChange, parseDraftChange],
    ['discard', anyChange, parseDraftDiscard],
    ['news', anyNews, parseDraftNews],
    ['bytes', fc.uint8Array(), parseDraftNews],
  ] as const)('%s: end in a verdict', (_what, made, parse) => {
    fc.assert(
      fc.property(made as fc.Arbitrary<Uint8Array>, (message) => {
        expect(['accept', 'ignore', 'reject']).toContain(parse(message).verdict);
      }),
      { numRuns: 400 },
    );
  });

  it('news are what they were before they were sent', () => {
    fc.assert(
      fc.property(anyNews, (message) => {
        const news = parseDraftNews(message);
        if (news.verdict === 'accept') expect(encodeDraftNews(news.value)).toEqual(message);
      }),
      { numRuns: 200 },
    );
  });

  it('a change that is well formed is taken or refused', async () => {
    await fc.assert(
      fc.asyncProperty(anyChange, async (change) => {
        const verdict = await openDraft().admitChange(change);
        expect(['ignore', 'reject']).toContain(verdict.verdict);
      }),
      { numRuns: 200 },
    );
  });
});

describe('any text that a statement may have', () => {
  it('stands in the draft as it was written', async () => {
    const text = fc
      .oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ maxLength: 8192 }))
      .filter((candidate) => isDraftStatement('state/beta', candidate));
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 5 }), async (texts) => {
        const draft = openDraft();
        for (const [index, written] of texts.entries()) {
          const change = { base, draft: draft.id, member: 'beta', number: index + 1, seen: [] };
          const statements = [['state/beta', written]] as const;
          const signed = signDraftChange({ ...change, statements }, signerOf('beta'));
          const verdict = await draft.admitChange(signed);
          if (verdict.verdict !== 'accept') return;
          expect(draft.fields()).toMatchObject([{ text: written, by: 'beta', others: [] }]);
        }
      }),
      { numRuns: 100 },
    );
  });
});
