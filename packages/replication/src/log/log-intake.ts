/**
 * Takes in another member's log, stretch by stretch. First, at once, what proves that a stretch
 * belongs to the log: the checkpoint's signature, and that the leaves lead from our frontier to its
 * root. Then, in turn, the leaves themselves. The log has signed them, so none is skipped: one that
 * is malformed, badly signed or dated back is stored like the others and contributes nothing.
 */
import type {
  CharterSet,
  Checkpoint,
  Cryptography,
  Frontier,
  KnownCharter,
  LoggedEntry,
  LogState,
  StoredHash,
  Verdict,
  VerifierKey,
} from '@callbook/protocol';
import {
  accept,
  bytesEqual,
  DirectoryError,
  frontierRoot,
  growFrontier,
  ignore,
  leafHash,
  parseEntry,
  parseLeaf,
  reject,
  verifyConsistency,
} from '@callbook/protocol';

import type { LogBatch } from '../batch/log-batch.ts';
import { farBehindLeavesMin, integrationLeavesMax, verifyChunkEntries } from '../limits.ts';
import type { Scheduler } from '../scheduler.ts';
import type { OpenedPayload } from '../view/payload-check.ts';
import { beginVerification, meetVerifier } from './leaf-verifier.ts';
import type { LeafVerifier, StretchVerification } from './leaf-verifier.ts';
import type { LeafProof, SignedReach, StoredLog } from './stored-log.ts';
import type { VerifiedCheckpoints } from './verified-checkpoints.ts';
import type { VerifiedEntries } from './verified-entries.ts';

export interface IntakeContext {
  readonly crypto: Cryptography;
  readonly scheduler: Scheduler;
  readonly entries: VerifiedEntries;
  readonly checkpoints: VerifiedCheckpoints;
  /** Those in force; others from one write to the next. */
  readonly charters: CharterSet;
  /** True while updates come from a snapshot: their leaves are stored, and say nothing here. */
  readonly ownershipOnly: boolean;
  /** Verifies leaves elsewhere while the log is far behind. */
  readonly verifier?: LeafVerifier | undefined;
}

/** Leaves proven to be the next ones of their log, few enough for one batch of the store. */
export interface Extension {
  readonly first: number;
  readonly leaves: readonly Uint8Array[];
  readonly payloads: readonly (OpenedPayload | null)[];
  readonly grown: { readonly frontier: Frontier; readonly stored: readonly StoredHash[] };
  /** The checkpoint, when the leaves reach it. */
  readonly signed?: { readonly checkpoint: string; readonly size: number };
  /** By other threads, under way since the stretch was accepted. */
  readonly verification?: StretchVerification;
}

/** A valid leaf and the payload that came with it. */
export interface DecodedLeaf {
  readonly logged: LoggedEntry;
  readonly offered?: OpenedPayload;
}

/** What the leaves of an extension say. */
export interface DecodedExtension {
  readonly decoded: readonly DecodedLeaf[];
  readonly lastAtMs: number;
  /** Indexes of leaves whose time is before that of an earlier leaf. */
  readonly backdated: readonly number[];
  /** Hash of the charter that the log takes up last among these leaves. */
  readonly charter?: Uint8Array;
}

export class LogIntake {
  readonly log: StoredLog;
  readonly #logKey: VerifierKey;
  readonly #context: IntakeContext;
  /** The frontier after all extensions accepted so far, stored or about to be. */
  #projected: Frontier;
  /** Newest checkpoint seen and its note; whatever its size. */
  #newest: { readonly note: string; readonly checkpoint: Checkpoint } | undefined;
  /** What the last stretch proved; while the log is caught up with, its checkpoint covers more. */
  #reach: SignedReach | undefined;
  /** Size of the newest checkpoint that the accepted leaves reach. */
  #projectedSigned: number;
  /** Where the log is cut off: once a checkpoint covers that, nothing more is taken in. */
  #cutoff: LogState | undefined;
  #closed = false;
  /** Time of the last leaf that was decoded. */
  #decodedAtMs: number;
  /** The charter in force when a leaf named one that is not; the log waits until another is. */
  #heldUnder: KnownCharter | undefined;

