/** Who the other members are on the network: names and peer ids, as the charter in force has them. */
import type { PeerId } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';

import type { MeshPeer } from './network.ts';

export interface PeerChanges {
  readonly added: readonly MeshPeer[];
  /** Peers that are none any more; a member with a new peer id is here and in `added`. */
  readonly gone: readonly { readonly name: string; readonly peerId: PeerId }[];
}

export class PeerTable {
  readonly #peerIds = new Map<string, PeerId>();
  readonly #names = new Map<string, string>();

  get names(): readonly string[] {
    return [...this.#peerIds.keys()];
  }

  nameOf(peerId: PeerId): string | undefined {
    return this.#names.get(peerId.toString());
  }

  peerIdOf(name: string): PeerId | undefined {
    return this.#peerIds.get(name);
  }

  /** Takes these peers for all there are; returns what has changed. */
  admit(peers: readonly MeshPeer[]): PeerChanges {
    const wanted = new Map(peers.map(({ name, peerId }) => [name, peerId]));
    const gone = [...this.#peerIds]
      .filter(([name, peerId]) => wanted.get(name) !== peerId.toString())
      .map(([name, peerId]) => ({ name, peerId }));
    for (const { name, peerId } of gone) {
      this.#peerIds.delete(name);
      this.#names.delete(peerId.toString());
    }
    const added = peers.filter(({ name }) => !this.#peerIds.has(name));
    for (const { name, peerId } of added) {
      this.#peerIds.set(name, peerIdFromString(peerId));
      this.#names.set(peerId, name);
    }
    return { added, gone };
  }
}
