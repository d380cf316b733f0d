/**
 * The writer's side in a member: its store gets an outbox, and a follower brings what is in it to the shared
 * database. Loaded only where a database is configured. Whatever happens to the database, the member itself
 * goes on; its operator reads the state in the log.
 */
import {
  PublishedOutbox,
  openPostgresStore,
  ViewFollower,
} from '@callbook/replication/shared-database';
import type { FollowerState } from '@callbook/replication/shared-database';
import { systemScheduler } from '@callbook/replication/replica';
import type { Store } from '@callbook/replication';
import type { Logger } from 'pino';
import type { NodeConfig } from '../config.ts';
import { systemClock, systemRandom } from '../system-ports.ts';
import type { ZoneServer } from '../zone-server.ts';
import { describesMember, encodeFrontDescription } from './front-description.ts';
import { readSharedDatabase } from './shared-database.ts';

/** One for the position and its rows; one for hints, which wait for nothing. */
const connections = 2;

/** What a member publishes to its front ends. */
export interface Publishing {
  /** To be used in place of the store that it was opened on. */
  readonly store: Store;
  /** Brings what is published to the database until disposed of. */
  follow(parts: FollowParts): AsyncDisposable & { readonly state: FollowerState };
}

interface FollowParts {
  readonly zone: Pick<ZoneServer, 'describe'>;
  readonly log: Logger;
  /** Another process writes for this member; called where no lease says who may. */
  readonly onTaken: () => void;
  /** False while another process writes this member's log. */
  readonly mayWrite?: () => boolean;
}

/** Codes: `key_file_*`, `database_url_malformed`. */
export async function openPublishing(
  { member, sharedDatabase }: Pick<NodeConfig, 'member' | 'sharedDatabase'>,
  store: Store,
): Promise<Publishing> {
  const database = await readSharedDatabase(sharedDatabase!, connections);
  const ports = { clock: systemClock, random: systemRandom };
  const outbox = await PublishedOutbox.open({ store, ...ports });
  return {
    store: outbox.store,
    follow: ({ zone, log, mayWrite, onTaken }) =>
      ViewFollower.start({
        ...ports,
        outbox,
        openShared: async () => await openPostgresStore({ ...database, makesTable: true }),
        description: () => encodeFrontDescription({ ...zone.describe(), member }),
        isOurs: (row) => describesMember(row, member),
        scheduler: systemScheduler,
        onState: ({ code, backlogMs, generation }) => {
          if (code === undefined) log.info({ generation }, 'shared_database_followed');
          else log.error({ code, backlogMs }, 'shared_database_troubled');
          // Two that sign one log: this one, which does not have the table, ends.
          if (code === 'shared_store_taken' && mayWrite === undefined) onTaken();
        },
        // Who has the lease need not look whether another lives: that one is refused from the first write on.
        ...(mayWrite && { mayWrite, takeOverMs: 0 }),
      }),
  };
}
