/**
 * Who writes for a member that runs as several processes: the one that has the lease in the shared database.
 * Until then this process stands by: its store follows, and it opens no port. Loaded only where it is
 * configured.
 */
import { openPostgresStore, standBy } from '@callbook/replication/shared-database';
import type {
  LeasedStore,
  PostgresStoreOptions,
  SharedStore,
} from '@callbook/replication/shared-database';
import { systemScheduler } from '@callbook/replication/replica';
import type { Store } from '@callbook/replication';
import { assert, DirectoryError } from '@callbook/protocol';
import type { Logger } from 'pino';
import type { NodeConfig } from '../config.ts';
import { readSharedDatabase } from '../front/shared-database.ts';
import { systemClock, systemRandom } from '../system-ports.ts';

/** One writes; one looks while that one waits. */
const connections = 2;
const retryMs = 1_000;

export interface MemberLease extends AsyncDisposable {
  /** To be used in place of the store that it was taken for. */
  readonly store: Store;
  /** Whether this process may still write. */
  readonly mayWrite: () => boolean;
  /** Rises with each holder. */
  readonly term: number;
  /** Batches that each stand-by lacks. */
  readonly standbyLags: () => readonly number[];
  /** Why nothing can be written just now; undefined while it can. */
  readonly trouble: () => string | undefined;
}

export interface LeaseParts {
  readonly store: Store;
  readonly log: Logger;
  /** The lease is another process's: end at once, everything that is answered from here on is old. */
  readonly onLost: () => void;
}

/** Stands by until this process has the lease. Codes: those of `standBy`, `key_file_*`, `database_url_malformed`. */
export async function takeLease(
  settings: NonNullable<NodeConfig['sharedDatabase']>,
  { store, log, onLost }: LeaseParts,
): Promise<MemberLease> {
  const database = await readSharedDatabase(settings, connections);
  const table = `${database.table}_ledger`;
  const ledger = await openLedger({ ...database, table, makesTable: true }, log);
  let told: string | undefined;
  const leased = await standBy({
    store,
    ledger,
    clock: systemClock,
    random: systemRandom,
    scheduler: systemScheduler,
    // Who is stopped while it stands by just ends: nothing is under way.
    signal: new AbortController().signal,
    onState: ({ code, applied, sequence }) => {
      if (code === told && told !== undefined) return;
      if (code !== undefined) log.error({ code }, 'ledger_troubled');
      else if (told !== 'following') log.info({ applied, sequence }, 'standing_by');
      told = code ?? 'following';
    },
    onTrouble: (code) => {
      if (code === undefined) log.info('ledger_followed');
      else log.error({ code }, 'ledger_troubled');
    },
  });
  assert(leased !== undefined, 'the wait ends with the lease');
  log.info({ term: leased.lease.term, sequence: leased.lease.sequence }, 'lease_taken');
  void leased.lost.then((error) => {
    log.error({ code: error.code }, 'lease_lost');
    onLost();
  });
  return leaseOf(leased, ledger);
}

/** Opens the ledger as soon as the database is there. */
async function openLedger(options: PostgresStoreOptions, log: Logger): Promise<SharedStore> {
  for (let told: string | undefined; ;) {
    try {
      return await openPostgresStore(options);
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error;
      if (error.code !== told) log.error({ code: error.code }, 'ledger_troubled');
      told = error.code;
    }
    await systemScheduler.delay(retryMs);
  }
}

function leaseOf(leased: LeasedStore, ledger: { close(): Promise<void> }): MemberLease {
  return {
    store: leased.store,
    mayWrite: () => !leased.isLost,
    term: leased.lease.term,
    standbyLags: () => leased.standbyLags,
    trouble: () => leased.trouble,
    [Symbol.asyncDispose]: async () => {
      await leased[Symbol.asyncDispose]();
      await ledger.close();
    },
  };
}
