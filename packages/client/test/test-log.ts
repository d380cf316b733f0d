/** An honest log in memory, with the protocol's own tree: appends leaves and gives receipts. */
import {
  consistencyProof,
  cosignCheckpoint,
  emptyFrontier,
  encodeLeaf,
  extendFrontier,
  frontierRoot,
  inclusionProof,
  leafHash,
  nodeHash,
  noteSigner,
  signCheckpoint,
  type Ed25519Signer,
  type Leaf,
  type NoteSigner,
  type Receipt,
} from '@callbook/protocol';
import { nobleCryptography as crypto } from '@callbook/protocol/crypto/noble';

export class TestLog {
  readonly origin: string;
  readonly leaves: Leaf[] = [];
  /** Signs as the log. */
  readonly signer: NoteSigner;
  readonly #key: Ed25519Signer;

  constructor(origin: string, secretKey: Uint8Array) {
    this.origin = origin;
    this.#key = crypto.ed25519Signer(secretKey);
    this.signer = noteSigner({ name: origin, signer: this.#key }, crypto);
  }

  /** Root of the first `size` leaves. */
  root(size: number): Uint8Array {
    return frontierRoot(extendFrontier(emptyFrontier, this.#hashes(size), crypto), crypto);
  }

  /** A checkpoint that these logs have cosigned. */
  agreed(size: number, cosigners: readonly TestLog[], timestampSeconds: number): string {
    const checkpoint = { origin: this.origin, size, root: this.root(size) };
    const note = signCheckpoint(checkpoint, this.signer);
    return cosigners.reduce((text, log) => log.cosign(text, timestampSeconds), note);
  }

  cosign(note: string, timestampSeconds: number): string {
    return cosignCheckpoint(note, { name: this.origin, signer: this.#key }, timestampSeconds);
  }

  consistency(oldSize: number, newSize: number): Uint8Array[] {
    return consistencyProof({ oldSize, newSize }, this.#reader(newSize), crypto);
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
    const treeSize = this.leaves.length;
    const root = this.root(treeSize);
    return {
      origin: this.origin,
      index,
      leaf: encodeLeaf(this.leaves[index]!),
      checkpoint: signCheckpoint({ origin: this.origin, size: treeSize, root }, this.signer),
      proof: inclusionProof({ index, treeSize }, this.#reader(treeSize), crypto),
    };
  }

  #hashes(size: number): Uint8Array[] {
    return this.leaves.slice(0, size).map((leaf) => leafHash(encodeLeaf(leaf), crypto));
  }

  #reader(size: number): (level: number, at: number) => Uint8Array {
    const hashes = this.#hashes(size);
    const read = (level: number, at: number): Uint8Array =>
      level === 0
        ? hashes[at]!
        : nodeHash(read(level - 1, 2 * at), read(level - 1, 2 * at + 1), crypto);
    return read;
  }
}
