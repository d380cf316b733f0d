/** The index of a replica: that it is a function of the logs, proves what is so, and survives. */
import type { IndexRoot } from '@callbook/protocol';
import {
  applyIndexBatch,
  bindingStateHash,
  emptyIndexRoot,
  parseVerifierKey,
  verifyIndexProof,
  verifyIndexRoot,
} from '@callbook/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { readStates } from '../../src/index/label-states.ts';
import type { Replica } from '../../src/replica.ts';
import { memoryStore } from '../../src/store/memory-store.ts';
import type { RowChange, Store } from '../../src/store/store.ts';
import { crypto, foundFederation, openReplica, TestClock } from '../support/federation.ts';
import type { TestFederation } from '../support/federation.ts';
import { faultyStore } from '../support/faulty-store.ts';
import type { Fault } from '../support/faulty-store.ts';
import { Holder, submissionOf } from '../support/holder.ts';

let federation: TestFederation;
let clock: TestClock;
const open: Replica[] = [];

beforeEach(async () => {
  federation = await foundFederation({ releaseMs: 60_000 });
  clock = new TestClock();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((replica) => replica[Symbol.asyncDispose]()));
});

async function openMember(name: string, store: Store = memoryStore()): Promise<Replica> {
  const replica = await openReplica(federation, name, { clock, store, indexed: true });
  open.push(replica);
  return replica;
}

async function close(replica: Replica): Promise<void> {
  open.splice(open.indexOf(replica), 1);
  await replica[Symbol.asyncDispose]();
}

function rootOf(replica: Replica): IndexRoot {
  const member = federation.members.find(({ origin }) => origin === replica.origin)!;
  const { logKey } = federation.charter.members.find(({ name }) => name === member.name)!;
  const key = parseVerifierKey(logKey);
  if (key.verdict !== 'accept') throw new Error(key.code);
  const verdict = verifyIndexRoot(replica.indexRoot!, key.value, crypto);
  if (verdict.verdict !== 'accept') throw new Error(verdict.code);
  return verdict.value;
}

/** Takes in what of `source`'s own log `reader` lacks. */
async function pull(reader: Replica, source: Replica): Promise<void> {
  for (;;) {
    const page = await source.page(source.origin, reader.expectedSize(source.origin));
    if (page === undefined || page.leaves.length === 0) return;
    const verdict = await reader.ingest(page);
    if (verdict.verdict !== 'accept') throw new Error(verdict.code);
  }
}

/** Each member pulls from all others, in an order of its own; thrice, for what is witnessed. */
async function pullAll(members: readonly Replica[]): Promise<void> {
  for (let round = 0; round < 3; round++) {
    for (const [place, reader] of members.entries()) {
      const others = members.filter((source) => source !== reader);
      for (const source of place === 0 ? others : others.toReversed()) await pull(reader, source);
    }
    // A leaf of a witness waits for the pause of its log, and is pulled in the next round.
    await Promise.all(members.map(({ ownLog }) => ownLog.settle()));
  }
}

const holders = () =>
  Array.from({ length: 12 }, (_, n) => new Holder(`tel:+49151234567${String(n).padStart(2, '0')}`));

/** Registers, updates, a rotate and a release, logged by different members. */
async function live(alpha: Replica, beta: Replica, gamma: Replica): Promise<Holder[]> {
  const people = holders();
  const members = [alpha, beta, gamma];
  for (const [n, holder] of people.entries()) {
    const made = await holder.register();
    await members[n % 3]!.log(submissionOf(made, 'challenged'));
  }
  await pullAll(members);
  for (const [n, holder] of people.entries()) {
    const made = await holder.update(`sip:second.${n}@sip.test`);
    await members[(n + 1) % 3]!.log(submissionOf(made, 'received'));
  }
  await alpha.log(submissionOf(await people[0]!.rotate('second'), 'received'));
  await beta.log(submissionOf(await people[1]!.release(), 'received'));
  await pullAll(members);
  return people;
}

