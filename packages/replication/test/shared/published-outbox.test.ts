/** The outbox on a store whose batches take a while, as they do where a ledger comes first. */
import type { Identifier } from '@callbook/protocol';
import { describe, expect, it } from 'vitest';
import { PublishedOutbox } from '../../src/shared/published-outbox.ts';
import { memoryStore } from '../../src/store/memory-store.ts';
import { bindingKey } from '../../src/store/row-keys.ts';
import type { Store } from '../../src/store/store.ts';

const clock = { nowMs: () => 1_790_000_000_000 };
const random = { bytes: (size: number) => crypto.getRandomValues(new Uint8Array(size)) };
const keyOf = (n: number): Uint8Array => bindingKey(`tel:+49151234567${n}` as Identifier);
const value = Uint8Array.of(1);

/** A store whose batches wait until they are let go. */
function slow(store: Store): { store: Store; letGo: () => void } {
  const gates: PromiseWithResolvers<void>[] = [];
  let isSlow = false;
  return {
    store: {
      ...store,
      batch: async (changes, options) => {
        if (isSlow) {
          const gate = Promise.withResolvers<void>();
          gates.push(gate);
          await gate.promise;
        }
        isSlow = true;
        await store.batch(changes, options);
      },
    },
    letGo: () => gates.shift()!.resolve(),
  };
}

describe('the outbox', () => {
  it('takes no batch that is on its way for one that is not kept any more', async () => {
    const { store, letGo } = slow(memoryStore());
    const outbox = await PublishedOutbox.open({ store, clock, random });
    const first = outbox.store.batch([{ rowKey: keyOf(1), value }], { durable: true });
    expect(outbox.last).toBe(0);
    expect(await outbox.after(0)).toEqual({ sequence: 0, rowKeys: [] });
    letGo();
    await first;
    const second = outbox.store.batch([{ rowKey: keyOf(2), value }], { durable: true });
    expect(outbox.last).toBe(1);
    expect(await outbox.after(0)).toEqual({ sequence: 1, rowKeys: [keyOf(1)] });
    expect(await outbox.after(1)).toEqual({ sequence: 1, rowKeys: [] });
    letGo();
    await second;
    expect(await outbox.after(1)).toEqual({ sequence: 2, rowKeys: [keyOf(2)] });
  });

  it('says when changes are not kept any more', async () => {
    const outbox = await PublishedOutbox.open({ store: memoryStore(), clock, random });
    for (let n = 1; n <= 3; n += 1)
      await outbox.store.batch([{ rowKey: keyOf(n), value }], { durable: true });
    await outbox.forgetBefore(3);
    expect(await outbox.after(0)).toBeUndefined();
    expect(await outbox.after(1)).toBeUndefined();
    expect(await outbox.after(2)).toEqual({ sequence: 3, rowKeys: [keyOf(3)] });
  });

  it('jumps over nothing when it counts on after the position of a database that is ahead', async () => {
    const outbox = await PublishedOutbox.open({ store: memoryStore(), clock, random });
    await outbox.store.batch([{ rowKey: keyOf(1), value }], { durable: true });
    await outbox.skipTo(7);
    await outbox.store.batch([{ rowKey: keyOf(2), value }], { durable: true });
    expect(await outbox.after(7)).toEqual({ sequence: 8, rowKeys: [keyOf(2)] });
    expect(await outbox.after(0)).toEqual({ sequence: 1, rowKeys: [keyOf(1)] });
    expect(await outbox.after(1)).toBeUndefined();
  });
});
