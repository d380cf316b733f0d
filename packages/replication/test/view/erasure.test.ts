/** A release erases payload and opening at every member, says so, and leaves the logs whole. */
import { globSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEntry } from '@callbook/protocol';
import { afterEach, beforeEach, expect, it } from 'vitest';

import type { Replica } from '../../src/replica.ts';
import { openLevelStore } from '../../src/store/level-store.ts';
import { memoryStore } from '../../src/store/memory-store.ts';
import { tableBlocks } from '../../src/store/table-checksums.ts';
import type { Store } from '../../src/store/store.ts';
import { foundFederation, openReplica, TestClock } from '../support/federation.ts';
import type { TestFederation } from '../support/federation.ts';
import { Holder, submissionOf } from '../support/holder.ts';
import type { MadeEntry } from '../support/holder.ts';
import { MeshMembers, until } from '../support/mesh-members.ts';

const names = ['alpha', 'beta', 'gamma'];
const number = 'tel:+4915123456789';
const route = 'sip:gone-without-trace@sip.test';
let federation: TestFederation;
let members: MeshMembers;
let clock: TestClock;
let folder: string;
let disk: Store;

beforeEach(async () => {
  federation = await foundFederation({ releaseMs: 60_000 });
  members = new MeshMembers(federation);
  clock = new TestClock();
  folder = await mkdtemp(join(tmpdir(), 'callbook-erasure-'));
  disk = await openLevelStore(folder, { cacheBytes: 1 << 20 });
});
afterEach(async () => {
  await members[Symbol.asyncDispose]();
  await disk.close();
  await rm(folder, { recursive: true });
});

async function logged(replica: Replica, made: MadeEntry, role: 'challenged' | 'received') {
  expect((await replica.log(submissionOf(made, role))).verdict).toBe('accept');
}

/** Everything that stands in the files of the store, and what their blocks were before compression. */
async function fileContents(): Promise<Buffer> {
  const paths = globSync('**/*', { cwd: folder }).map((path) => join(folder, path));
  const files = await Promise.all(paths.map((path) => readFile(path)));
  return Buffer.concat(files.flatMap((file) => [file, ...(tableBlocks(file) ?? [])]));
}

it('erases payload and opening at all three, and on the disk, and tells when', async () => {
  const stores = [memoryStore(), memoryStore(), disk];
  const started = await Promise.all(
    names.map((name, n) => members.start(name, { clock, store: stores[n]! })),
  );
  const replicas = started.map(({ replica }) => replica);
  const [alpha, , gamma] = replicas as [Replica, Replica, Replica];
  await until(() => replicas.every(({ ownLog }) => ownLog.state === 'confirmed'));
  const holder = new Holder(number);
  const made = await holder.register(route);
  await logged(alpha, made, 'challenged');
  await until(() => replicas.every(({ bindings }) => bindings.byIdentifier(number) !== undefined));
  const release = await holder.release();
  await logged(alpha, release, 'received');
  const inForce = (replica: Replica) => replica.entryState(release.entryId)?.inForce === true;
  await until(() => replicas.every(inForce));
  for (const replica of replicas) {
    expect(replica.entryState(release.entryId)!.erasedAtMs).toBeNull();
    expect(replica.bindings.byIdentifier(number)).toBeDefined();
  }
  clock.advance(60_001);
  const erasedAtMs = (replica: Replica) => replica.entryState(release.entryId)!.erasedAtMs;
  await until(() => replicas.every((replica) => erasedAtMs(replica) !== null));
  for (const replica of replicas) {
    expect(erasedAtMs(replica)).toBe(clock.nowMs());
    expect(replica.bindings.byIdentifier(number)).toBeUndefined();
    const wanted = { label: holder.label, commitment: commitmentOf(made) };
    expect(replica.payloads.held(wanted)).toBeUndefined();
    expect(replica.entryState(made.entryId)!.erasedAtMs).toBeNull();
    // Nobody asks for what has been erased.
    expect(await replica.payloads.missing(undefined, 10)).toEqual([]);
  }

  // The log still verifies: a member that starts with nothing takes it in, without the payload.
  const newcomer = await openReplica(federation, 'beta', { clock, ownLogConfirmed: false });
  const page = await gamma.page(alpha.origin, 0);
  expect(page!.payloads.every((payload) => payload === null)).toBe(true);
  expect((await newcomer.ingest(page!)).verdict).toBe('accept');
  await newcomer[Symbol.asyncDispose]();

  await members.stop('gamma');
  const files = await fileContents();
  expect(files.includes(Buffer.from(alpha.origin))).toBe(true);
  for (const trace of [Buffer.from(route), Buffer.from('4915123456789'), made.opened!.opening]) {
    expect(files.includes(trace)).toBe(false);
  }
}, 60_000);

function commitmentOf({ entry }: MadeEntry): Uint8Array {
  const parsed = parseEntry(entry);
  if (parsed.verdict !== 'accept' || parsed.value.commitment === null) throw new Error('no entry');
  return parsed.value.commitment;
}

it('compacts within a minute, not only at the end', async () => {
  const alone = await foundFederation({ count: 1, releaseMs: 1000 });
  const compacted: Uint8Array[] = [];
  const compact = (first: Uint8Array) => {
    compacted.push(first);
    return Promise.resolve();
  };
  const replica = await openReplica(alone, 'alpha', {
    clock,
    store: { ...memoryStore(), compact },
  });
  const holder = new Holder(number);
  await logged(replica, await holder.register(route), 'challenged');
  await logged(replica, await holder.release(), 'received');
  clock.advance(1001);
  await until(() => replica.bindings.byIdentifier(number) === undefined);
  expect(compacted).toEqual([]);
  clock.advance(60_000);
  await until(() => compacted.length >= 4);
  const families = compacted.map((rowKey) => String.fromCodePoint(rowKey[0]!));
  expect(families.sort().join('')).toBe('hhio');
  await replica[Symbol.asyncDispose]();
});
