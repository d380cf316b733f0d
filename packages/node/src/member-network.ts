/**
 * What of a member talks to other members and to clients: loaded when DNS answers already, because
 * libp2p and the API's server take longer to load than all the rest of the daemon.
 */
import type { Cryptography } from '@callbook/protocol';
import { DirectoryError } from '@callbook/protocol';
import { createMesh, parsePeerKey, peerIdOf, systemScheduler } from '@callbook/replication';
import type { Mesh, MeshOptions, Replica } from '@callbook/replication';
import type { NodeConfig } from './config.ts';
import type { NodeErrorCode } from './errors.ts';
import { HolderNotices } from './holder-notices.ts';
import { readSecretFile } from './key-file.ts';
import { openMemberSenders } from './member-senders.ts';
import type { MemberSenders } from './member-senders.ts';
import { systemClock } from './system-ports.ts';

export { startMemberAdmin } from './admin/member-admin.ts';
export { startMemberApi } from './member-api.ts';
export { createMemberDirectory } from './member-directory.ts';
export { startMemberOblivious } from './member-oblivious.ts';
export { startMemberTokens } from './member-tokens.ts';
export { MemberMetrics } from './metrics/member-metrics.ts';
export { startOperatorServers } from './operator/operator-servers.ts';
export { MemberWatch } from './status/member-watch.ts';

/** Joins the other members of the charter. Error: `peer_key_mismatch`. */
export async function openMesh(
  { keys, mesh }: NodeConfig,
  replica: Replica,
  crypto: Cryptography,
): Promise<Mesh> {
  assertNamed(peerIdOf(await readSecretFile(keys.peer)), replica);
  const gossip = mesh.gossip ?? true;
  return await createMesh({ replica, crypto, gossip, ...(await meshAddress({ keys, mesh })) });
}

/** With a key that no charter names, in force or coming, the others would let nobody in. */
function assertNamed(peerId: string, { memberName, membership, knownCharters }: Replica): void {
  const { version } = membership.charters.current.charter;
  const named = knownCharters
    .filter(({ charter }) => charter.version >= version)
    .flatMap(({ charter }) => charter.members)
    .some((member) => member.name === memberName && member.peerId === peerId);
  if (named) return;
  throw new DirectoryError<NodeErrorCode>(
    'peer_key_mismatch',
    'the charter names another peer key for this member',
  );
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

/** Opens what carries codes and notices, and begins to send holders the notices they are owed. */
export async function startMemberCodes(
  config: NodeConfig,
  parts: Parameters<typeof openMemberSenders>[1] & { readonly replica: Replica },
): Promise<MemberSenders> {
  const { replica, log } = parts;
  await using starting = new AsyncDisposableStack();
  const { senders, sendGuard } = starting.use(await openMemberSenders(config, parts));
  const timing = { clock: systemClock, scheduler: systemScheduler };
  starting.use(new HolderNotices({ replica, sender: senders, log, ...timing }));
  const running = starting.move();
  return {
    senders,
    sendGuard,
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  };
}
