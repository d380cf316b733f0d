import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { CharterDraft } from '../../src/draft/charter-draft.ts';
import { drafterNames, exchange, openDraft, signerOf } from './drafters.ts';

async function write(draft: CharterDraft, name: string, field: string, text: string | null) {
  const written = await draft.write(name, [[field, text]], signerOf(name));
  if (written.verdict !== 'accept') throw new Error(written.message);
  return written.value;
}

describe('a draft of two members', () => {
  it('has what both have written, wherever it is looked at', async () => {
    const [a, b] = [openDraft(), openDraft()];
    await write(a, 'alpha', 'parameter/faults', '1');
    await write(b, 'beta', 'state/gamma', 'readonly');
    await exchange(a, b);
    expect(a.fields()).toEqual(b.fields());
    expect(a.fields()).toEqual([
      { field: 'parameter/faults', text: '1', by: 'alpha', others: [] },
      { field: 'state/gamma', text: 'readonly', by: 'beta', others: [] },
    ]);
  });

  it('says when two have written one field at once, until somebody decides', async () => {
    const [a, b] = [openDraft(), openDraft()];
    await write(a, 'alpha', 'parameter/faults', '1');
    await write(b, 'beta', 'parameter/faults', '2');
    await exchange(a, b);
    expect(a.fields()).toEqual(b.fields());
    expect(a.fields()[0]!.others).toHaveLength(1);
    await write(b, 'beta', 'parameter/faults', '1');
    await exchange(a, b);
    expect(a.fields()).toEqual([{ field: 'parameter/faults', text: '1', by: 'beta', others: [] }]);
  });

  it('forgets what was taken back', async () => {
    const a = openDraft();
    await write(a, 'alpha', 'state/beta', 'readonly');
    await write(a, 'alpha', 'state/beta', null);
    expect(a.fields()).toEqual([]);
    const none = await a.write('alpha', [['state/beta', null]], signerOf('alpha'));
    expect(none).toMatchObject({ code: 'draft_malformed' });
  });

  it('begins again at both when one discards it, and each can still do so', async () => {
    const [a, b] = [openDraft(), openDraft()];
    await write(a, 'alpha', 'parameter/faults', '1');
    await exchange(a, b);
    expect(b.discard('beta', signerOf('beta'))).toMatchObject({ verdict: 'accept' });
    expect(a.discard('alpha', signerOf('alpha'))).toMatchObject({ verdict: 'accept' });
    await exchange(a, b);
    expect(a.id).toEqual(b.id);
    expect(a.fields()).toEqual([]);
    await write(b, 'beta', 'parameter/faults', '2');
    await exchange(a, b);
    expect(a.fields()).toMatchObject([{ text: '2', by: 'beta' }]);
  });
});

describe('drafts of several members', () => {
  it('are equal once all have met, whatever was written where and in whatever order', async () => {
    const step = fc.oneof(
      fc.record({
        writer: fc.integer({ min: 0, max: 3 }),
        field: fc.constantFrom('parameter/faults', 'state/beta', 'state/delta'),
        text: fc.option(fc.constantFrom('1', '2', 'readonly'), { nil: null }),
      }),
      fc.record({ from: fc.integer({ min: 0, max: 3 }), to: fc.integer({ min: 0, max: 3 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 24 }), async (steps) => {
        const drafts = drafterNames.map(() => openDraft());
        for (const one of steps) {
          if ('writer' in one) {
            const name = drafterNames[one.writer]!;
            await drafts[one.writer]!.write(name, [[one.field, one.text]], signerOf(name));
          } else if (one.from !== one.to) await exchange(drafts[one.from]!, drafts[one.to]!);
        }
        for (let round = 0; round < 2; round++) {
          for (const draft of drafts.slice(1)) await exchange(drafts[0]!, draft);
        }
        for (const draft of drafts.slice(1)) expect(draft.fields()).toEqual(drafts[0]!.fields());
        // What a restart reads back is the same draft.
        const again = openDraft();
        for (const change of drafts[0]!.changes) await again.admitChange(change);
        expect(again.fields()).toEqual(drafts[0]!.fields());
      }),
      { numRuns: 60 },
    );
  });
});
