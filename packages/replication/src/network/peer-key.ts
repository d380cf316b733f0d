/**
 * The key by which a member is known to the others (libp2p's identity). Its file is the caller's:
 * here are only the bytes that stand in it, libp2p's protobuf form.
 */
import { DirectoryError } from '@callbook/protocol';
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys';
import type { PrivateKey } from '@libp2p/interface';
import { peerIdFromPrivateKey } from '@libp2p/peer-id';

import type { ReplicationErrorCode } from '../errors.ts';

export interface NewPeerKey {
  /** Secret; keep it in a file of mode 0600. */
  readonly keyBytes: Uint8Array;
  /** As the charter names it. */
  readonly peerId: string;
}

/** Makes an Ed25519 peer key. */
export async function createPeerKey(): Promise<NewPeerKey> {
  const key = await generateKeyPair('Ed25519');
  return { keyBytes: privateKeyToProtobuf(key), peerId: peerIdFromPrivateKey(key).toString() };
}

/** Reads what `createPeerKey` made; throws `peer_key_unusable`. */
export function parsePeerKey(keyBytes: Uint8Array): PrivateKey {
  try {
    return privateKeyFromProtobuf(keyBytes);
  } catch {
    // The cause is left out: it may quote the bytes.
    throw new DirectoryError<ReplicationErrorCode>(
      'peer_key_unusable',
      `peer key of ${keyBytes.length} bytes is not in libp2p's form`,
    );
  }
}

/** Returns the peer id of a key that `createPeerKey` made; throws `peer_key_unusable`. */
export function peerIdOf(keyBytes: Uint8Array): string {
  return peerIdFromPrivateKey(parsePeerKey(keyBytes)).toString();
}
