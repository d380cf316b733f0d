/**
 * What of a member talks to other members and to clients: loaded when DNS answers already, because
 * libp2p and the API's server take longer to load than all the rest of the daemon.
 */
import type { Cryptography } from '@callbook/protocol';
import { createMesh, parsePeerKey } from '@callbook/replication';
import type { Mesh, MeshOptions, Replica } from '@callbook/replication';
import type { NodeConfig } from './config.ts';
import { readSecretFile } from './key-file.ts';

export { systemScheduler } from '@callbook/replication';
export { startMemberAdmin } from './admin/member-admin.ts';
export { HolderNotices } from './holder-notices.ts';
export { startMemberApi } from './member-api.ts';
export { createMemberDirectory } from './member-directory.ts';
export { startMemberOblivious } from './member-oblivious.ts';
export { openMemberSenders } from './member-senders.ts';
export { startMemberTokens } from './member-tokens.ts';
export { MemberMetrics } from './metrics/member-metrics.ts';
export { startMemberMetrics } from './metrics/metrics-server.ts';
export { startOperatorPage } from './operator/operator-page.ts';
export { MemberWatch } from './status/member-watch.ts';

/** Joins the other members of the charter. */
export async function openMesh(
  { keys, mesh }: NodeConfig,
  replica: Replica,
  crypto: Cryptography,
): Promise<Mesh> {
  const gossip = mesh.gossip ?? true;
  return await createMesh({ replica, crypto, gossip, ...(await meshAddress({ keys, mesh })) });
}

/** The key by which this member is known to the others, and where they and it meet. */
export async function meshAddress({
  keys,
  mesh,
}: Pick<NodeConfig, 'keys' | 'mesh'>): Promise<
  Pick<MeshOptions, 'peerKey' | 'listen' | 'addressesOf'>
> {
  return {
    peerKey: parsePeerKey(await readSecretFile(keys.peer)),
    listen: mesh.listen,
    addressesOf: (name) => mesh.peers?.find(({ member }) => member === name)?.addresses,
  };
}
