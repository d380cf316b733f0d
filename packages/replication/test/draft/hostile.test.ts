/** What a member can send into the draft to harm the others, and what becomes of it. */
import * as automerge from '@automerge/automerge';
import { encodeCbor, parseCbor } from '@callbook/protocol';
import type { CborValue } from '@callbook/protocol';
import { beforeEach, describe, expect, it } from 'vitest';

import type { CharterDraft } from '../../src/draft/charter-draft.ts';
import { signDraftChange } from '../../src/draft/draft-change.ts';
import type { DraftChange } from '../../src/draft/draft-change.ts';
import { signDraftDiscard } from '../../src/draft/draft-discard.ts';
import { draftChangesMax, draftDiscardsMax, draftMemberBytesMax } from '../../src/limits.ts';
import { runLengthBomb } from './automerge-bomb.ts';
import { base, exchange, openDraft, signerOf } from './drafters.ts';

let victim: CharterDraft;
beforeEach(async () => {
  victim = openDraft();
  await victim.write('alpha', [['parameter/faults', '1']], signerOf('alpha'));
});

/** A change that mallory could honestly make now. */
function honest(change: Partial<DraftChange> = {}): DraftChange {
  return {
    base,
    draft: victim.id,
    member: 'mallory',
    number: 1,
    seen: [['alpha', 1]],
    statements: [['state/beta', 'readonly']],
    ...change,
  };
}

const signed = (change: Partial<DraftChange> = {}, by = 'mallory'): Uint8Array =>
  signDraftChange(honest(change), signerOf(by));

/** The encoded change with fields of one's choice. */
function raw(fields: Record<string, CborValue>): Uint8Array {
  const parsed = parseCbor(signed());
  if (parsed.verdict !== 'accept') throw new Error(parsed.message);
  return encodeCbor({ ...(parsed.value as Record<string, CborValue>), ...fields });
}

describe('an Automerge change', () => {
  it('of 64 bytes that claims a million operations is refused at no cost', async () => {
    const bomb = runLengthBomb(1_000_000);
    // It is one: half as many already cost Automerge tens of megabytes.
    const before = process.memoryUsage().rss;
    const doc = automerge.init({ actor: 'bb' });
    automerge.free(automerge.applyChanges(doc, [runLengthBomb(500_000)])[0]);
    const bombCost = process.memoryUsage().rss - before;
    expect(bombCost).toBeGreaterThan(20e6);

    const started = process.threadCpuUsage();
    expect(await victim.admitChange(bomb)).toMatchObject({ verdict: 'reject' });
    const { user, system } = process.threadCpuUsage(started);
    expect(user + system).toBeLessThan(100_000);
  });

  it('with operation counters of its own is no change of the draft', async () => {
    const change = automerge.encodeChange({
      actor: 'aa'.repeat(16),
      seq: 1,
      startOp: 50_000_000,
      time: 0,
      message: null,
      deps: [],
      ops: [{ action: 'set', obj: '_root', key: 'x', value: 'y', pred: [] }],
    } as unknown as automerge.DecodedChange);
    expect(await victim.admitChange(change)).toMatchObject({ code: 'cbor_malformed' });
    expect(await victim.admitChange(raw({ startOp: 50_000_000 }))).toMatchObject({
      code: 'draft_malformed',
    });
    expect(await victim.admitChange(signed())).toMatchObject({ verdict: 'accept' });
  });
});

