/** What a member gives a newcomer: every label of one moment, in order, under the root it signed. */
import { bytesEqual, encodeCbor, parseVerifierKey, verifyIndexRoot } from '@callbook/protocol';
import { afterEach, beforeEach, expect, it } from 'vitest';

import type { FrameStream } from '../../src/network/network.ts';
import type { Replica } from '../../src/replica.ts';
import {
  encodeSnapshotPage,
  encodeSnapshotRequest,
  parseSnapshotPage,
  parseSnapshotRequest,
  parseSnapshotRoot,
  snapshotProtocol,
} from '../../src/snapshot/snapshot-messages.ts';
import type { SnapshotLabel } from '../../src/snapshot/snapshot-messages.ts';
import { crypto, foundFederation } from '../support/federation.ts';
import type { TestFederation } from '../support/federation.ts';
import { Holder, submissionOf } from '../support/holder.ts';
import { MeshMembers, until } from '../support/mesh-members.ts';
import type { RunningMember } from '../support/mesh-members.ts';

let federation: TestFederation;
let members: MeshMembers;
let alpha: Replica;
let beta: RunningMember;

beforeEach(async () => {
  federation = await foundFederation();
  members = new MeshMembers(federation);
  alpha = (await members.start('alpha', { ownLogConfirmed: true, indexed: true })).replica;
  beta = await members.start('beta', { ownLogConfirmed: true });
  await until(() => beta.mesh.connected().includes('alpha'));
});
afterEach(() => members[Symbol.asyncDispose]());

async function log(count: number, from: number): Promise<void> {
  const made = Array.from({ length: count }, (_, n) => new Holder(`tel:+3491234${from + n}`));
  const entries = await Promise.all(made.map((holder) => holder.register()));
  await Promise.all(entries.map((entry) => alpha.log(submissionOf(entry, 'challenged'))));
}

async function ask(stream: FrameStream, frame: Uint8Array): Promise<Uint8Array> {
  await stream.write(frame, 20_000);
  return (await stream.read(20_000))!;
}

function accepted<T>(verdict: { verdict: string; value?: T; code?: string }): T {
  expect(verdict.code).toBeUndefined();
  return verdict.value as T;
}

it('gives every label once, in order, as it was when the snapshot was opened', async () => {
  await log(300, 1000);
  const stream = await beta.mesh.network.open('alpha', snapshotProtocol);
  const note = accepted(parseSnapshotRoot(await ask(stream, encodeSnapshotRequest('open'))));
  await log(20, 5000);
  const labels: SnapshotLabel[] = [];
  for (let more = true; more;) {
    const page = accepted(parseSnapshotPage(await ask(stream, encodeSnapshotRequest('labels'))));
    labels.push(...page.labels);
    more = page.more;
  }
  expect(labels).toHaveLength(300);
  const names = labels.map(({ label }) => label.toHex());
  expect(names).toEqual([...names].sort());
  const first = labels.find(({ label }) =>
    bytesEqual(label, new Holder('tel:+34912341000').label),
  )!;
  expect(first.entries[0]!.opened).not.toBeNull();
  expect(first.entries[0]!.mentions.map(({ origin }) => origin)).toContain(alpha.origin);
  const key = accepted(parseVerifierKey(federation.charter.members[0]!.logKey));
  const root = accepted(verifyIndexRoot(note, key, crypto));
  expect(root.logs.find(({ origin }) => origin === alpha.origin)!.size).toBe(301);
  expect(parseSnapshotPage(encodeSnapshotPage({ labels, more: false })).verdict).toBe('reject');
  stream.abort();
}, 60_000);

it('refuses labels before a snapshot is open, and tells on who asks', async () => {
  const stream = await beta.mesh.network.open('alpha', snapshotProtocol);
  const answer = parseSnapshotPage(await ask(stream, encodeSnapshotRequest('labels')));
  expect(answer).toMatchObject({ verdict: 'reject', code: 'request_malformed' });
  stream.abort();
});

it('refuses requests and pages of another form', () => {
  for (const bad of [{ v: 1 }, { v: 2, want: 'root' }, { v: 1, want: 'all' }]) {
    expect(parseSnapshotRequest(encodeCbor(bad))).toMatchObject({ code: 'request_malformed' });
  }
  const label = new Uint8Array(32);
  for (const labels of [[[label]], [[label.subarray(1), []]], [[label, [[label, null]]]], 'text']) {
    const frame = encodeCbor({ v: 1, labels, more: false });
    expect(parseSnapshotPage(frame)).toMatchObject({ code: 'snapshot_malformed' });
  }
});
