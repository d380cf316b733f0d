/** The shared store on a real PostgreSQL: the same acceptance suite as level, and what only it has. */
import { openPostgresStore } from '@callbook/replication/shared-database';
import type { SharedStore } from '@callbook/replication/shared-database';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { acceptStore } from '../../../packages/replication/test/store/acceptance.ts';
import { Postgres } from '../../src/postgres.ts';

let postgres: Postgres;
let tables = 0;
beforeAll(async () => {
  postgres = await Postgres.start();
}, 60_000);
afterAll(async () => await postgres[Symbol.asyncDispose]());

const options = { connections: 3, answerMsMax: 5_000, makesTable: true };
const open = async (table: string): Promise<SharedStore> =>
  await openPostgresStore({ ...options, url: postgres.url, table });
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

acceptStore('PostgreSQL', async () => {
  tables += 1;
  const table = `rows_${tables}`;
  let store = await open(table);
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await open(table);
      return store;
    },
    dispose: async () => await store.close(),
  };
});

describe('the store on PostgreSQL', () => {
  it('applies a batch only while a row is as expected, also when two race for it', async () => {
    await using stack = new AsyncDisposableStack();
    const [one, other] = [await open('races'), await open('races')];
    stack.defer(async () => void (await Promise.all([one.close(), other.close()])));
    const rowKey = bytes(1);
    const claim = async (store: SharedStore, mark: number, value?: Uint8Array): Promise<boolean> =>
      await store.batchIf({ rowKey, value }, [{ rowKey, value: bytes(mark) }]);
    const first = await Promise.all([claim(one, 1), claim(other, 2)]);
    expect(first.filter(Boolean)).toHaveLength(1);
    const before = await one.get(rowKey);
    const second = await Promise.all([claim(one, 3, before), claim(other, 4, before)]);
    expect(second.filter(Boolean)).toHaveLength(1);
    expect(await claim(one, 5, before)).toBe(false);
    expect(await other.get(rowKey)).toEqual(bytes(second[0] ? 3 : 4));
  });

  it('gives a hint to all who listen', async () => {
    await using stack = new AsyncDisposableStack();
    const store = await open('hints');
    stack.defer(async () => await store.close());
    let heard = 0;
    stack.use(store.onHint(() => (heard += 1)));
    await vi.waitFor(
      async () => {
        await store.hint();
        expect(heard).toBeGreaterThan(0);
      },
      { timeout: 20_000, interval: 100 },
    );
  });

  it('refuses a table whose name is no word', async () => {
    await expect(open('rows; drop table rows')).rejects.toThrow(
      expect.objectContaining({ code: 'shared_store_failed' }),
    );
  });

  it('says with a code that there is no table, that it may only read, and that others hold it up', async () => {
    await using stack = new AsyncDisposableStack();
    const absent = await openPostgresStore({
      ...options,
      url: postgres.url,
      table: 'absent',
      makesTable: false,
    });
    // The table is made by a patient one: 300 ms may be too little on a busy machine.
    await (await open('held')).close();
    const store = await openPostgresStore({
      ...options,
      answerMsMax: 300,
      url: postgres.url,
      table: 'held',
      makesTable: false,
    });
    stack.defer(async () => void (await Promise.all([absent.close(), store.close()])));
    await expect(absent.get(bytes(1))).rejects.toMatchObject({ code: 'shared_store_failed' });
    const locking = postgres.query('BEGIN; LOCK TABLE held; SELECT pg_sleep(4); COMMIT');
    await vi.waitFor(
      async () =>
        await expect(store.get(bytes(1))).rejects.toMatchObject({ code: 'shared_store_slow' }),
      { timeout: 20_000 },
    );
    await locking;
    await expect.poll(async () => await store.get(bytes(1))).toBeUndefined();
    await postgres.query('ALTER SYSTEM SET default_transaction_read_only = on');
    await postgres.query('SELECT pg_reload_conf()');
    const put = async (): Promise<void> =>
      await store.batch([{ rowKey: bytes(1), value: bytes(1) }], { durable: true });
    await vi.waitFor(
      async () => await expect(put()).rejects.toMatchObject({ code: 'shared_store_read_only' }),
      { timeout: 20_000 },
    );
    await postgres.query('ALTER SYSTEM RESET default_transaction_read_only');
    await postgres.query('SELECT pg_reload_conf()');
    await vi.waitFor(async () => await put(), { timeout: 20_000 });
    await expect.poll(async () => await store.get(bytes(1))).toEqual(bytes(1));
  }, 90_000);

  it('says with a code that the database is gone, and works again when it is back', async () => {
    await using stack = new AsyncDisposableStack();
    const store = await open('gone');
    stack.defer(async () => await store.close());
    await store.batch([{ rowKey: bytes(1), value: bytes(1) }], { durable: true });
    await postgres.kill();
    await expect(store.get(bytes(1))).rejects.toMatchObject({ code: 'shared_store_unavailable' });
    await postgres.restart();
    expect(await store.get(bytes(1))).toEqual(bytes(1));
  }, 60_000);
});
