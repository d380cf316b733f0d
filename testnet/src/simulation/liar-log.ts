/**
 * One branch of a log that is written by hand: whatever leaves its writer likes, under checkpoints
 * that it signs with its real key. A liar may keep several branches of one log.
 */
import type { Frontier, LeafRole, NoteSigner, Receipt } from '@callbook/protocol';
import {
  consistencyProof,
  emptyFrontier,
  encodeLeaf,
  frontierRoot,
  growFrontier,
  inclusionProof,
  leafHash,
  noteSigner,
  signCheckpoint,
} from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import type { LogBatch, OpenedPayload } from '@callbook/replication';
import type { SimulatedSecrets } from './simulated-federation.ts';

/** What a liar writes into a leaf. */
export interface LiarLeaf {
  readonly atMs: number;
  readonly role: LeafRole;
  /** Absent in a leaf that only says which charter is in force. */
  readonly entry?: Uint8Array;
  readonly opened?: OpenedPayload;
}

export interface LiarLogOptions {
  readonly secrets: Pick<SimulatedSecrets, 'origin' | 'logSecretKey'>;
  /** Hash of the charter that leaves name, 32 bytes. */
  readonly charter: Uint8Array;
  /** Tells branches apart in what the harness knows of them. */
  readonly branch: string;
}

export class LiarLog {
  readonly branch: string;
  readonly leaves: Uint8Array[] = [];
  readonly #options: LiarLogOptions;
  readonly #signer: NoteSigner;
  readonly #payloads: (OpenedPayload | null)[] = [];
  readonly #frontiers: Frontier[] = [emptyFrontier];
  readonly #hashes = new Map<string, Uint8Array>();

  constructor(options: LiarLogOptions) {
    const { origin, logSecretKey } = options.secrets;
    this.#options = options;
    this.branch = options.branch;
    const signer = crypto.ed25519Signer(logSecretKey);
    this.#signer = noteSigner({ name: origin, signer }, crypto);
  }

  get origin(): string {
    return this.#options.secrets.origin;
  }

  get size(): number {
    return this.leaves.length;
  }

  /** A log that has the same leaves so far. */
  fork(branch: string): LiarLog {
    const other = new LiarLog({ ...this.#options, branch });
    for (const [index, leaf] of this.leaves.entries()) other.#push(leaf, this.#payloads[index]!);
    return other;
  }

  /** Appends a leaf; returns its index. */
  append({ atMs, role, entry, opened }: LiarLeaf): number {
    const { charter } = this.#options;
    const leaf = encodeLeaf({
      v: 1,
      at: Math.max(0, atMs),
      charter,
      role,
      ...(entry !== undefined && { entry }),
    });
    this.#push(leaf, opened ?? null);
    return this.size - 1;
  }

  #push(leaf: Uint8Array, payload: OpenedPayload | null): void {
    const grown = growFrontier(this.#frontiers.at(-1)!, [leafHash(leaf, crypto)], crypto);
    for (const { level, index, hash } of grown.stored) this.#hashes.set(`${level} ${index}`, hash);
    this.#frontiers.push(grown.frontier);
    this.leaves.push(leaf);
    this.#payloads.push(payload);
  }

  readonly #read = (level: number, index: number): Uint8Array =>
    this.#hashes.get(`${level} ${index}`)!;

  /** The signed note over the first `size` leaves. */
  checkpoint(size: number = this.size): string {
    const root = frontierRoot(this.#frontiers[size]!, crypto);
    return signCheckpoint({ origin: this.origin, size, root }, this.#signer);
  }

  /** The leaves from `first` to `end`, under a checkpoint over `size` leaves. */
  batch(first: number, end: number = this.size, size: number = this.size): LogBatch {
    return {
      origin: this.origin,
      first,
      leaves: this.leaves.slice(first, end),
      payloads: this.#payloads.slice(first, end),
      checkpoint: this.checkpoint(size),
      proof: consistencyProof({ oldSize: end, newSize: size }, this.#read, crypto),
    };
  }

  receipt(index: number): Receipt {
    const { size } = this;
    const proof = inclusionProof({ index, treeSize: size }, this.#read, crypto);
    const [leaf, checkpoint] = [this.leaves[index]!, this.checkpoint()];
    return { origin: this.origin, index, leaf, checkpoint, proof };
  }
}
