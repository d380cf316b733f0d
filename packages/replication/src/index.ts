/** The public names of replication: the replica, its mesh, and the ports that they are driven through. */

export { bootstrapStore } from './join/bootstrap.ts';
export type { BootstrapOptions, BootstrapOutcome } from './join/bootstrap.ts';
export { createReplica } from './replica.ts';
export type { Replica } from './replica.ts';
export type { ReplicaChange } from './replica-engine.ts';
export type { ReplicaOptions } from './replica-parts.ts';
export { createMesh, Mesh } from './mesh.ts';
export type { JoinOptions, MeshOptions } from './mesh.ts';
export type { MeshIncident } from './peers/incidents.ts';
export type { EvidenceSet } from './evidence/evidence-set.ts';
export type { HeldEvidence } from './evidence/evidence-row.ts';
export { createLibp2pNetwork } from './network/libp2p-network.ts';
export type {
  FrameStream,
  GossipVerdict,
  MeshPeer,
  Network,
  StreamProtocol,
} from './network/network.ts';
export { createPeerKey, parsePeerKey, peerIdOf } from './network/peer-key.ts';
export type { NewPeerKey } from './network/peer-key.ts';
export type { NotariseRequest } from './notarise/notarise-messages.ts';
export type { LoggedRequest } from './requests/logged-requests.ts';
export { LeafVerdicts } from './log/leaf-verifier.ts';
export type { LeafVerifier } from './log/leaf-verifier.ts';
export type { LogSubmission } from './log/own-log.ts';
export type { TileRequest } from './log/stored-log.ts';
export type { EntryState } from './view/entry-state.ts';
export { IndexNodes } from './index/index-nodes.ts';
export type { IndexEvidence } from './index/binding-index.ts';
export type { AgreedLog, BindingProofs, ProvenBinding } from './index/binding-proof.ts';
export type { Bindings } from './view/bindings.ts';
export type { OpenedPayload } from './view/payload-check.ts';
export { encodeLogBatch, parseLogBatch } from './batch/log-batch.ts';
export type { LogBatch } from './batch/log-batch.ts';
export { DraftExchange } from './draft/draft-exchange.ts';
export type { Drafting, DraftingOptions, DraftView } from './draft/drafting.ts';
export { loadAutomerge } from './draft/draft-document.ts';
export type { DraftField } from './draft/draft-document.ts';
export type { DraftStatement } from './draft/draft-change.ts';
export type { LogMember, Membership } from './charter/membership.ts';
export { openLevelStore } from './store/level-store.ts';
export type { LevelStore, LevelStoreOptions } from './store/level-store.ts';
export type { PinnedFile } from './store/pinned-files.ts';
export type { StoreSchema } from './store/schema.ts';
export type { LogState } from './log/log-state.ts';
export { memoryStore } from './store/memory-store.ts';
export type { Row, RowChange, RowRange, Store } from './store/store.ts';
export { systemScheduler } from './scheduler.ts';
export type { Scheduler } from './scheduler.ts';
export { replicationErrorCodes } from './errors.ts';
export type { ReplicationErrorCode } from './errors.ts';
