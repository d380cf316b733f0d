/** What becomes of the own log when a batch fails, in pairs: not persisted, and persisted. */
import { describe, expect, it } from 'vitest';

import { memoryStore } from '../../src/store/memory-store.ts';
import { foundFederation, openReplica } from '../support/federation.ts';
import { faultyStore } from '../support/faulty-store.ts';
import type { Fault } from '../support/faulty-store.ts';
import { Holder, submissionOf } from '../support/holder.ts';

const faults: readonly Fault[] = ['failed, not persisted', 'failed, but persisted'];

describe.each(faults)('a batch that %s', (fault) => {
  async function afterFault() {
    const disk = memoryStore();
    const store = faultyStore(disk);
    const federation = await foundFederation();
    const replica = await openReplica(federation, 'alpha', { store });
    const made = await new Holder('tel:+4915123456789').register();
    const before = replica.checkpoint(replica.origin)!;
    const failures: Error[] = [];
    replica.onFailure((error) => failures.push(error));
    store.failNext(fault);
    const answer = replica.log(submissionOf(made, 'challenged'));
    await expect(answer).rejects.toThrow(expect.objectContaining({ code: 'replica_stopped' }));
    return { disk, federation, replica, made, before, failures };
  }

  it('gives no receipt, signs nothing and stops the replica', async () => {
    const { replica, before, failures } = await afterFault();
    expect(failures).toHaveLength(1);
    expect(replica.checkpoint(replica.origin)).toBe(before);
    const other = await new Holder('tel:+34912345678').register();
    await expect(replica.log(submissionOf(other, 'challenged'))).rejects.toThrow(
      expect.objectContaining({ code: 'replica_stopped' }),
    );
    expect(replica.failure).toBeDefined();
    await replica[Symbol.asyncDispose]();
  });

  it('leaves a log that the next start believes, and the same entry is logged once', async () => {
    const { disk, federation, replica, made } = await afterFault();
    await replica[Symbol.asyncDispose]();
    const again = await openReplica(federation, 'alpha', { store: disk });
    const sizeBefore = again.logSizes()[0]!.size;
    expect(sizeBefore).toBe(fault === 'failed, but persisted' ? 2 : 1);
    const verdict = await again.log(submissionOf(made, 'challenged'));
    expect(verdict).toMatchObject({ verdict: 'accept', value: { index: 1 } });
    expect(again.logSizes()[0]!.size).toBe(2);
    await again[Symbol.asyncDispose]();
  });

  it('is whole or not there at the charter leaf too', async () => {
    const disk = memoryStore();
    const store = faultyStore(disk);
    const federation = await foundFederation();
    store.failNext(fault);
    await expect(openReplica(federation, 'alpha', { store })).rejects.toThrow(
      expect.objectContaining({ code: 'replica_stopped' }),
    );
    const again = await openReplica(federation, 'alpha', { store: disk });
    expect(again.logSizes()[0]!.size).toBe(1);
    expect(again.checkpoint(again.origin)).toContain('api.alpha.test/log\n1\n');
    await again[Symbol.asyncDispose]();
  });
});