describe('a change of the draft', () => {
  it.each<[string, () => Uint8Array, string]>([
    ['in the name of another', () => signed({ member: 'beta' }), 'draft_signature_invalid'],
    ['by nobody in the charter', () => signed({ member: 'omega' }), 'draft_member_excluded'],
    ['signed by nobody', () => raw({ sig: new Uint8Array(64) }), 'draft_signature_invalid'],
    ['of another charter', () => signed({ base: new Uint8Array(32) }), 'draft_other'],
    ['of another draft', () => signed({ draft: new Uint8Array(32) }), 'draft_other'],
    ['with a number ahead', () => signed({ number: 2 }), 'draft_gap'],
    ['numbered 0', () => raw({ number: 0 }), 'draft_malformed'],
    ['numbered beyond the limit', () => raw({ number: draftChangesMax + 1 }), 'draft_malformed'],
    ['that saw what nobody wrote', () => signed({ seen: [['beta', 1]] }), 'draft_gap'],
    ['that saw its own author', () => raw({ seen: [['mallory', 1]] }), 'draft_malformed'],
    ['that says nothing', () => raw({ statements: [] }), 'draft_malformed'],
    [
      'that takes back nothing',
      () => signed({ statements: [['state/x', null]] }),
      'draft_malformed',
    ],
    ['about an unknown field', () => raw({ statements: [['colour', 'red']] }), 'draft_malformed'],
    [
      'with a text too long',
      () => raw({ statements: [['state/beta', 'x'.repeat(8193)]] }),
      'draft_malformed',
    ],
    ['with a field twice', () => raw({ statements: twice }), 'draft_malformed'],
    ['too large', () => raw({ sig: new Uint8Array(13_000) }), 'draft_malformed'],
    ['that is another item', () => encodeCbor([1, 2]), 'draft_malformed'],
  ])('%s ends in %s', async (_what, bytes, code) => {
    const fieldsBefore = victim.fields();
    expect(await victim.admitChange(bytes())).toMatchObject({ code });
    expect(victim.fields()).toEqual(fieldsBefore);
  });

  it('whose past has a hole is refused', async () => {
    // beta has seen alpha's; mallory says to have seen beta's and not alpha's.
    await victim.write('beta', [['state/gamma', 'readonly']], signerOf('beta'));
    expect(await victim.admitChange(signed({ seen: [['beta', 1]] }))).toMatchObject({
      verdict: 'reject',
      code: 'draft_malformed',
    });
  });

  it('more than a member may write is refused, and the others go on', async () => {
    for (let number = 1; number <= draftChangesMax; number++) {
      const text = `${number}`;
      const statements = [['parameter/lockedMs', text]] as const;
      const verdict = await victim.admitChange(signed({ number, statements }));
      expect(verdict).toMatchObject({ verdict: 'accept', value: true });
    }
    const more = await victim.write('mallory', [['state/beta', 'x']], signerOf('mallory'));
    expect(more).toMatchObject({ code: 'draft_limit' });
    const other = await victim.write('alpha', [['state/beta', 'x']], signerOf('alpha'));
    expect(other).toMatchObject({ verdict: 'accept' });
  });

  it('whose bytes are more than a member may write is refused', async () => {
    const large = 'x'.repeat(8000);
    let number = 0;
    let verdict;
    do {
      number++;
      verdict = await victim.admitChange(signed({ number, statements: [['member/x', large]] }));
    } while (verdict.verdict === 'accept');
    expect(verdict).toMatchObject({ verdict: 'reject', code: 'draft_limit' });
    expect(number).toBe(Math.ceil(draftMemberBytesMax / 8300));
  });
});

const twice = [
  ['state/beta', 'active'],
  ['state/beta', 'readonly'],
];

describe('two changes under one number', () => {
  const other = { statements: [['state/beta', 'active']] as const };

  it('convict their member, begin the draft again everywhere, and leave it out', async () => {
    const [a, b] = [victim, openDraft()];
    await exchange(a, b);
    expect(await a.admitChange(signed())).toMatchObject({ verdict: 'accept' });
    expect(await b.admitChange(signed(other))).toMatchObject({ verdict: 'accept' });
    // Neither has seen both; the digests differ, so both sides of the fork meet.
    await exchange(a, b);
    expect(a.excluded).toEqual(['mallory']);
    expect(b.excluded).toEqual(['mallory']);
    expect(a.id).toEqual(b.id);
    expect(a.fields()).toEqual([]);
    const late = openDraft();
    await exchange(late, a);
    expect(late.excluded).toEqual(['mallory']);
    await late.write('beta', [['parameter/faults', '1']], signerOf('beta'));
    await exchange(late, b);
    expect(b.fields()).toMatchObject([{ text: '1', by: 'beta' }]);
    expect(await b.admitChange(signed({ draft: b.id }))).toMatchObject({
      verdict: 'ignore',
      code: 'draft_member_excluded',
    });
  });

  it('that say the same are one change', async () => {
    await victim.admitChange(signed());
    expect(await victim.admitChange(signed())).toEqual({ verdict: 'accept', value: false });
    expect(victim.admitFork([signed(), signed()])).toMatchObject({ code: 'draft_malformed' });
    expect(victim.excluded).toEqual([]);
  });

  it('that another has signed for it prove nothing', () => {
    const forged = [signed({}, 'gamma'), signed(other, 'gamma')] as const;
    expect(victim.admitFork(forged)).toMatchObject({ code: 'draft_signature_invalid' });
    expect(victim.excluded).toEqual([]);
  });
});

describe('beginning again', () => {
  it('is possible a few times for each, so a member that always does so loses its voice', async () => {
    for (let count = 1; count <= draftDiscardsMax; count++) {
      expect(victim.discard('mallory', signerOf('mallory'))).toMatchObject({ verdict: 'accept' });
    }
    expect(victim.discard('mallory', signerOf('mallory'))).toMatchObject({ code: 'draft_limit' });
    const written = await victim.write('alpha', [['parameter/faults', '1']], signerOf('alpha'));
    expect(written).toMatchObject({ verdict: 'accept' });
    const more = { base, member: 'mallory', count: draftDiscardsMax + 1 };
    expect(victim.admitDiscard(signDraftDiscard(more, signerOf('mallory')))).toMatchObject({
      code: 'draft_limit',
    });
    expect(victim.fields()).toHaveLength(1);
  });

  it('takes the word of its member alone', () => {
    const forged = signDraftDiscard({ base, member: 'alpha', count: 1 }, signerOf('mallory'));
    expect(victim.admitDiscard(forged)).toMatchObject({ code: 'draft_signature_invalid' });
    expect(victim.admitDiscard(encodeCbor({ v: 1 }))).toMatchObject({ code: 'draft_malformed' });
    expect(victim.fields()).toHaveLength(1);
  });
});
