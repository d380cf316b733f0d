/**
 * The replica without its mesh, for who must not wait until the network's modules are loaded: a member
 * answers DNS first.
 */

export { needsJoin } from './join/snapshot-join.ts';
export { createReplica } from './replica.ts';
export { openLevelStore } from './store/level-store.ts';
