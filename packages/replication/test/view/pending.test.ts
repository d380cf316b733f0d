import type { Identifier } from '@callbook/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Replica } from '../../src/replica.ts';
import { parseBinding, encodeBinding } from '../../src/view/binding-row.ts';
import { foundFederation, openReplica, TestClock } from '../support/federation.ts';
import { Holder, submissionOf } from '../support/holder.ts';
import type { MadeEntry } from '../support/holder.ts';

const number: Identifier = 'tel:+4915123456789';
const dayMs = 86_400_000;

let clock: TestClock;
let replicas: readonly Replica[];

beforeEach(async () => {
  const federation = await foundFederation();
  clock = new TestClock();
  replicas = await Promise.all(
    federation.members.map(({ name }) => openReplica(federation, name, { clock })),
  );
});
afterEach(async () => {
  await Promise.all(replicas.map((replica) => replica[Symbol.asyncDispose]()));
});

async function pullAll(): Promise<void> {
  for (const reader of replicas) {
    for (const source of replicas) {
      if (reader === source) continue;
      const batch = await source.page(source.origin, reader.expectedSize(source.origin));
      if (batch !== undefined && batch.leaves.length > 0) await reader.ingest(batch);
    }
  }
}

/** Logged by all, the first two of them after their own challenges where the kind needs any. */
async function log(made: MadeEntry, role: 'challenged' | 'received'): Promise<void> {
  for (const [member, replica] of replicas.entries()) {
    if (role === 'challenged' && member === 2) continue;
    const verdict = await replica.log(submissionOf(made, role));
    expect(verdict.verdict).toBe('accept');
  }
  await pullAll();
}

describe('a request to replace the holder', () => {
  it('stands in the binding of every member until the commit, which alone changes the routes', async () => {
    const [holder, claimant] = [new Holder(number), new Holder(number, 'second')];
    await log(await holder.register(), 'challenged');
    clock.advance(dayMs);
    const request = await claimant.request(0);
    await log(request, 'challenged');
    const timeMs = clock.nowMs();
    const { possessionMs } = replicas[0]!.membership.charters.current.charter.holds;
    for (const { bindings } of replicas) {
      const binding = bindings.byIdentifier(number)!;
      expect(binding.pending).toEqual([
        {
          requestId: request.entryId,
          requestClass: 'possession',
          timeMs,
          commitFromMs: timeMs + possessionMs,
        },
      ]);
      expect(binding.routes[0]!.uri).toBe('sip:first@sip.test');
      expect(parseBinding(encodeBinding(binding))).toEqual(binding);
    }
    expect(
      replicas[2]!.nextClaim(replicas[2]!.label(number).label, claimant.authorityKey),
    ).toMatchObject({ kind: 'commit' });
    clock.advance(possessionMs);
    await log(await claimant.commit(request), 'challenged');
    for (const { bindings } of replicas) {
      const binding = bindings.byIdentifier(number)!;
      expect(binding).toMatchObject({ epoch: 1, pending: [] });
      expect(binding.routes[0]!.uri).toBe('sip:next@sip.test');
    }
  });

  it('leaves the binding with the veto', async () => {
    const [holder, claimant] = [new Holder(number), new Holder(number, 'second')];
    await log(await holder.register(), 'challenged');
    const request = await claimant.request(0);
    await log(request, 'challenged');
    for (const { bindings } of replicas) {
      expect(bindings.byIdentifier(number)!.pending).toHaveLength(1);
    }
    await log(await holder.veto(request), 'received');
    for (const { bindings } of replicas) {
      expect(bindings.byIdentifier(number)).toMatchObject({ epoch: 0, pending: [] });
    }
  });
});
