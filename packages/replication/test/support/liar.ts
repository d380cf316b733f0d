/** A member that writes its log by hand: whatever leaves it likes, under checkpoints it signs. */
import type { Leaf, StoredHash } from '@callbook/protocol';
import {
  consistencyProof,
  emptyFrontier,
  encodeLeaf,
  frontierRoot,
  growFrontier,
  leafHash,
  noteSigner,
  signCheckpoint,
} from '@callbook/protocol';

import type { LogBatch } from '../../src/batch/log-batch.ts';
import type { OpenedPayload } from '../../src/view/payload-check.ts';
import { crypto } from './federation.ts';
import type { MemberSecrets, TestFederation } from './federation.ts';

export class HandWrittenLog {
  readonly leaves: Uint8Array[] = [];
  readonly payloads: (OpenedPayload | null)[] = [];
  readonly #member: MemberSecrets;
  readonly #charter: Uint8Array;

  constructor(federation: TestFederation, name: string) {
    this.#member = federation.members.find((member) => member.name === name)!;
    this.#charter = crypto.sha256(
      new TextEncoder().encode(federation.note.split('\n\n')[0]! + '\n'),
    );
  }

  /** Appends a leaf about an entry. */
  add(leaf: Pick<Leaf, 'at' | 'role'> & { entry: Uint8Array; opened?: OpenedPayload }): this {
    const { at, role, entry } = leaf;
    return this.addBytes(
      encodeLeaf({ v: 1, at, charter: this.#charter, role, entry }),
      leaf.opened,
    );
  }

  addBytes(leaf: Uint8Array, opened?: OpenedPayload): this {
    this.leaves.push(leaf);
    this.payloads.push(opened ?? null);
    return this;
  }

  /** The leaves from `first` to `end`, under a checkpoint over `size` of them. */
  batch(first = 0, end: number = this.leaves.length, size: number = this.leaves.length): LogBatch {
    const { frontier, stored } = this.#grow(size);
    const { origin, logSecretKey } = this.#member;
    const signer = noteSigner({ name: origin, signer: crypto.ed25519Signer(logSecretKey) }, crypto);
    const root = frontierRoot(frontier, crypto);
    const read = (level: number, index: number) =>
      stored.find((hash) => hash.level === level && hash.index === index)!.hash;
    return {
      origin,
      first,
      leaves: this.leaves.slice(first, end),
      payloads: this.payloads.slice(first, end),
      checkpoint: signCheckpoint({ origin, size, root }, signer),
      proof: consistencyProof({ oldSize: end, newSize: size }, read, crypto),
    };
  }

  #grow(size: number): { frontier: typeof emptyFrontier; stored: StoredHash[] } {
    const hashes = this.leaves.slice(0, size).map((leaf) => leafHash(leaf, crypto));
    return growFrontier(emptyFrontier, hashes, crypto);
  }
}
