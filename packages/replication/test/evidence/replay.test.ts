// The replay that decides a dispute about index roots gives the root that a member has signed.
import { bytesEqual, encodeLeaf, replayIndexRoot, verifyIndexRoot } from '@callbook/protocol';
import type { IndexRoot, ReplayedLog } from '@callbook/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Replica } from '../../src/replica.ts';
import { crypto, foundFederation, openReplica } from '../support/federation.ts';
import { Holder, submissionOf } from '../support/holder.ts';
import type { MadeEntry } from '../support/holder.ts';

let members: readonly Replica[];

beforeEach(async () => {
  const federation = await foundFederation();
  members = await Promise.all(
    ['alpha', 'beta', 'gamma'].map((name) => openReplica(federation, name, { indexed: true })),
  );
});
afterEach(async () => {
  await Promise.all(members.map((member) => member[Symbol.asyncDispose]()));
});

async function spread(from: Replica): Promise<void> {
  const page = (await from.page(from.origin, 0))!;
  for (const member of members) if (member !== from) await member.ingest(page);
}

async function complete(made: MadeEntry, role: 'challenged' | 'received'): Promise<void> {
  const [alpha, beta] = members as readonly [Replica, Replica];
  expect((await alpha.log(submissionOf(made, role))).verdict).toBe('accept');
  await spread(alpha);
  const second = await beta.log(submissionOf(made, role === 'received' ? 'witnessed' : role));
  expect(['accept', 'ignore']).toContain(second.verdict);
  await spread(beta);
}

async function signedBy(member: Replica): Promise<{ root: IndexRoot; logs: ReplayedLog[] }> {
  await member.settleIndex();
  const key = member.membership.byOrigin(member.origin)!.logKey;
  const root = verifyIndexRoot(member.indexRoot!, key, crypto);
  if (root.verdict !== 'accept') throw new Error(root.message);
  const logs: ReplayedLog[] = [];
  for (const { origin, size } of root.value.logs) {
    const page = await member.page(origin, 0);
    // What it has witnessed meanwhile is not under the root.
    logs.push({ origin, leaves: page?.leaves.slice(0, size) ?? [] });
  }
  return { root: root.value, logs };
}

describe('a replay', () => {
  beforeEach(async () => {
    const [alpha] = members as readonly [Replica];
    for (const digits of ['4915123456789', '34912345678', '447700900001']) {
      const holder = new Holder(`tel:+${digits}`);
      await complete(await holder.register(), 'challenged');
      await alpha.log(submissionOf(await holder.update('sip:new@sip.test'), 'received'));
      if (digits.startsWith('34')) await complete(await holder.release(), 'received');
    }
    await spread(alpha);
  });

  it('gives the root that every member has signed', async () => {
    for (const member of members) {
      const { root, logs } = await signedBy(member);
      const { charters } = member.membership;
      const replayed = replayIndexRoot(root, logs, { charters, crypto });
      if (replayed.verdict !== 'accept') throw new Error(replayed.message);
      expect(bytesEqual(replayed.value, root.root)).toBe(true);
    }
  });

  it('refuses leaves that are not those of the root', async () => {
    const [alpha] = members as readonly [Replica];
    const { charters } = alpha.membership;
    const { root, logs } = await signedBy(alpha);
    const charter = charters.current.hash;
    const leaf = encodeLeaf({ v: 1, at: 1, charter, role: 'charter' });
    const changed = logs.map((log, n) => (n === 0 ? { ...log, leaves: [leaf] } : log));
    expect(replayIndexRoot(root, changed, { charters, crypto })).toMatchObject({
      code: 'batch_root_mismatch',
    });
    expect(
      replayIndexRoot({ ...root, charter: new Uint8Array(32) }, logs, { charters, crypto }),
    ).toMatchObject({ verdict: 'ignore', code: 'charter_missing' });
  });
});
