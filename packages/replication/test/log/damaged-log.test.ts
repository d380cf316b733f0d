/** A log whose rows the disk has changed is not opened: nothing is ever signed over what was not logged. */
import { describe, expect, it } from 'vitest';

import { memoryStore } from '../../src/store/memory-store.ts';
import { partKey, positionKey, tileKey } from '../../src/store/row-keys.ts';
import type { Store } from '../../src/store/store.ts';
import { foundFederation, openReplica } from '../support/federation.ts';
import type { TestFederation } from '../support/federation.ts';
import { Holder, submissionOf } from '../support/holder.ts';
import { copyOf } from '../support/mesh-members.ts';

/** Of the size in the position's row, and the count of hashes behind it. */
const frontierAt = 8;
const hashBytes = 32;

async function writtenLog(): Promise<{ federation: TestFederation; store: Store; origin: string }> {
  const federation = await foundFederation();
  const store = memoryStore();
  const replica = await openReplica(federation, 'alpha', { store });
  for (const number of ['+4915123456789', '+34912345678', '+447700900001', '+34912345679']) {
    const made = await new Holder(`tel:${number}`).register();
    const verdict = await replica.log(submissionOf(made, 'challenged'));
    expect(verdict.verdict).toBe('accept');
  }
  const { origin } = replica;
  await replica[Symbol.asyncDispose]();
  return { federation, store, origin };
}

async function openChanged(
  { federation, store }: Awaited<ReturnType<typeof writtenLog>>,
  rowKey: Uint8Array,
  at: number,
): Promise<void> {
  const copy = await copyOf(store);
  const value = Uint8Array.from(copy.get(rowKey)!);
  value[at]! ^= 4;
  await copy.batch([{ rowKey, value }], { durable: true });
  const replica = await openReplica(federation, 'alpha', { store: copy });
  await replica[Symbol.asyncDispose]();
}

describe('a log of which the disk has changed', () => {
  const damaged = expect.objectContaining({ code: 'store_damaged' });

  // Five leaves, in a tree of four and one of one.
  it('a hash of the frontier is not opened', async () => {
    const written = await writtenLog();
    for (let at = frontierAt; at < frontierAt + 2 * hashBytes; at += 7)
      await expect(openChanged(written, positionKey(written.origin), at)).rejects.toThrow(damaged);
  });

  it('a hash in a tile is not opened', async () => {
    const written = await writtenLog();
    for (let at = 0; at < 5 * hashBytes; at += 7)
      await expect(openChanged(written, tileKey(written.origin, 0, 0), at)).rejects.toThrow(
        damaged,
      );
  });

  it('a leaf is not opened', async () => {
    const written = await writtenLog();
    // Behind the two bytes of its length.
    for (const at of [2, 9, 100])
      await expect(openChanged(written, partKey(written.origin, 3), at)).rejects.toThrow(damaged);
  });

  it('nothing is opened, and goes on at its size', async () => {
    const { federation, store } = await writtenLog();
    const replica = await openReplica(federation, 'alpha', { store });
    expect(replica.logSizes()[0]!.size).toBe(5);
    await replica[Symbol.asyncDispose]();
  });
});
