/**
 * The files in which proofs are kept: evidence as docs/spec/evidence.md has it, which convicts, and
 * beside it what this auditor saw, in JSON, which anybody can check against the signed checkpoint in
 * it, but for who served it.
 */
import {
  accept,
  encodeEvidence,
  inclusionProof,
  parseEntryBundle,
  parseLeaf,
  reject,
  tileWidth,
  verifyEvidence,
} from '@callbook/protocol';
import type {
  CharterSet,
  Cryptography,
  Evidence,
  LeafPlace,
  ProvenFault,
  Receipt,
  Suspicion,
  Verdict,
} from '@callbook/protocol';
import type { CacheFolder, LogFolder } from './cache/cache-folder.ts';
import type { Misfit } from './sync/log-sources.ts';
import { storedCheckpoint, storedTiles } from './sync/log-sync.ts';
import { VerifiedTiles } from './sync/verified-tiles.ts';

export interface EvidenceContext {
  readonly folder: CacheFolder;
  readonly charters: CharterSet;
  readonly crypto: Cryptography;
}

/** Keeps evidence that proves something; returns what, and its path. */
export function keepEvidence(
  evidence: Evidence | Uint8Array,
  { folder, charters, crypto }: EvidenceContext,
): Verdict<ProvenFault & { readonly path: string }> {
  const bytes = evidence instanceof Uint8Array ? evidence : encodeEvidence(evidence);
  const proven = verifyEvidence(bytes, charters, crypto);
  if (proven.verdict !== 'accept') return proven;
  const path = `evidence/${crypto.sha256(bytes).toHex()}.evidence`;
  folder.write(path, bytes);
  return accept({ ...proven.value, path });
}

/** Makes evidence of leaves that contradict each other, from the logs in the folder. */
export async function evidenceOfSuspicion(
  { kind, leaves }: Suspicion,
  context: EvidenceContext,
): Promise<Verdict<ProvenFault & { readonly path: string }>> {
  const receipts = await Promise.all(leaves.map((place) => receiptOf(place, context)));
  const [first, second, ...rest] = receipts.filter((receipt) => receipt !== undefined);
  if (first === undefined || receipts.includes(undefined)) {
    return reject('evidence_unproven', 'a leaf of it is not in the folder');
  }
  if (kind === 'commit_early' || kind === 'witness_alone') {
    const others = second === undefined ? [] : [second, ...rest];
    return keepEvidence({ kind, leaves: [first, ...others] }, context);
  }
  if (second === undefined) return reject('evidence_unproven', 'one leaf alone is no pair');
  return keepEvidence({ kind, leaves: [first, second] }, context);
}

/** The receipt of a leaf in the folder, under the checkpoint there. */
export async function receiptOf(
  { origin, index }: LeafPlace,
  { folder, crypto }: EvidenceContext,
): Promise<Receipt | undefined> {
  const log = folder.log(origin);
  const stored = await storedCheckpoint(log, crypto);
  if (stored === undefined || index >= stored.checkpoint.size) return undefined;
  const { size } = stored.checkpoint;
  const leaf = storedLeaf(log, index, size);
  const tiles = await VerifiedTiles.open(stored.checkpoint, storedTiles(log), crypto);
  const proof = inclusionProof({ index, treeSize: size }, await tiles.readerAt(index), crypto);
  return leaf && { origin, index, leaf, checkpoint: stored.note, proof };
}

/** A leaf as it is in the folder, in a log of this size there. */
function storedLeaf(log: LogFolder, index: number, size: number): Uint8Array | undefined {
  const bundle = Math.floor(index / 256);
  const width = tileWidth({ level: 'entries', index: bundle }, size);
  const bytes = width === 0 ? undefined : log.tile({ level: 'entries', index: bundle, width });
  const leaves = bytes === undefined ? undefined : parseEntryBundle(bytes);
  return leaves?.verdict === 'accept' ? leaves.value[index % 256] : undefined;
}

/** The leaf before `index` whose time is later, as a suspicion; undefined where none is near. */
export function timeBackAt(log: LogFolder, place: LeafPlace, size: number): Suspicion | undefined {
  const { origin, index } = place;
  const at = timeOf(storedLeaf(log, index, size));
  if (at === undefined) return undefined;
  for (let earlier = index - 1; earlier >= Math.max(0, index - lookBackLeavesMax); earlier--) {
    if ((timeOf(storedLeaf(log, earlier, size)) ?? 0) <= at) continue;
    return { kind: 'time_back', leaves: [{ origin, index: earlier }, place] };
  }
  return undefined;
}

const lookBackLeavesMax = 4096;

function timeOf(bytes: Uint8Array | undefined): number | undefined {
  const leaf = bytes === undefined ? undefined : parseLeaf(bytes);
  return leaf?.verdict === 'accept' ? leaf.value.at : undefined;
}

/** Writes down two signed checkpoints of a log, of which the smaller was given later; returns the path. */
export function keepLoss(
  log: string,
  given: { readonly before: string; readonly smaller: string; readonly size: number },
  { folder, crypto }: Pick<EvidenceContext, 'folder' | 'crypto'>,
): string {
  const { before: checkpoint, smaller, size: index } = given;
  const written = {
    v: 1,
    kind: 'checkpoint_went_back',
    log,
    index,
    checkpoint,
    proof: [],
    smaller,
  };
  return keepJson(written, { folder, crypto });
}

function keepJson(
  written: object,
  { folder, crypto }: Pick<EvidenceContext, 'folder' | 'crypto'>,
): string {
  const text = `${JSON.stringify(written, null, 1)}\n`;
  const path = `evidence/${crypto.sha256(Buffer.from(text)).toHex()}.json`;
  folder.write(path, text);
  return path;
}

/** What was served instead of a part that the log has signed (docs/auditors.md). */
interface ServedInstead {
  readonly v: 1;
  readonly kind: 'served_instead';
  /** Who served it: this auditor's word. */
  readonly member: string;
  readonly log: string;
  /** Leaf, or first leaf below the tile. */
  readonly index: number;
  /** Path of the tile below the log. */
  readonly tile: string;
  /** What was served, in base64. */
  readonly served: string;
  /** Signed note of the log. */
  readonly checkpoint: string;
  /** The leaf that the log has signed there, in hexadecimal, and its inclusion proof. */
  readonly leafHash: string;
  readonly proof: readonly string[];
}

/** Writes down what was served; returns the path. */
export async function keepMisfit(
  misfit: Misfit & { readonly log: string; readonly tilePath: string },
  of: { readonly tiles: VerifiedTiles; readonly note: string } & EvidenceContext,
): Promise<string> {
  const { tiles, note, crypto } = of;
  const index = Math.min(misfit.problem.index, tiles.tree.size - 1);
  const read = await tiles.readerAt(index);
  const proof = inclusionProof({ index, treeSize: tiles.tree.size }, read, crypto);
  const served: ServedInstead = {
    v: 1,
    kind: 'served_instead',
    member: misfit.member,
    log: misfit.log,
    index,
    tile: misfit.tilePath,
    served: misfit.bytes.toBase64(),
    checkpoint: note,
    leafHash: read(0, index).toHex(),
    proof: proof.map((hash) => hash.toHex()),
  };
  return keepJson(served, of);
}
