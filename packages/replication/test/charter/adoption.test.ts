import { beforeEach, describe, expect, it } from 'vitest';

import type { Replica } from '../../src/replica.ts';
import { memoryStore } from '../../src/store/memory-store.ts';
import type { Store } from '../../src/store/store.ts';
import { foundFederation, openReplica, TestClock } from '../support/federation.ts';
import type { TestFederation } from '../support/federation.ts';
import { Holder, submissionOf } from '../support/holder.ts';
import { logStates, nextCharter } from '../support/next-charter.ts';

let federation: TestFederation;
let clock: TestClock;
let stores: Map<string, Store>;
let replicas: Map<string, Replica>;

const hourMs = 3_600_000;

beforeEach(async () => {
  federation = await foundFederation();
  clock = new TestClock();
  stores = new Map();
  replicas = new Map();
});

async function open(name: string, notes: readonly string[] = [federation.note], from = federation) {
  const store = stores.get(name) ?? memoryStore();
  stores.set(name, store);
  const options = { store: { ...store, close: async () => {} }, clock, charterNotes: notes };
  const replica = await openReplica(from, name, { ...options, indexed: true });
  replicas.set(name, replica);
  return replica;
}

async function close(name: string): Promise<void> {
  await replicas.get(name)?.[Symbol.asyncDispose]();
  replicas.delete(name);
}

/** Brings every log to every open replica until nobody has more than another. */
async function exchange(): Promise<void> {
  for (let moved = true; moved;) {
    moved = false;
    for (const from of replicas.values()) {
      for (const to of replicas.values()) {
        if (from !== to) moved = (await bring(from, to)) || moved;
      }
    }
  }
}

async function bring(from: Replica, to: Replica): Promise<boolean> {
  let moved = false;
  for (const { origin } of from.logSizes()) {
    if (origin === to.origin) continue;
    const page = await from.page(origin, to.expectedSize(origin));
    if (page === undefined || page.leaves.length === 0) continue;
    const taken = await to.ingest(page);
    moved ||= taken.verdict === 'accept';
  }
  return moved;
}

async function register(holder: Holder, by: readonly string[]): Promise<void> {
  const made = await holder.register();
  const [first, ...others] = by.map((name) => replicas.get(name)!);
  expect((await first!.log(submissionOf(made, 'challenged'))).verdict).toBe('accept');
  for (const other of others) {
    await bring(first!, other);
    await other.log(submissionOf(made, 'witnessed'));
  }
  await exchange();
}

async function logged(name: string, submission: ReturnType<typeof submissionOf>) {
  const verdict = await replicas.get(name)!.log(submission);
  return verdict.verdict === 'accept' ? 'accept' : verdict.code;
}

async function rootsOf(names: readonly string[]): Promise<string[]> {
  const roots: string[] = [];
  for (const name of names) {
    const replica = replicas.get(name)!;
    await replica.settleIndex();
    roots.push(replica.indexRoot!.split('\n\n')[0]!);
  }
  return roots;
}

describe('a running member', () => {
  it('takes up a charter with two more members when its time has come', async () => {
    for (const name of ['alpha', 'beta', 'gamma']) await open(name);
    const holder = new Holder('tel:+4915123456789');
    await register(holder, ['alpha', 'beta']);
    const next = await nextCharter(federation, {
      effectiveAtMs: clock.nowMs() + hourMs,
      joining: ['delta', 'epsilon'],
      faults: 1,
      logs: logStates(replicas.get('alpha')!),
    });
    for (const replica of replicas.values()) {
      expect((await replica.adopt(next.note)).verdict).toBe('accept');
      expect(replica.membership.charters.current.charter.version).toBe(1);
      expect(replica.knownCharters).toHaveLength(2);
    }
    clock.advance(hourMs);
    for (const replica of replicas.values()) {
      expect((await replica.adopt(next.note)).verdict).toBe('accept');
      expect(replica.membership.charters.current.charter.version).toBe(2);
      expect(replica.membership.members).toHaveLength(5);
    }
    const notes = [federation.note, next.note];
    for (const name of ['delta', 'epsilon']) await open(name, notes, next);
    await exchange();
    const update = await holder.update('sip:second@sip.test');
    expect(await logged('delta', submissionOf(update, 'received'))).toBe('accept');
    await exchange();
    const all = ['alpha', 'beta', 'gamma', 'delta', 'epsilon'];
    const roots = await rootsOf(all);
    expect(new Set(roots).size).toBe(1);
    for (const name of all) {
      const binding = replicas.get(name)!.bindings.byDigits('4915123456789');
      expect(binding?.routes[0]?.uri).toBe('sip:second@sip.test');
    }
    for (const name of all) await close(name);
  });
});
