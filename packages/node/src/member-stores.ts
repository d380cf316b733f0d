/**
 * The store of a member, and what stands between it and those who write to it: the lease, where other
 * processes of the member stand by, and the outbox, where front ends read what is published.
 */
import { mkdir } from 'node:fs/promises';
import type { LevelStore, Store } from '@callbook/replication';
import type { FollowerState } from '@callbook/replication/shared-database';
import { migrateStore, openLevelStore } from '@callbook/replication/replica';
import type { Logger } from 'pino';
import { storeFolder } from './config.ts';
import type { NodeConfig } from './config.ts';
import type { Publishing } from './front/publishing.ts';
import type { MemberLease } from './standby/member-lease.ts';
import type { SharedDatabaseStatus } from './status/member-status.ts';
import type { ZoneServer } from './zone-server.ts';

export interface MemberStores {
  /** Whose files can be copied. */
  readonly ownStore: LevelStore;
  /** The same for who changes what is published. */
  readonly store: Store;
  /** Brings what is published to the front ends, where there are some. */
  follow(zone: Pick<ZoneServer, 'describe'>): AsyncDisposable | undefined;
  /** How the shared database is; undefined where there is none. */
  readonly sharedDatabase: () => SharedDatabaseStatus | undefined;
  /** Reasons not to be ready. */
  readonly troubles: () => readonly string[];
}

export interface StoreNews {
  readonly log: Logger;
  /** Called when another process of the member has taken over. */
  readonly onLeaseLost: () => void;
}

const cacheBytesDefault = 64 << 20;

/** Opens the store, in the layout of this version; where others stand by, when this process may write. */
export async function openMemberStores(
  config: NodeConfig,
  parts: AsyncDisposableStack,
  news: StoreNews,
): Promise<MemberStores> {
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  const cacheBytes = config.store?.cacheBytes ?? cacheBytesDefault;
  const level = await openLevelStore(storeFolder(config), { cacheBytes, sharedByThreads: true });
  parts.defer(async () => await level.close());
  if (config.sharedDatabase !== undefined) {
    const { assertSoleWriter } = await import('./standby/sole-writer.ts');
    await assertSoleWriter(config, news.log);
  }
  const lease = await openLease(config, level, news);
  if (lease !== undefined) parts.use(lease);
  const ownStore: LevelStore = lease === undefined ? level : { ...level, ...lease.store };
  const { log, onLeaseLost } = news;
  await migrateStore(ownStore, (version) => log.info({ version }, 'store_migrating'));
  const publishing = await openSharedDatabase(config, ownStore);
  const onTaken = (): void => {
    log.error({ code: 'writer_elsewhere' }, 'writer_elsewhere');
    onLeaseLost();
  };
  const store = publishing?.store ?? ownStore;
  const mayWrite = lease && { mayWrite: lease.mayWrite };
  let following: ReturnType<Publishing['follow']> | undefined;
  return {
    ownStore,
    store,
    follow: (zone) => {
      following = publishing?.follow({ zone, log, onTaken, ...mayWrite });
      return following;
    },
    sharedDatabase: () =>
      publishing && sharedDatabaseStatus(following?.state ?? notYetFollowed, lease),
    troubles: () => (lease?.trouble() === undefined ? [] : ['ledger_unavailable']),
  };
}

const notYetFollowed: FollowerState = {
  code: 'shared_store_unavailable',
  backlogMs: 0,
  generation: 0,
};

/** The ledger is in the same database: what holds it up holds up all. */
function sharedDatabaseStatus(
  { code: followed, backlogMs, generation }: FollowerState,
  lease: MemberLease | undefined,
): SharedDatabaseStatus {
  const code = lease?.trouble() ?? followed;
  return {
    ...(code !== undefined && { code }),
    backlogMs,
    generation,
    ...(lease && { lease: { term: lease.term, standbyLags: lease.standbyLags() } }),
  };
}

/** Stands by where other processes of the member may write; loaded by those alone. */
async function openLease(
  { sharedDatabase }: NodeConfig,
  store: Store,
  { log, onLeaseLost }: StoreNews,
): Promise<MemberLease | undefined> {
  if (sharedDatabase?.standby !== true) return undefined;
  const { takeLease } = await import('./standby/member-lease.ts');
  return await takeLease(sharedDatabase, { store, log, onLost: onLeaseLost });
}

/** Where front ends read from; loaded by those alone who have some. */
async function openSharedDatabase(
  config: NodeConfig,
  store: Store,
): Promise<Publishing | undefined> {
  if (config.sharedDatabase === undefined) return undefined;
  const { openPublishing } = await import('./front/publishing.ts');
  return await openPublishing(config, store);
}
