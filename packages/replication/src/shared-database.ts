/**
 * What a member publishes, in a database that front ends read: the writer's side and the readers'. A module
 * of its own: most members have no such database, and a front end has no replica.
 */
export { openPostgresStore } from './store/postgres-store.ts';
export type { PostgresStoreOptions } from './store/postgres-store.ts';
export { PublishedOutbox } from './shared/published-outbox.ts';
export { ViewFollower } from './shared/view-follower.ts';
export type { FollowerState, ViewFollowerOptions } from './shared/view-follower.ts';
export { readBindings, SharedView } from './shared/shared-view.ts';
export type {
  BindingsReading,
  FoundBinding,
  SeenPosition,
  SharedViewOptions,
  WantedBinding,
} from './shared/shared-view.ts';
export { isEarlier } from './shared/shared-position.ts';
export type { SharedNotice } from './shared/shared-notice.ts';
export {
  noWriter,
  readSharedDescription,
  readSharedPosition,
  showsLife,
} from './shared/signs-of-life.ts';
export type { SharedStore } from './store/store.ts';
export { isLedgerBegun, standBy } from './lease/stand-by.ts';
export type { StandByOptions, StandByState } from './lease/stand-by.ts';
export { LeasedStore } from './lease/leased-store.ts';
