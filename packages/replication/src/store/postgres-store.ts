/**
 * The shared store on PostgreSQL's protocol: one table of bytes, plain SQL that CockroachDB, YugabyteDB and
 * Citus know as well, no extension and no function of the database's own. What differs between them is
 * left out: LISTEN is asked for and done without.
 *
 * Bytes travel as hexadecimal text (`encode`), whatever `bytea_output` is set to. `pg` is loaded when a
 * store is opened: most members have none.
 */
import { DirectoryError } from '@callbook/protocol';
import type { ClientBase, Pool } from 'pg';

import type { ReplicationErrorCode } from '../errors.ts';
import { PostgresHints } from './postgres-hints.ts';
import { isContention, sharedStoreError } from './postgres-errors.ts';
import type { ExpectedRow, Row, RowChange, RowRange, SharedStore, StoreSnapshot } from './store.ts';

export interface PostgresStoreOptions {
  /** As libpq has it: `postgres://user:password@host:5432/database`, or with a socket's folder as `host`. */
  readonly url: string;
  /** Lower-case letters, digits and `_`. */
  readonly table: string;
  /** Calls that are under way at the same time, each on a connection of its own. */
  readonly connections: number;
  /** A statement, or a connection that is being made, that takes longer has failed. */
  readonly answerMsMax: number;
  /** Makes the table where it is missing. */
  readonly makesTable?: boolean;
}

const tablePattern = /^[a-z_][a-z0-9_]{0,47}$/;
/** Times that a transaction is tried which others were in the way of. */
const attemptsMax = 5;

/**
 * Opens the store; the database need not be there yet, unless a table is to be made. Errors: those of
 * `SharedStore`.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<SharedStore> {
  if (!tablePattern.test(options.table)) {
    throw new DirectoryError<ReplicationErrorCode>(
      'shared_store_failed',
      'the name of the table is not lower-case letters, digits and _',
    );
  }
  const { default: pg } = await import('pg');
  const { url, answerMsMax, connections } = options;
  const settings = {
    connectionString: url,
    connectionTimeoutMillis: answerMsMax,
    query_timeout: answerMsMax,
    statement_timeout: answerMsMax,
    // A process that sleeps, or is cut off, in a transaction would keep its locks from whoever takes over.
    idle_in_transaction_session_timeout: answerMsMax,
    keepAlive: true,
    application_name: 'callbook',
  };
  const pool = new pg.Pool({ ...settings, max: connections });
  // A connection that breaks while nobody uses it is made again by whoever needs it.
  pool.on('error', () => undefined);
  const store = new PostgresStore(pool, {
    table: options.table,
    openHints: (listener) => new PostgresHints({ settings, channel: options.table, listener }),
  });
  if (options.makesTable === true) {
    try {
      await store.makeTable();
    } catch (cause) {
      await store.close();
      throw cause;
    }
  }
  return store;
}

interface PostgresParts {
  readonly table: string;
  readonly openHints: (listener: () => void) => AsyncDisposable;
}

/** Rows as `encode` gives them. */
type HexRow = readonly [rowKey: string, value: string];

class PostgresStore implements SharedStore {
  readonly #pool: Pool;
  readonly #parts: PostgresParts;
  /** The last write, since a pool has no order. */
  #earlier: Promise<unknown> = Promise.resolve();
  #isClosed = false;
  #hasHints = true;

  constructor(pool: Pool, parts: PostgresParts) {
    this.#pool = pool;
    this.#parts = parts;
  }

