/**
 * How a member with an empty store begins: leaf by leaf like any that is behind, or by a snapshot. It
 * is decided before the member is there, over a network of the same key and addresses that serves
 * nothing; the others connect to it, find that out, and try again.
 */
import type { PrivateKey } from '@libp2p/interface';

import { foundingMs } from '../limits.ts';
import { meshPeers, systemRandom } from '../mesh.ts';
import type { MeshOptions } from '../mesh.ts';
import { createLibp2pNetwork } from '../network/libp2p-network.ts';
import type { Network } from '../network/network.ts';
import { createReplica } from '../replica.ts';
import type { Replica } from '../replica.ts';
import { systemScheduler } from '../scheduler.ts';
import { clearJoin, isFarBehind, joinBySnapshot, needsJoin } from './snapshot-join.ts';
import type { SnapshotJoinOptions } from './snapshot-join.ts';
import { isMarked } from './store-wipe.ts';

export interface BootstrapOptions extends Omit<SnapshotJoinOptions, 'network'> {
  /** `auto`: by a snapshot where the logs of the federation are long. */
  readonly how: 'auto' | 'snapshot' | 'logs';
  readonly peerKey: PrivateKey;
  readonly listen: readonly string[];
  readonly addressesOf?: MeshOptions['addressesOf'];
  /** Called when it is decided that a snapshot is taken; resolves before it begins. */
  readonly onJoining: () => Promise<void>;
}

/**
 * - `kept`: the store has something already;
 * - `logs`: it is empty, and what is missing comes leaf by leaf;
 * - `joined`: it has all that a quorum agrees on;
 * - `failed`: it is empty, because no quorum has agreed on a snapshot.
 */
export type BootstrapOutcome = 'kept' | 'logs' | 'joined' | 'failed';

/** Fills an empty store, or leaves that to the tail. Errors: those of `createReplica` and `createMesh`. */
export async function bootstrapStore(options: BootstrapOptions): Promise<BootstrapOutcome> {
  const { store, clock } = options.replica;
  if (!(await needsJoin(store))) return 'kept';
  const replica = await membershipOf(options);
  if (options.how === 'logs' || replica.membership.members.length < 2) return beginByLogs(options);
  // The founders all begin with nothing: whoever waited for the others would only lose time.
  const { charter } = replica.membership.charters.current;
  const isFounding = charter.version === 1 && clock.nowMs() - charter.effectiveAtMs < foundingMs;
  if (options.how === 'auto' && isFounding) return beginByLogs(options);
  await using network = await openNetwork(options, replica);
  const joining = { ...options, network };
  // A join that a crash has ended was decided on then.
  const isDecided = options.how === 'snapshot' || isMarked(store);
  if (!isDecided && !(await isFarBehind(joining))) return 'logs';
  await options.onJoining();
  return (await joinBySnapshot(joining)) ? 'joined' : 'failed';
}

async function beginByLogs({ replica: { store } }: BootstrapOptions): Promise<BootstrapOutcome> {
  await clearJoin(store);
  return 'logs';
}

/** Tells who the members are; it is stopped, and writes nothing. */
async function membershipOf({ replica: options }: BootstrapOptions): Promise<Replica> {
  const replica = await createReplica(options);
  await replica[Symbol.asyncDispose]();
  return replica;
}

function openNetwork(
  { peerKey, listen, addressesOf, replica: { scheduler = systemScheduler } }: BootstrapOptions,
  replica: Replica,
): Promise<Network> {
  const peers = meshPeers(replica, addressesOf);
  const gossip = false;
  return createLibp2pNetwork({ peerKey, listen, peers, gossip, scheduler, random: systemRandom });
}
