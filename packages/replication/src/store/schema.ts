/**
 * The version of the store's layout (`row-keys.ts`), in a row of its own, and the steps that lead from each
 * version to the next. A step that fails or is cut short is run again at the next start: each must leave
 * alone what it has changed already. There is no way back but the backup from before, unless the newer
 * layout is one that older code can read: then that code opens it, and puts its own version there, so that
 * the steps are run again when the newer code comes back.
 */
import { DirectoryError } from '@callbook/protocol';

import type { ReplicationErrorCode } from '../errors.ts';
import { migrationRowsMax } from '../limits.ts';
import { RowReader, isSealedRow, RowWriter, sealRow } from './row-bytes.ts';
import { allBindings, schemaKey } from './row-keys.ts';
import type { Store } from './store.ts';

export interface StoreSchema {
  readonly version: number;
  /** The oldest version of the layout whose code can read and write such a store. */
  readonly oldestReader: number;
}

/** What this code writes. */
export const storeSchema: StoreSchema = { version: 2, oldestReader: 2 };

interface MigrationStep {
  /** The version that it leads to, from the one before. */
  readonly to: number;
  readonly run: (store: Store) => Promise<void>;
}

export interface StoreLayout {
  readonly schema: StoreSchema;
  /** In order, one to each version after the first. */
  readonly steps: readonly MigrationStep[];
}

const layoutOfThisCode: StoreLayout = {
  schema: storeSchema,
  steps: [{ to: 2, run: sealBindings }],
};

/** Stores were written without the row before it was there. */
const unversioned: StoreSchema = { version: 1, oldestReader: 1 };

/**
 * Brings a store to the version of this code, before anything else reads it; calls back with the version
 * that each step leads to, as it begins. Errors: `store_newer`, `store_corrupt`, `store_failed`.
 */
export async function migrateStore(
  store: Store,
  onStep: (version: number) => void = () => undefined,
  { schema, steps }: StoreLayout = layoutOfThisCode,
): Promise<void> {
  const found = await readSchema(store, schema);
  if (found.oldestReader > schema.version)
    throw new DirectoryError<ReplicationErrorCode>(
      'store_newer',
      `the store is of version ${found.version}, this program reads up to ${schema.version}`,
    );
  for (const { to, run } of steps) {
    if (to <= found.version) continue;
    onStep(to);
    await run(store);
    // Durable, and so is every batch before it. If we crash before, the step is run again.
    await writeSchema(store, { ...schema, version: to });
  }
  if (found.version > schema.version) await writeSchema(store, schema);
}

/** The version of a store that is not empty. Error: `store_corrupt`. */
export function schemaOf(store: Pick<Store, 'get'>): StoreSchema {
  const row = store.get(schemaKey());
  if (row === undefined) return unversioned;
  const reader = new RowReader(row);
  return { version: reader.u32(), oldestReader: reader.u32() };
}

/** The version of a store; that of this code for one that is empty. */
async function readSchema(store: Store, ofThisCode: StoreSchema): Promise<StoreSchema> {
  if (store.get(schemaKey()) !== undefined) return schemaOf(store);
  const everything = { gte: new Uint8Array(0), lt: Uint8Array.of(255) };
  const isEmpty = (await store.range({ ...everything, countMax: 1 })).length === 0;
  if (!isEmpty) return unversioned;
  await writeSchema(store, ofThisCode);
  return ofThisCode;
}

async function writeSchema(store: Store, { version, ...schema }: StoreSchema): Promise<void> {
  const oldestReader = Math.min(version, schema.oldestReader);
  const value = new RowWriter().u32(version).u32(oldestReader).finish();
  await store.batch([{ rowKey: schemaKey(), value }], { durable: true });
}

/** Version 2: published bindings carry a checksum. */
async function sealBindings(store: Store): Promise<void> {
  for (const { gte, lt } of allBindings()) {
    for (let from = gte; ;) {
      const rows = await store.range({ gte: from, lt, countMax: migrationRowsMax });
      const changes = rows
        .filter(([, value]) => !isSealedRow(value))
        .map(([rowKey, value]) => ({ rowKey, value: sealRow(value) }));
      if (changes.length > 0) await store.batch(changes, { durable: false });
      if (rows.length < migrationRowsMax) break;
      from = Buffer.concat([rows.at(-1)![0], Buffer.of(0)]);
    }
  }
}
