/**
 * A newcomer joins by a snapshot: what it then has is what everybody has, whoever sponsored it; no lie
 * of a sponsor gets into its store, and a crash at any point leaves nothing half believed.
 */
import type { Entry } from '@callbook/protocol';
import {
  noteSigner,
  parseEntry,
  parseIndexRoot,
  parseNote,
  signIndexRoot,
} from '@callbook/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { isFarBehind, joinBySnapshot, needsJoin } from '../../src/join/snapshot-join.ts';
import type { Replica } from '../../src/replica.ts';
import type { Scheduler } from '../../src/scheduler.ts';
import {
  encodeSnapshotPage,
  encodeSnapshotRoot,
  parseSnapshotPage,
  parseSnapshotRoot,
} from '../../src/snapshot/snapshot-messages.ts';
import type { SnapshotEntry, SnapshotLabel } from '../../src/snapshot/snapshot-messages.ts';
import { memoryStore } from '../../src/store/memory-store.ts';
import type { Store } from '../../src/store/store.ts';
import { crypto, foundFederation, openReplica, vrfSecretKey } from '../support/federation.ts';
import type { TestFederation } from '../support/federation.ts';
import { Holder, submissionOf } from '../support/holder.ts';
import type { MadeEntry } from '../support/holder.ts';
import { HonestMembers, until } from '../support/honest-members.ts';
import type { HonestMember } from '../support/honest-members.ts';
import { LyingLinks } from '../support/lying-links.ts';
import type { Lie } from '../support/lying-links.ts';

/** Retries are not worth waiting for in a test. */
const hasty: Scheduler = {
  delay: (_delayMs, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      setTimeout(resolve, 1);
    }),
  yield: () => new Promise((resolve) => void setImmediate(resolve)),
};

const clock = { nowMs: () => Date.now() };
let federation: TestFederation;
let members: HonestMembers;
let running: HonestMember[];
let store: Store;
let refused: (readonly [string, string])[];

// One federation for all: founding it takes longer than joining it.
beforeAll(async () => {
  federation = await foundFederation({ count: 4, faults: 1 });
  members = new HonestMembers(federation, { indexed: true });
  running = [];
  for (const name of ['alpha', 'beta', 'gamma']) {
    const links = running.map(({ network }) => network);
    running.push(await members.start(name, links));
  }
  await fill();
}, 180_000);
afterAll(() => members[Symbol.asyncDispose]());
beforeEach(() => {
  store = memoryStore();
  refused = [];
});

/** One leaf at each member, as after challenges there; all of them know of a quorum then. */
async function logEverywhere(made: MadeEntry, role: 'challenged' | 'received'): Promise<void> {
  for (const { replica } of running) {
    const logged = await replica.log(submissionOf(made, role));
    if (logged.verdict !== 'accept') throw new Error(logged.code);
  }
  await until(() =>
    running.every(({ replica }) => replica.entryState(made.entryId)?.state === 'complete'),
  );
}

async function logUpdate(made: MadeEntry): Promise<void> {
  const logged = await running[0]!.replica.log(submissionOf(made, 'received'));
  if (logged.verdict !== 'accept') throw new Error(logged.code);
}

const holders: Holder[] = [];

/** Some holders with many updates each; one has released its number. */
async function fill(): Promise<void> {
  for (let n = 0; n < 12; n++) {
    const holder = new Holder(`tel:+3491234${1000 + n}`);
    holders.push(holder);
    await logEverywhere(await holder.register(), 'challenged');
    for (let seq = 1; seq <= n; seq++) await logUpdate(await holder.update(`sip:u${seq}@sip.test`));
  }
  const rotated = await holders[3]!.rotate('second');
  await logEverywhere(rotated, 'received');
  await logEverywhere(await holders[5]!.release(), 'received');
  await settle();
}

/** All members have all leaves, and the same index. */
async function settle(): Promise<void> {
  await until(() => {
    const sizes = running.map(({ replica }) => JSON.stringify(replica.logSizes()));
    return sizes.every((text) => text === sizes[0]);
  });
  for (const { replica } of running) await replica.settleIndex();
}

function join(lies: Readonly<Record<string, Lie>> = {}): Promise<boolean> {
  const network = new LyingLinks('delta', lies);
  for (const member of running) network.link(member.network);
  return joinBySnapshot({
    replica: replicaOptions(),
    network,
    onRefused: (memberName, code) => refused.push([memberName, code]),
  });
}

