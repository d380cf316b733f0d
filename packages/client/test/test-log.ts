/** An honest log in memory, with the protocol's own tree: appends leaves and gives receipts. */
import {
  emptyFrontier,
  encodeLeaf,
  extendFrontier,
  frontierRoot,
  inclusionProof,
  leafHash,
  nodeHash,
  noteSigner,
  signCheckpoint,
  type Leaf,
  type NoteSigner,
  type Receipt,
} from '@callbook/protocol';
import { nobleCryptography as crypto } from '@callbook/protocol/crypto/noble';

export class TestLog {
  readonly origin: string;
  readonly leaves: Leaf[] = [];
  readonly #signer: NoteSigner;

  constructor(origin: string, secretKey: Uint8Array) {
    this.origin = origin;
    this.#signer = noteSigner({ name: origin, signer: crypto.ed25519Signer(secretKey) }, crypto);
  }

  append(leaf: Leaf): Receipt {
    this.leaves.push(leaf);
    return this.receipt(this.leaves.length - 1);
  }

  indexOf(entry: Uint8Array): number | undefined {
    const index = this.leaves.findIndex((leaf) => leaf.entry?.toHex() === entry.toHex());
    return index < 0 ? undefined : index;
  }

  receipt(index: number): Receipt {
    const hashes = this.leaves.map((leaf) => leafHash(encodeLeaf(leaf), crypto));
    const read = (level: number, at: number): Uint8Array =>
      level === 0
        ? hashes[at]!
        : nodeHash(read(level - 1, 2 * at), read(level - 1, 2 * at + 1), crypto);
    const treeSize = hashes.length;
    const root = frontierRoot(extendFrontier(emptyFrontier, hashes, crypto), crypto);
    return {
      origin: this.origin,
      index,
      leaf: encodeLeaf(this.leaves[index]!),
      checkpoint: signCheckpoint({ origin: this.origin, size: treeSize, root }, this.#signer),
      proof: inclusionProof({ index, treeSize }, read, crypto),
    };
  }
}
