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

let four: TestFederation;

const originOf = (name: string): string => `api.${name}.test/log`;

beforeEach(async () => {
  federation = await foundFederation();
  four = await foundFederation({ count: 4 });
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

const openOf = (from: TestFederation, name: string): Promise<Replica> =>
  open(name, [from.note], from);

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

/** Adopts a charter at each, while leaves travel between them. */
async function adoptAll(names: readonly string[], note: string): Promise<void> {
  let done = false;
  const adopting = Promise.all(names.map((name) => replicas.get(name)!.adopt(note)));
  const ended = adopting.finally(() => {
    done = true;
  });
  while (!done) {
    await exchange();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  for (const verdict of await ended) expect(verdict.verdict).toBe('accept');
  await exchange();
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

  it('keeps what holders have signed above a cut-off, and nothing else of it', async () => {
    for (const name of ['alpha', 'beta', 'gamma', 'delta']) await openOf(four, name);
    const [kept, lost] = [new Holder('tel:+4915123456789'), new Holder('tel:+34912345678')];
    await register(kept, ['alpha', 'beta', 'gamma']);
    const cut = logStates(replicas.get('delta')!).find(
      ({ origin }) => origin === originOf('delta'),
    )!;
    const update = await kept.update('sip:only-there@sip.test');
    expect(await logged('delta', submissionOf(update, 'received'))).toBe('accept');
    const made = await lost.register();
    await logged('delta', submissionOf(made, 'challenged'));
    await exchange();
    for (const name of ['alpha', 'beta']) await logged(name, submissionOf(made, 'witnessed'));
    await exchange();
    expect(replicas.get('gamma')!.bindings.byDigits('34912345678')).toBeDefined();
    const next = await nextCharter(four, {
      effectiveAtMs: clock.nowMs(),
      expelled: { delta: cut },
      joining: ['epsilon'],
      logs: logStates(replicas.get('alpha')!),
    });
    const left = ['alpha', 'beta', 'gamma'];
    await adoptAll(left, next.note);
    expect(new Set(await rootsOf(left)).size).toBe(1);
    for (const name of left) {
      const { bindings, membership } = replicas.get(name)!;
      expect(bindings.byDigits('4915123456789')?.routes[0]?.uri).toBe('sip:only-there@sip.test');
      // Of three leaves, the challenged one of delta counts no more: two of three are left, none challenged.
      expect(bindings.byDigits('34912345678')).toBeUndefined();
      expect(membership.byName('delta')).toBeUndefined();
    }
    const holders = left.filter((name) =>
      replicas
        .get(name)!
        .entryState(update.entryId)!
        .leaves.some(({ origin }) => origin === originOf(name)),
    );
    expect(holders).toHaveLength(1);
    // Who comes later knows only what lies below the cut-off, and folds the same.
    await close('delta');
    await open('epsilon', [four.note, next.note], next);
    await exchange();
    expect(new Set(await rootsOf([...left, 'epsilon'])).size).toBe(1);
    expect(replicas.get('epsilon')!.bindings.byDigits('4915123456789')).toBeDefined();
  });
});
