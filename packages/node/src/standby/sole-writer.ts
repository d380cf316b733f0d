/**
 * Two processes that write for one member without a ledger would sign two logs. So whoever is about to start
 * as a writer looks into the shared database first: does another process of this member show signs of life
 * there, or do processes share a ledger that this one is not told of? A database that cannot be asked says
 * nothing: a member without stand-bys starts without it.
 */
import { DirectoryError } from '@callbook/protocol';
import {
  isLedgerBegun,
  noWriter,
  openPostgresStore,
  readSharedDescription,
  readSharedPosition,
  showsLife,
} from '@callbook/replication/shared-database';
import type { PostgresStoreOptions, SharedStore } from '@callbook/replication/shared-database';
import { systemScheduler } from '@callbook/replication/replica';
import type { Logger } from 'pino';
import type { NodeConfig } from '../config.ts';
import type { NodeErrorCode } from '../errors.ts';
import { describesMember } from '../front/front-description.ts';
import { readSharedDatabase } from '../front/shared-database.ts';

/** As long as a follower looks before it takes a table over. */
const lookMs = 5_000;

/** Errors: `writer_elsewhere`, `ledger_in_use`, `key_file_*`, `database_url_malformed`. */
export async function assertSoleWriter(
  { member, sharedDatabase }: Pick<NodeConfig, 'member' | 'sharedDatabase'>,
  log: Logger,
): Promise<void> {
  if (sharedDatabase === undefined) return;
  const database = await readSharedDatabase(sharedDatabase, 1);
  const ledger = { ...database, table: `${database.table}_ledger` };
  const isLedgerThere = await asked(ledger, log, isLedgerBegun);
  // Who has the ledger's lease is the ledger's matter.
  if (isLedgerThere === true && sharedDatabase.standby === true) return;
  if (isLedgerThere === true) throw refusal('ledger_in_use');
  const isWritten = await asked(
    database,
    log,
    async (shared) => await isWrittenFor(member, shared),
  );
  if (isWritten === true) throw refusal('writer_elsewhere');
}

async function isWrittenFor(member: string, shared: SharedStore): Promise<boolean> {
  const found = await readSharedPosition(shared);
  if (found === undefined || Buffer.compare(found.writerId, noWriter) === 0) return false;
  const description = await readSharedDescription(shared);
  // Another member's table is left alone by whoever would publish there.
  if (description !== undefined && !describesMember(description, member)) return false;
  return await showsLife(shared, found, { scheduler: systemScheduler, forMs: lookMs });
}

/** What a table says; undefined where it is not there, or cannot be asked. */
async function asked<T>(
  table: PostgresStoreOptions,
  log: Logger,
  question: (shared: SharedStore) => Promise<T>,
): Promise<T | undefined> {
  const shared = await openPostgresStore(table);
  try {
    return await question(shared);
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error;
    // Before the first start there is no table.
    if (error.code !== 'shared_store_failed') log.error({ code: error.code }, 'writer_unknown');
    return undefined;
  } finally {
    await shared.close();
  }
}

const sentences = {
  writer_elsewhere: 'another process writes for this member, by the shared database',
  ledger_in_use: 'processes of this member share a ledger, and this one is not set up to',
} as const;

function refusal(code: keyof typeof sentences): DirectoryError<NodeErrorCode> {
  return new DirectoryError(code, sentences[code]);
}