  constructor(log: StoredLog, logKey: VerifierKey, context: IntakeContext) {
    this.log = log;
    this.#logKey = logKey;
    this.#context = context;
    this.#projected = log.frontier;
    this.#projectedSigned = log.position.signedSize;
    this.#decodedAtMs = log.position.lastAtMs;
  }

  /** Leaves stored or accepted. */
  get projectedSize(): number {
    return this.#projected.size;
  }

  /** Largest size that the log is known to have signed, as far as it may be taken in now. */
  get signedSize(): number {
    const isHeld = this.#heldUnder === this.#context.charters.current;
    if (isHeld || this.#isCutOff) return this.projectedSize;
    return Math.max(this.#newest?.checkpoint.size ?? 0, this.log.position.signedSize);
  }

  /** True when a charter says where the log ends. */
  get isEnding(): boolean {
    return this.#cutoff !== undefined;
  }

  /** True when another intake has taken this one's place: what it has accepted is not stored. */
  get isClosed(): boolean {
    return this.#closed;
  }

  close(): void {
    this.#closed = true;
  }

  get #isCutOff(): boolean {
    return this.#cutoff !== undefined && this.#projectedSigned >= this.#cutoff.size;
  }

  /**
   * Ends the log where a charter cuts it off. A little more is taken in than counts: up to the first
   * checkpoint, so that whoever comes later can have the leaves from here, with a proof.
   */
  cutOff(cutoff: LogState): void {
    this.#cutoff = cutoff;
  }

  /** Leaves of which each can be proven in a signed tree. */
  get provableSize(): number {
    const reached = this.#reach !== undefined && this.#reach.end <= this.log.size;
    return Math.max(this.log.position.signedSize, reached ? this.#reach!.end : 0);
  }

  /** Proves a leaf, in the newest tree that the log has signed and that is provable here. */
  prove(index: number): LeafProof | undefined {
    const { checkpoint, position } = this.log;
    if (index >= this.provableSize) return undefined;
    if (checkpoint !== undefined && index < position.signedSize) {
      return { note: checkpoint, proof: this.log.inclusion(index) };
    }
    const reach = this.#reach!;
    return { note: reach.note, proof: this.log.inclusionBeyond(index, reach) };
  }

  /** The newest checkpoint that was seen since the start. */
  get newestCheckpoint(): { readonly note: string; readonly checkpoint: Checkpoint } | undefined {
    return this.#newest;
  }

  /** Verifies a checkpoint of this log and remembers how far the log has come. */
  learn(note: string): Verdict<Checkpoint> {
    if (this.#newest?.note === note) return accept(this.#newest.checkpoint);
    const verdict = this.#context.checkpoints.verify(note, this.#logKey);
    if (verdict.verdict !== 'accept') return verdict;
    const checkpoint = verdict.value;
    const fork = this.#forkBetween(checkpoint);
    if (fork !== undefined) return fork;
    const newestSize = this.#newest?.checkpoint.size ?? this.log.position.signedSize;
    if (checkpoint.size >= newestSize) this.#newest = { note, checkpoint };
    return verdict;
  }

  /** A log that signs two roots for one size has forked; C2SP tlog-witness calls it proof of it. */
  #forkBetween({ size, root }: Checkpoint): Verdict<never> | undefined {
    const newest = this.#newest?.checkpoint;
    const ours = this.#rootAt(size);
    const differs =
      (newest?.size === size && !bytesEqual(newest.root, root)) ||
      (ours !== undefined && !bytesEqual(ours, root));
    return differs ? reject('log_forked', `two roots for size ${size}`) : undefined;
  }

  /** The root that our leaves give for a size; undefined where they do not reach, or are in between. */
  #rootAt(size: number): Uint8Array | undefined {
    const { crypto } = this.#context;
    if (size === this.#projected.size) return frontierRoot(this.#projected, crypto);
    if (size >= this.log.size) return undefined;
    try {
      return frontierRoot(this.log.frontierAt(size), crypto);
    } catch (error) {
      // A tile is missing: what a peer sends never throws; whoever needs the tile says that it is gone.
      if (error instanceof DirectoryError && error.code === 'store_corrupt') return undefined;
      throw error;
    }
  }

  /**
   * Accepts a stretch that extends the log, and counts on it from then on: every extension accepted
   * must be integrated, in the order in which they were.
   */
  extend(batch: LogBatch): Verdict<readonly Extension[]> {
    const checkpoint = this.learn(batch.checkpoint);
    if (checkpoint.verdict !== 'accept') return checkpoint;
    const skipped = this.#projected.size - batch.first;
    if (skipped < 0) {
      return ignore(
        'batch_gap',
        `batch begins at ${batch.first}, the log has ${this.projectedSize}`,
      );
    }
    if (this.#isCutOff) return ignore('log_cut_off', 'the charter has cut this log off');
    const leaves = batch.leaves.slice(skipped);
    if (leaves.length === 0) return ignore('batch_known', 'batch brings no new leaf');
    const payloads = batch.payloads.slice(skipped);
    const extensions = this.#extensions(leaves, payloads);
    const { frontier } = extensions.at(-1)!.grown;
    const { crypto } = this.#context;
    if (!leadsTo(checkpoint.value, frontier, { proof: batch.proof, crypto })) {
      return reject('batch_root_mismatch', 'the leaves do not lead to the root of the checkpoint');
    }
    if (this.#missesCutoff(leaves)) {
      return reject('log_forked', 'the leaves do not lead to the root at which the log is cut off');
    }
    const known = leaves.findIndex((leaf) => !this.#namesKnownCharter(leaf));
    if (known === -1) {
      const { checkpoint: note, proof: consistency } = batch;
      this.#reach = { note, end: frontier.size, size: checkpoint.value.size, consistency };
      return accept(this.#accepted(extensions, note, checkpoint.value));
    }
    // The rest is fetched again when the charter is in force here: its leaves say nothing before.
    this.#heldUnder = this.#context.charters.current;
    if (known === 0) return ignore('charter_unknown', 'the next leaf names an unknown charter');
    const begun = this.#extensions(leaves.slice(0, known), payloads.slice(0, known));
    return accept(this.#accepted(begun, batch.checkpoint, checkpoint.value));
  }

  /** True when the leaves pass the cut-off with another root: they are of another branch. */
  #missesCutoff(leaves: readonly Uint8Array[]): boolean {
    const added = (this.#cutoff?.size ?? 0) - this.#projected.size;
    if (this.#cutoff === undefined || added <= 0 || added > leaves.length) return false;
    const { crypto } = this.#context;
    const hashes = leaves.slice(0, added).map((leaf) => leafHash(leaf, crypto));
    const { frontier } = growFrontier(this.#projected, hashes, crypto);
    return frontierRoot(frontier, crypto).toBase64() !== this.#cutoff.root;
  }

  #accepted(found: readonly Extension[], note: string, { size }: Checkpoint): readonly Extension[] {
    const { frontier } = found.at(-1)!.grown;
    this.#projected = frontier;
    const extensions = found.map((extension) => this.#withVerification(extension));
    if (size !== frontier.size) return extensions;
    this.#projectedSigned = size;
    const signed = { checkpoint: note, size };
    return [...extensions.slice(0, -1), { ...extensions.at(-1)!, signed }];
  }

  /** Begins at once: while what came before is folded, other threads verify this. */
  #withVerification(extension: Extension): Extension {
    const { verifier, ownershipOnly } = this.#context;
    const isFar = this.signedSize - this.projectedSize >= farBehindLeavesMin;
    if (verifier === undefined || ownershipOnly || !isFar) return extension;
    return { ...extension, verification: beginVerification(verifier, extension.leaves) };
  }

  /** A malformed leaf names none, and says nothing under any. */
  #namesKnownCharter(leafBytes: Uint8Array): boolean {
    const { charters } = this.#context;
    // In deterministic CBOR the charter comes last: its key is the longest.
    if (charters.byHash(leafBytes.subarray(-32)) !== undefined) return true;
    const leaf = parseLeaf(leafBytes);
    return leaf.verdict !== 'accept' || charters.byHash(leaf.value.charter) !== undefined;
  }

  /** Cuts new leaves where entry bundles end, so that few of these are written in parts. */
  #extensions(
    leaves: readonly Uint8Array[],
    payloads: readonly (OpenedPayload | null)[],
  ): readonly Extension[] {
    const { crypto } = this.#context;
    const extensions: Extension[] = [];
    let frontier = this.#projected;
    for (let start = 0; start < leaves.length;) {
      const first = frontier.size;
      const end = start + integrationLeavesMax - (first % integrationLeavesMax);
      const cut = leaves.slice(start, end);
      const hashes = cut.map((leaf) => leafHash(leaf, crypto));
      const grown = growFrontier(frontier, hashes, crypto);
      extensions.push({ first, leaves: cut, payloads: payloads.slice(start, end), grown });
      frontier = grown.frontier;
      start = end;
    }
    return extensions;
  }

  /**
   * Decodes the leaves and verifies their entries, a chunk in each turn of the event loop. Extensions
   * must be decoded in the order in which they were accepted, those before them stored or not.
   */
  async decode(extension: Extension): Promise<DecodedExtension> {
    const decoded: DecodedLeaf[] = [];
    const backdated: number[] = [];
    const { leaves, verification } = extension;
    const verifies = (leafBytes: Uint8Array): boolean => this.#verifies(leafBytes);
    const { scheduler } = this.#context;
    const found =
      verification && (await meetVerifier(verification, leaves, { verifies, scheduler }));
    let lastAtMs = this.#decodedAtMs;
    let takenUp: Uint8Array | undefined;
    for (let offset = 0; offset < leaves.length; offset++) {
      const leafBytes = leaves[offset]!;
      if (offset % verifyChunkEntries === verifyChunkEntries - 1) {
        await scheduler.yield();
      }
      const leaf = parseLeaf(leafBytes);
      if (leaf.verdict !== 'accept') continue;
      const { at, charter, role, entry } = leaf.value;
      // `at` never decreases along a log; a leaf that breaks this is void.
      if (at < lastAtMs) {
        backdated.push(extension.first + offset);
        continue;
      }
      lastAtMs = at;
      if (role === 'charter') takenUp = charter.slice();
      if (entry === undefined || this.#isLeftOut(entry)) continue;
      const verified = this.#context.entries.verify(entry, found?.isGood(offset));
      if (verified.verdict !== 'accept') continue;
      const index = extension.first + offset;
      const logged = { ...verified.value, origin: this.log.origin, index, at, charter, role };
      const offered = extension.payloads[offset];
      decoded.push(offered == null ? { logged } : { logged, offered });
    }
    this.#decodedAtMs = lastAtMs;
    return { decoded, lastAtMs, backdated, ...(takenUp && { charter: takenUp }) };
  }

  /** As `leafVerifies`; an entry that has passed before is not verified again. */
  #verifies(leafBytes: Uint8Array): boolean {
    const leaf = parseLeaf(leafBytes);
    if (leaf.verdict !== 'accept' || leaf.value.entry === undefined) return false;
    return this.#context.entries.verify(leaf.value.entry).verdict === 'accept';
  }

  #isLeftOut(entryBytes: Uint8Array): boolean {
    if (!this.#context.ownershipOnly) return false;
    const entry = parseEntry(entryBytes);
    return entry.verdict === 'accept' && entry.value.kind === 'update';
  }
}

/** Tells whether a checkpoint's tree provably extends the one of this frontier. */
export function leadsTo(
  { size, root }: Checkpoint,
  frontier: Frontier,
  { proof, crypto }: { readonly proof: readonly Uint8Array[]; readonly crypto: Cryptography },
): boolean {
  if (frontier.size > size) return false;
  const old = { oldSize: frontier.size, oldRoot: frontierRoot(frontier, crypto) };
  return verifyConsistency({ ...old, newSize: size, newRoot: root, proof }, crypto);
}
