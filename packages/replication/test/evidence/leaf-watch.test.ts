// What leaves of several logs prove together, found while they are folded.
import { entryId, signEntry } from '@callbook/protocol';
import type { EntryDraft, Signer } from '@callbook/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Replica } from '../../src/replica.ts';
import { crypto, foundFederation, openReplica, seedOf, TestClock } from '../support/federation.ts';
import type { TestFederation } from '../support/federation.ts';
import { HandWrittenLog } from '../support/liar.ts';

const hourMs = 3_600_000;
const atMs = 1_750_000_000_000;
let federation: TestFederation;
let gamma: Replica;
let alpha: HandWrittenLog;
let beta: HandWrittenLog;

const holder = crypto.ed25519Signer(seedOf('holder'));
const claimant = crypto.ed25519Signer(seedOf('claimant'));

async function entryOf(by: Signer, fields: Partial<EntryDraft>): Promise<Uint8Array> {
  const draft: EntryDraft = {
    v: 1,
    kind: 'register',
    labelEpoch: 1,
    label: seedOf('label'),
    epoch: 0,
    seq: 0,
    prev: null,
    authority: by.publicKey,
    commitment: null,
    recovery: null,
    lock: false,
    email: null,
    ...fields,
  };
  return signEntry(draft, { authority: by });
}

beforeEach(async () => {
  federation = await foundFederation();
  const clock = new TestClock();
  clock.advance(100 * hourMs);
  gamma = await openReplica(federation, 'gamma', { clock });
  alpha = new HandWrittenLog(federation, 'alpha');
  beta = new HandWrittenLog(federation, 'beta');
});
afterEach(async () => {
  await gamma[Symbol.asyncDispose]();
});

async function take(...logs: readonly HandWrittenLog[]): Promise<void> {
  for (const log of logs) expect((await gamma.ingest(log.batch())).verdict).toBe('accept');
}

const found = () => gamma.evidence.all().map(({ kind, origins }) => [kind, ...origins]);

describe('a commit', () => {
  const request = () => entryOf(claimant, { kind: 'request', class: 'possession' });
  const commitOf = async (asked: Uint8Array) =>
    entryOf(claimant, {
      kind: 'commit',
      epoch: 1,
      commitment: seedOf('commitment'),
      request: entryId(asked, crypto),
    });

  it('before its hold convicts, when the leaves of enough members have come', async () => {
    const asked = await request();
    alpha.add({ at: atMs, role: 'challenged', entry: asked });
    alpha.add({ at: atMs + 72 * hourMs - 1, role: 'challenged', entry: await commitOf(asked) });
    beta.add({ at: atMs + 60_000, role: 'challenged', entry: asked });
    await take(alpha);
    expect(found()).toEqual([]);
    await take(beta);
    expect(found()).toEqual([['commit_early', 'api.alpha.test/log']]);
  });

  it('in time does not', async () => {
    const asked = await request();
    alpha.add({ at: atMs, role: 'challenged', entry: asked });
    alpha.add({ at: atMs + 72 * hourMs, role: 'challenged', entry: await commitOf(asked) });
    beta.add({ at: atMs + 60_000, role: 'challenged', entry: asked });
    await take(alpha, beta);
    expect(found()).toEqual([]);
  });

  it('beside the own veto convicts', async () => {
    const asked = await request();
    const veto = await entryOf(holder, { kind: 'veto', request: entryId(asked, crypto) });
    beta.add({ at: atMs, role: 'received', entry: veto });
    beta.add({ at: atMs + 90 * hourMs, role: 'challenged', entry: await commitOf(asked) });
    await take(beta);
    expect(found()).toEqual([['commit_vetoed', 'api.beta.test/log']]);
  });
});

describe('a log that keeps its last leaves back', () => {
  it('is convicted by those it has shown, with the checkpoint over all', async () => {
    for (const n of [1, 2]) {
      const entry = await entryOf(holder, { commitment: seedOf(`commitment ${n}`) });
      alpha.add({ at: atMs + n, role: 'challenged', entry });
    }
    for (let n = 0; n < 3; n++) alpha.addBytes(new Uint8Array([n]));
    // A page of a log that has signed more than it holds; the rest never comes.
    expect((await gamma.ingest(alpha.batch(0, 2, 5))).verdict).toBe('accept');
    expect(found()).toEqual([['same_slot', 'api.alpha.test/log']]);
  });
});

describe('a suspicion', () => {
  it('waits for the leaves of other logs', async () => {
    const entry = await entryOf(holder, { commitment: seedOf('commitment') });
    alpha.add({ at: atMs, role: 'witnessed', entry });
    beta.add({ at: atMs + 21 * 60_000, role: 'challenged', entry });
    await take(alpha, beta);
    // Gamma may still have challenged, for all that alpha and beta can show.
    expect(found()).toEqual([]);
  });
});
