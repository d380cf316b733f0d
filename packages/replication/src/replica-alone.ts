/**
 * The replica without its mesh, for who must not wait until the network's modules are loaded: a member
 * answers DNS first.
 */

export { keepFounding } from './charter/charter-rows.ts';
export { needsJoin } from './join/snapshot-join.ts';
export { createReplica } from './replica.ts';
export { readLogState } from './log/log-state.ts';
export { systemScheduler } from './scheduler.ts';
export { openLevelStore } from './store/level-store.ts';
export { migrateStore, schemaOf, storeSchema } from './store/schema.ts';
export { isTableSound, tableBlocks } from './store/table-checksums.ts';