/** The root by definition: the fold of every label in the store, put into an empty tree. */
async function rootByReplay(store: Store, people: readonly Holder[], replica: Replica) {
  const { charters } = replica.membership;
  const labels = people.map(({ label }) => label);
  const states = await readStates(labels, store, charters);
  const changes = states.map(({ label, state }) => ({
    label,
    stateHash: state === undefined ? null : bindingStateHash(state, crypto),
  }));
  return applyIndexBatch(changes, () => undefined, crypto).root;
}

describe('the index of a member', () => {
  it('is empty and signed before anybody has registered', async () => {
    const alpha = await openMember('alpha');
    await alpha.settleIndex();
    const root = rootOf(alpha);
    expect(root.root).toEqual(emptyIndexRoot());
    expect(root.ruleset).toBe(1);
    expect(root.logs.map(({ size }) => size)).toEqual([1, 0, 0]);
  });

  it('has equal roots at three members that have the same leaves, met in different orders', async () => {
    const [stores, names] = [
      [memoryStore(), memoryStore(), memoryStore()],
      ['alpha', 'beta', 'gamma'],
    ];
    const [alpha, beta, gamma] = (await Promise.all(
      names.map((name, n) => openMember(name, stores[n])),
    )) as [Replica, Replica, Replica];
    const people = await live(alpha, beta, gamma);
    const members = [alpha, beta, gamma];
    await Promise.all(members.map((replica) => replica.settleIndex()));
    const [a, b, c] = members.map(rootOf) as [IndexRoot, IndexRoot, IndexRoot];
    expect(a.logs).toEqual(b.logs);
    expect(a.logs.map(({ origin, size }) => ({ origin, size }))).toEqual(alpha.logSizes());
    expect([b.root, c.root]).toEqual([a.root, a.root]);
    expect(a.root).toEqual(await rootByReplay(stores[0]!, people, alpha));
    expect(a.root).not.toEqual(emptyIndexRoot());
  });

  it('proves the state of a label, and that another has none', async () => {
    const store = memoryStore();
    const [alpha, beta, gamma] = [
      await openMember('alpha', store),
      await openMember('beta'),
      await openMember('gamma'),
    ];
    const people = await live(alpha, beta, gamma);
    await alpha.settleIndex();
    const { root } = rootOf(alpha);
    const [held] = await readStates([people[2]!.label], store, alpha.membership.charters);
    const evidence = (await alpha.proveLabels([people[2]!.label]))!;
    expect(evidence.root).toBe(alpha.indexRoot);
    const stateHash = bindingStateHash(held!.state!, crypto);
    const { label } = people[2]!;
    const claim = { root, label, stateHash, proof: evidence.proofs[0]! };
    expect(verifyIndexProof(claim, crypto).verdict).toBe('accept');
    expect(verifyIndexProof({ ...claim, stateHash: null }, crypto).verdict).toBe('reject');
    const stranger = new Holder('tel:+34912345678');
    const absence = (await alpha.proveLabels([stranger.label]))!;
    const none = { root, label: stranger.label, stateHash: null, proof: absence.proofs[0]! };
    expect(verifyIndexProof(none, crypto).verdict).toBe('accept');
  });

  it('proves under the root that it hands out while changes are on their way', async () => {
    const alpha = await openMember('alpha');
    const people = holders();
    const key = alpha.membership.byName('alpha')!.logKey;
    const proving = { count: 0, ended: false };
    const prover = (async () => {
      while (!proving.ended) {
        const { label } = people[proving.count++ % people.length]!;
        const evidence = await alpha.proveLabels([label]);
        if (evidence !== undefined) {
          const root = verifyIndexRoot(evidence.root, key, crypto);
          if (root.verdict !== 'accept') throw new Error(root.code);
          const claim = {
            root: root.value.root,
            label,
            stateHash: null,
            proof: evidence.proofs[0]!,
          };
          // Alone, alpha completes nothing: every label is absent until beta has witnessed.
          expect(verifyIndexProof(claim, crypto).verdict).toBe('accept');
        }
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    })();
    for (const holder of people) {
      await alpha.log(submissionOf(await holder.register(), 'challenged'));
      await alpha.settleIndex();
    }
    proving.ended = true;
    await prover;
    expect(proving.count).toBeGreaterThan(5);
  });
});

/** Copies rows up to a batch: what a crash leaves when the batches after it are lost. */
function recordingStore(): Store & { replayed(batches: number): Promise<Store>; batches: number } {
  const inner = memoryStore();
  const log: (readonly RowChange[])[] = [];
  return {
    ...inner,
    get batches() {
      return log.length;
    },
    batch(changes, options) {
      log.push(changes);
      return inner.batch(changes, options);
    },
    async replayed(batches) {
      const copy = memoryStore();
      for (const changes of log.slice(0, batches)) await copy.batch(changes, { durable: false });
      return copy;
    },
  };
}

describe('after a crash', () => {
  it('the index is that of the logs as they are, wherever the batches were cut', async () => {
    const store = recordingStore();
    const [alpha, beta, gamma] = [
      await openMember('alpha', store),
      await openMember('beta'),
      await openMember('gamma'),
    ];
    const people = await live(alpha, beta, gamma);
    await alpha.settleIndex();
    await Promise.all(open.slice().map(close));
    for (let kept = 1; kept <= store.batches; kept += 2) {
      const disk = await store.replayed(kept);
      const again = await openMember('alpha', disk);
      await again.settleIndex();
      expect(rootOf(again).root).toEqual(await rootByReplay(disk, people, again));
      expect(rootOf(again).logs.map(({ size }) => size)).toEqual(
        again.logSizes().map(({ size }) => size),
      );
      await close(again);
    }
  });

  it('a store without an index gets the same one from the view', async () => {
    const store = memoryStore();
    const [alpha, beta, gamma] = [
      await openMember('alpha', store),
      await openMember('beta'),
      await openMember('gamma'),
    ];
    await live(alpha, beta, gamma);
    await alpha.settleIndex();
    const before = rootOf(alpha);
    await close(alpha);
    const rows = await store.range({ gte: Buffer.from('n'), lt: Buffer.from('o'), countMax: 99 });
    expect(rows.length).toBeGreaterThan(0);
    // Without its vector, the index is unknown; a node that should not be there must go.
    await store.batch(
      [
        { rowKey: Buffer.from('v'), erase: true },
        { rowKey: Buffer.from('nabcdef'), value: rows[0]![1] },
      ],
      { durable: true },
    );
    const again = await openMember('alpha', store);
    await again.settleIndex();
    expect(rootOf(again)).toEqual(before);
    expect(
      await store.range({ gte: Buffer.from('n'), lt: Buffer.from('o'), countMax: 99 }),
    ).toEqual(rows);
  });
});

const faults: readonly Fault[] = ['failed, not persisted', 'failed, but persisted'];

describe.each(faults)('a batch of the index that %s', (fault) => {
  it('stops the replica, and the next start has the index of its logs', async () => {
    const disk = memoryStore();
    const store = faultyStore(disk);
    const alpha = await openMember('alpha', store);
    const beta = await openMember('beta');
    await alpha.settleIndex();
    const holder = new Holder('tel:+4915123456789');
    await alpha.log(submissionOf(await holder.register(), 'challenged'));
    await pullAll([alpha, beta]);
    await alpha.settleIndex();
    const root = alpha.indexRoot;
    const update = await holder.update('sip:second@sip.test');
    await alpha.log(submissionOf(update, 'received'));
    store.failNextOf(fault, 'v');
    await alpha.settleIndex();
    expect(alpha.failure).toBeDefined();
    expect(alpha.indexRoot).toBe(root);
    expect(await alpha.proveLabels([holder.label])).toBeUndefined();
    await close(alpha);
    const again = await openMember('alpha', disk);
    await again.settleIndex();
    expect(rootOf(again).root).toEqual(await rootByReplay(disk, [holder], again));
    expect(again.indexRoot).not.toBe(root);
  });
});
