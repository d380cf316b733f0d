/** The public names of replication: the replica, its mesh, and the ports that they are driven through. */

export { createReplica } from './replica.ts';
export type { Replica, ReplicaChange, ReplicaOptions } from './replica.ts';
export { createMesh, Mesh } from './mesh.ts';
export type { JoinOptions, MeshIncident, MeshOptions } from './mesh.ts';
export type { FrameStream, GossipVerdict, Network, StreamProtocol } from './network/network.ts';
export { createPeerKey, parsePeerKey } from './network/peer-key.ts';
export type { NewPeerKey } from './network/peer-key.ts';
export { verifyReceiptOf } from './notarise/receipted-leaf.ts';
export type { NotariseRequest } from './notarise/notarise-messages.ts';
export type { LogSubmission } from './log/own-log.ts';
export type { TileRequest } from './log/stored-log.ts';
export type { EntryState } from './view/entry-state.ts';
export { IndexNodes, IndexTreeChange } from './index/index-nodes.ts';
export type { IndexEvidence } from './index/binding-index.ts';
export type { Bindings } from './view/bindings.ts';
export type { OpenedPayload } from './view/payload-check.ts';
export { encodeLogBatch, parseLogBatch } from './batch/log-batch.ts';
export type { LogBatch } from './batch/log-batch.ts';
export type { LogMember, Membership } from './charter/membership.ts';
export { openLevelStore } from './store/level-store.ts';
export type { LevelStoreOptions } from './store/level-store.ts';
export { memoryStore } from './store/memory-store.ts';
export type { Row, RowChange, RowRange, Store } from './store/store.ts';
export { systemScheduler } from './scheduler.ts';
export type { Scheduler } from './scheduler.ts';
export { replicationErrorCodes } from './errors.ts';
export type { ReplicationErrorCode } from './errors.ts';