  async makeTable(): Promise<void> {
    const { table } = this.#parts;
    await this.#guard(async () => {
      // Even `if not exists` wants the right to make tables, which a writer need not have.
      const { rowCount } = await this.#pool.query(
        'SELECT 1 FROM information_schema.tables WHERE table_name = $1',
        [table],
      );
      if (rowCount !== 0) return;
      await this.#pool.query(
        `CREATE TABLE IF NOT EXISTS ${table} (row_key bytea PRIMARY KEY, row_value bytea NOT NULL)`,
      );
    });
  }

  async get(rowKey: Uint8Array): Promise<Uint8Array | undefined> {
    return (await this.getMany([rowKey]))[0];
  }

  async getMany(rowKeys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    if (rowKeys.length === 0) return [];
    const names = rowKeys.map((rowKey) => rowKey.toHex());
    const { table } = this.#parts;
    const { rows } = await this.#guard(
      async () =>
        await this.#pool.query<[string, string]>({
          name: 'callbook_many',
          rowMode: 'array',
          text: `SELECT encode(row_key, 'hex'), encode(row_value, 'hex') FROM ${table} WHERE row_key = ANY($1::bytea[])`,
          values: [bytesArray(names)],
        }),
    );
    // One room for all: each would cost the C library's allocator more than its text.
    const room = new Uint8Array(rows.reduce((sum, [, value]) => sum + value.length / 2, 0));
    const found = new Map<string, Uint8Array>();
    let end = 0;
    for (const [name, value] of rows) {
      const octets = room.subarray(end, (end += value.length / 2));
      octets.setFromHex(value);
      found.set(name, octets);
    }
    return names.map((name) => found.get(name));
  }

  async batch(changes: readonly RowChange[]): Promise<void> {
    await this.#write(async (client) => {
      await this.#apply(client, changes);
      return true;
    });
  }

  async batchIf(expected: ExpectedRow, changes: readonly RowChange[]): Promise<boolean> {
    return await this.#write(async (client) => {
      if (!(await this.#holds(client, expected))) return false;
      await this.#apply(client, changes);
      return true;
    });
  }

  async range(range: RowRange): Promise<Row[]> {
    return await this.#guard(async () => await this.#range(this.#pool, range));
  }

  async snapshot(): Promise<StoreSnapshot> {
    const client = await this.#guard(async () => await this.#pool.connect());
    const onError = (): void => undefined;
    client.on('error', onError);
    const leave = (failed: boolean): void => {
      client.off('error', onError);
      client.release(failed);
    };
    try {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      // The moment is that of the first statement that reads.
      await client.query(`SELECT 1 FROM ${this.#parts.table} LIMIT 1`);
    } catch (cause) {
      leave(true);
      throw sharedStoreError(cause);
    }
    return {
      range: async (range) => await this.#guard(async () => await this.#range(client, range)),
      close: async () => {
        try {
          await client.query('COMMIT');
          leave(false);
        } catch {
          leave(true);
        }
      },
    };
  }

  async hint(): Promise<void> {
    if (!this.#hasHints) return;
    try {
      // In a statement of its own: where there is no such thing, a transaction would be given up.
      await this.#guard(async () => await this.#pool.query(`NOTIFY ${this.#parts.table}`));
    } catch {
      this.#hasHints = false;
    }
  }

  onHint(listener: () => void): AsyncDisposable {
    return this.#parts.openHints(listener);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#earlier;
    await this.#pool.end();
  }

  /** Runs a transaction after all before it; `false` gives it up. */
  async #write(work: (client: ClientBase) => Promise<boolean>): Promise<boolean> {
    const written = this.#earlier.then(async () => await this.#transact(work));
    this.#earlier = written.catch(() => undefined);
    return await written;
  }

  async #transact(work: (client: ClientBase) => Promise<boolean>): Promise<boolean> {
    return await this.#guard(async () => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await this.#attempt(work);
        } catch (cause) {
          if (!isContention(cause) || attempt === attemptsMax) throw cause;
        }
      }
    });
  }

  async #attempt(work: (client: ClientBase) => Promise<boolean>): Promise<boolean> {
    const client = await this.#pool.connect();
    const onError = (): void => undefined;
    client.on('error', onError);
    let isBroken = true;
    try {
      await client.query('BEGIN');
      const isDone = await work(client);
      // If we crash before the answer comes, nobody here knows whether it is there: the position is in it.
      await client.query(isDone ? 'COMMIT' : 'ROLLBACK');
      isBroken = false;
      return isDone;
    } finally {
      client.off('error', onError);
      client.release(isBroken);
    }
  }

  /** Locks the row, so that of two who expect the same one is first. */
  async #holds(client: ClientBase, { rowKey, value }: ExpectedRow): Promise<boolean> {
    const { table } = this.#parts;
    if (value === undefined) {
      const { rowCount } = await client.query(
        `INSERT INTO ${table} (row_key, row_value) VALUES ($1, $2) ON CONFLICT (row_key) DO NOTHING`,
        [Buffer.from(rowKey), Buffer.alloc(0)],
      );
      return rowCount === 1;
    }
    const { rows } = await client.query<[string]>({
      rowMode: 'array',
      text: `SELECT encode(row_value, 'hex') FROM ${table} WHERE row_key = $1 FOR UPDATE`,
      values: [Buffer.from(rowKey)],
    });
    return rows[0]?.[0] === value.toHex();
  }

  /** What comes later in a batch holds: so each row is written once, in two statements. */
  async #apply(client: ClientBase, changes: readonly RowChange[]): Promise<void> {
    const { table } = this.#parts;
    const last = new Map<string, string | undefined>();
    for (const change of changes) {
      last.set(change.rowKey.toHex(), 'erase' in change ? undefined : change.value.toHex());
    }
    const erased = [...last].flatMap(([name, value]) => (value === undefined ? [name] : []));
    const put = [...last].filter((row): row is [string, string] => row[1] !== undefined);
    if (erased.length > 0) {
      await client.query({
        name: 'callbook_erase',
        text: `DELETE FROM ${table} WHERE row_key = ANY($1::bytea[])`,
        values: [bytesArray(erased)],
      });
    }
    if (put.length > 0) {
      await client.query({
        name: 'callbook_put',
        text:
          `INSERT INTO ${table} (row_key, row_value) SELECT * FROM unnest($1::bytea[], $2::bytea[]) ` +
          'ON CONFLICT (row_key) DO UPDATE SET row_value = excluded.row_value',
        values: [bytesArray(put.map(([name]) => name)), bytesArray(put.map(([, value]) => value))],
      });
    }
  }

  async #range(on: Pick<ClientBase, 'query'>, range: RowRange): Promise<Row[]> {
    const order = range.reverse === true ? 'DESC' : 'ASC';
    const { rows } = await on.query<[string, string]>({
      rowMode: 'array',
      text:
        `SELECT encode(row_key, 'hex'), encode(row_value, 'hex') FROM ${this.#parts.table} ` +
        `WHERE row_key >= $1 AND row_key < $2 ORDER BY row_key ${order} LIMIT $3`,
      values: [Buffer.from(range.gte), Buffer.from(range.lt), range.countMax],
    });
    return rows.map(rowOf);
  }

  async #guard<T>(run: () => Promise<T>): Promise<T> {
    if (this.#isClosed) {
      throw new DirectoryError<ReplicationErrorCode>('store_closed', 'the store is closed');
    }
    try {
      return await run();
    } catch (cause) {
      throw sharedStoreError(cause);
    }
  }
}

function rowOf([rowKey, value]: HexRow): Row {
  return [Uint8Array.fromHex(rowKey), Uint8Array.fromHex(value)];
}

/** An array in PostgreSQL's text form; hexadecimal digits need no escape but that of the `\x` before them. */
function bytesArray(hexes: readonly string[]): string {
  return hexes.length === 0 ? '{}' : `{"\\\\x${hexes.join('","\\\\x')}"}`;
}