function replicaOptions() {
  const { logSecretKey } = federation.members.find(({ name }) => name === 'delta')!;
  return {
    store,
    crypto,
    clock,
    scheduler: hasty,
    charterNotes: [federation.note],
    memberName: 'delta',
    logSigner: crypto.ed25519Signer(logSecretKey),
    vrfSecretKey,
  };
}

async function expectWhole(): Promise<void> {
  expect(await needsJoin(store)).toBe(false);
  await using delta = await openReplica(federation, 'delta', { store, indexed: true });
  await delta.settleIndex();
  const alpha = running[0]!.replica;
  for (const { origin, size } of alpha.logSizes()) {
    const ours = delta.storedLog(origin)!;
    expect(ours.size >= size).toBe(true);
    for (let index = 0; index < size; index++) {
      expect(ours.leaf(index)).toEqual(alpha.storedLog(origin)!.leaf(index));
    }
  }
  for (const { identifier } of holders) {
    const theirs = alpha.bindings.byIdentifier(identifier);
    expect(delta.bindings.byIdentifier(identifier)).toEqual(theirs);
  }
}

async function rootOf(replica: Replica): Promise<Uint8Array> {
  await replica.settleIndex();
  return replica.indexPosition!.root;
}

describe('a newcomer', () => {
  it('lands on the vectors of others while these log on', async () => {
    const stop = new AbortController();
    const logging = (async () => {
      for (let n = 0; !stop.signal.aborted; n++) {
        await logUpdate(await holders[8]!.update(`sip:busy${n}@sip.test`));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    expect(await join()).toBe(true);
    stop.abort();
    await logging;
    await settle();
    expect(await needsJoin(store)).toBe(false);
  }, 60_000);

  it('knows by the signed lengths whether the logs are long', async () => {
    const network = new LyingLinks('delta', {});
    for (const member of running) network.link(member.network);
    const leaves = running[0]!.replica.logSizes().reduce((sum, { size }) => sum + size, 0);
    expect(await isFarBehind({ replica: replicaOptions(), network }, leaves)).toBe(true);
    expect(await isFarBehind({ replica: replicaOptions(), network }, leaves + 1)).toBe(false);
  }, 60_000);
});

/** Changes what a sponsor gives of the label with most updates. */
function lieAbout(change: (label: SnapshotLabel) => SnapshotLabel[]): Lie {
  return (frame) => {
    const page = parseSnapshotPage(frame);
    if (page.verdict !== 'accept') return frame;
    const target = holders[11]!.label.toHex();
    const labels = page.value.labels.flatMap((label) =>
      label.label.toHex() === target ? change(label) : [label],
    );
    return encodeSnapshotPage({ ...page.value, labels });
  };
}

/** The member's key has signed another root than that of its index. */
function falseRoot(name: string): Lie {
  const { origin, logSecretKey } = federation.members.find((member) => member.name === name)!;
  const signer = noteSigner({ name: origin, signer: crypto.ed25519Signer(logSecretKey) }, crypto);
  return (frame) => {
    const note = parseSnapshotRoot(frame);
    if (note.verdict !== 'accept') return frame;
    const parsed = parseNote(note.value);
    const root = parsed.verdict === 'accept' ? parseIndexRoot(parsed.value.text) : parsed;
    if (root.verdict !== 'accept') throw new Error(root.code);
    return encodeSnapshotRoot(signIndexRoot({ ...root.value, root: new Uint8Array(32) }, signer));
  };
}

function entryIn({ entryBytes }: SnapshotEntry): Entry {
  const entry = parseEntry(entryBytes);
  if (entry.verdict !== 'accept') throw new Error(entry.code);
  return entry.value;
}

function changeUpdate(change: (entry: SnapshotEntry) => SnapshotEntry): Lie {
  return lieAbout(({ label, entries }) => [
    {
      label,
      entries: entries.map((one) => (entryIn(one).kind === 'update' ? change(one) : one)),
    },
  ]);
}

describe('a sponsor that lies is found out, and another is asked', () => {
  const foreign = new Holder('tel:+34912349999');
  let foreignEntry: MadeEntry;
  let unloggedUpdate: MadeEntry;
  beforeAll(async () => {
    foreignEntry = await foreign.register();
    unloggedUpdate = await holders[11]!.update('sip:never-logged@sip.test', 99);
  });

  const lies: readonly (readonly [string, string, () => Lie])[] = [
    ['leaves a label out', 'index_root_differs', () => lieAbout(() => [])],
    [
      'leaves an update out',
      'index_root_differs',
      () =>
        lieAbout(({ label, entries }) => [
          { label, entries: entries.filter((one) => entryIn(one).kind !== 'update') },
        ]),
    ],
    [
      'shows an entry of another label',
      'snapshot_false',
      () => changeUpdate((one) => ({ ...one, entryBytes: foreignEntry.entry, opened: null })),
    ],
    [
      'shows an update that no log has',
      'snapshot_false',
      () => changeUpdate((one) => ({ ...one, entryBytes: unloggedUpdate.entry, opened: null })),
    ],
    [
      'breaks a signature',
      'entry_signature_invalid',
      () =>
        changeUpdate((one) => {
          const entryBytes = one.entryBytes.slice();
          entryBytes[entryBytes.length - 1]! ^= 1;
          return { ...one, entryBytes };
        }),
    ],
    [
      'shows another payload',
      'commitment_mismatch',
      () => changeUpdate((one) => ({ ...one, opened: holders[11]!.payload('sip:evil@sip.test') })),
    ],
    [
      'invents a leaf of another member',
      'snapshot_false',
      () =>
        changeUpdate((one) => ({
          ...one,
          mentions: one.mentions.map((mention) => ({
            ...mention,
            origin: running[1]!.replica.origin,
          })),
        })),
    ],
    ['shows labels twice', 'snapshot_malformed', () => lieAbout((label) => [label, label])],
  ];

  it.each(lies)(
    'one that %s: %s',
    async (_what, code, lie) => {
      expect(await join({ alpha: lie() })).toBe(true);
      expect(refused).toEqual([['alpha', code]]);
      await expectWhole();
    },
    60_000,
  );

  it('one that signs a false root, as sponsor or as witness of the other', async () => {
    expect(await join({ alpha: falseRoot('alpha') })).toBe(true);
    const differs = ['alpha', 'index_root_differs'];
    expect(refused).toEqual([differs, differs]);
    await expectWhole();
  }, 60_000);

  it('two of them are more than the federation can bear: nobody is believed', async () => {
    const lies = { alpha: falseRoot('alpha'), beta: falseRoot('beta') };
    expect(await join(lies)).toBe(false);
    expect(refused).toContainEqual(['gamma', 'snapshot_unavailable']);
  }, 60_000);

  it('with nobody honest, the store is as empty as before', async () => {
    const lie = lieAbout(() => []);
    expect(await join({ alpha: lie, beta: lie, gamma: lie })).toBe(false);
    expect(await needsJoin(store)).toBe(true);
    const rows = await store.range({ gte: new Uint8Array(0), lt: Uint8Array.of(255), countMax: 9 });
    expect(
      rows.filter(([rowKey]) => 'sbptheionv'.includes(String.fromCodePoint(rowKey[0]!))),
    ).toEqual([]);
  }, 60_000);
});

it('begins again after a crash at any write', async () => {
  let crashes = 0;
  for (let writes = 1; ; writes += 2) {
    store = memoryStore();
    const crashed = dyingStore(store, writes);
    const whole = store;
    store = crashed.store;
    const result = await join().catch(() => 'crashed');
    store = whole;
    if (result === true) break;
    crashes++;
    expect(await needsJoin(store)).toBe(true);
    expect(await join()).toBe(true);
    if (crashes % 8 === 1) await expectWhole();
  }
  expect(crashes).toBeGreaterThan(8);
}, 180_000);

it('has what everybody has, and goes on from there', async () => {
  expect(await join()).toBe(true);
  expect(refused).toEqual([]);
  {
    await using joined = await openReplica(federation, 'delta', {
      store,
      indexed: true,
      ownLogConfirmed: false,
    });
    expect(await rootOf(joined)).toEqual(await rootOf(running[0]!.replica));
  }
  await expectWhole();
  running.push(
    await members.start(
      'delta',
      running.map(({ network }) => network),
      store,
    ),
  );
  await logUpdate(await holders[7]!.update('sip:later@sip.test'));
  await settle();
  const [alpha, , , delta] = running.map(({ replica }) => replica);
  expect(await rootOf(delta!)).toEqual(await rootOf(alpha!));
  expect(delta!.bindings.byIdentifier(holders[7]!.identifier)!.routes[0]!.uri).toBe(
    'sip:later@sip.test',
  );
}, 60_000);

/** The same rows, but no more than so many writes. */
function dyingStore(inner: Store, writesMax: number): { store: Store } {
  let left = writesMax;
  const dying: Store = {
    ...inner,
    batch: async (changes, options) => {
      if (left-- <= 0) throw new Error('the machine is off');
      await inner.batch(changes, options);
    },
  };
  return { store: dying };
}
