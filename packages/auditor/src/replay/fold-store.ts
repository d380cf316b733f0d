/**
 * The fold so far, in a store of the auditor's own: a row for each label, the nodes of the index, and
 * one row that says which leaves have been folded, written last and flushed. If we are killed in
 * between, labels and nodes are there that the position does not tell of; the same leaves are folded
 * again then, and since a history is a set, nothing comes of it twice. Each batch has labels with their
 * nodes, so the tree is always that of the labels.
 */
import { rm } from 'node:fs/promises';
import { encodeCbor, isCborMap, parseCbor, parseIndexNode } from '@callbook/protocol';
import type { CborValue, Frontier, IndexNode } from '@callbook/protocol';
import { Level } from 'level';
import { auditorError, folderError } from '../errors.ts';
import { storeCacheBytes, storeWriteBufferBytes } from '../limits.ts';
import { violationCodes } from './leaf-reader.ts';
import type { ViolationCode } from './leaf-reader.ts';

/** How far one log has been folded. */
export interface FoldedLog {
  readonly origin: string;
  readonly size: number;
  /** Frontier of the full bundles: of a tree whose leaves are the roots of 256 leaves each. */
  readonly bundles: Frontier;
  /** Largest time of its leaves. */
  readonly lastAtMs: number;
}

export interface FoldPosition {
  /** Version of the newest charter by which it was folded, and its hash. */
  readonly charterVersion: number;
  readonly charter: Uint8Array;
  readonly root: Uint8Array;
  /** Labels with a state. */
  readonly bindings: number;
  readonly logs: readonly FoldedLog[];
  /** Leaves that contribute nothing. */
  readonly violations: number;
}

export interface StoredViolation {
  /** Place of the log. */
  readonly log: number;
  readonly index: number;
  readonly code: ViolationCode;
}

interface RowWrite {
  readonly rowKey: Uint8Array;
  /** Null erases it. */
  readonly value: Uint8Array | null;
}

const positionKey = Uint8Array.of(0);
const labelPrefix = 1;
const nodePrefix = 2;
const violationPrefix = 3;
/** Nodes with paths up to this are kept in memory. */
const keptPathMax = 2;

export class FoldStore implements AsyncDisposable {
  readonly #level: Level<Uint8Array, Uint8Array>;
  readonly #kept = new Map<string, IndexNode>();

  private constructor(level: Level<Uint8Array, Uint8Array>) {
    this.#level = level;
  }

  /** Opens the store in a folder; an audit that is at work there keeps others out. */
  static async open(path: string): Promise<FoldStore> {
    const level = new Level<Uint8Array, Uint8Array>(path, {
      keyEncoding: 'view',
      valueEncoding: 'view',
      cacheSize: storeCacheBytes,
      writeBufferSize: storeWriteBufferBytes,
      // Keys, hashes and signatures do not compress.
      compression: false,
    });
    try {
      await level.open();
    } catch (cause) {
      if (isLocked(cause)) {
        throw auditorError('audit_folder_busy', 'another audit has the folder open', { cause });
      }
      throw folderError(cause);
    }
    return new FoldStore(level);
  }

  /** Throws away what is stored there; nobody may have it open. */
  static async erase(path: string): Promise<void> {
    await rm(path, { recursive: true, force: true });
  }

  async position(): Promise<FoldPosition | undefined> {
    const row = await guarded(() => this.#level.get(positionKey));
    return row === undefined ? undefined : parsePosition(row);
  }

  /** Flushes all that was written before it. */
  async writePosition(
    position: FoldPosition,
    violations: readonly StoredViolation[],
  ): Promise<void> {
    const rows = violations.map(({ log, index, code }) => ({
      rowKey: violationKey(log, index),
      value: Uint8Array.of(violationCodes.indexOf(code)),
    }));
    await this.#write([...rows, { rowKey: positionKey, value: encodePosition(position) }], true);
  }

  async violations(countMax: number): Promise<StoredViolation[]> {
    const range = { gte: Uint8Array.of(violationPrefix), lt: Uint8Array.of(violationPrefix + 1) };
    const rows = await guarded(() => this.#level.iterator({ ...range, limit: countMax }).all());
    return rows.map(([rowKey, value]) => {
      const view = new DataView(rowKey.buffer, rowKey.byteOffset);
      const index = view.getUint32(2) * 2 ** 32 + view.getUint32(6);
      return { log: rowKey[1]!, index, code: violationCodes[value[0]!]! };
    });
  }

  /** Rows of labels, in their order. */
  async labels(labels: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return await guarded(() =>
      this.#level.getMany(labels.map((label) => keyOf(labelPrefix, label))),
    );
  }

  /** Writes labels and the nodes of the index above them, all or none. */
  async writeLabels(
    labels: readonly { readonly label: Uint8Array; readonly row: Uint8Array }[],
    nodes: ReadonlyMap<string, IndexNode | null>,
  ): Promise<void> {
    const rows: RowWrite[] = labels.map(({ label, row }) => ({
      rowKey: keyOf(labelPrefix, label),
      value: row,
    }));
    for (const [path, node] of nodes) {
      rows.push({ rowKey: nodeKey(path), value: node === null ? null : node.bytes });
    }
    await this.#write(rows, false);
    for (const [path, node] of nodes) {
      if (node === null) this.#kept.delete(path);
      // A copy: the bytes share their memory with those of nodes that are not kept.
      else if (path.length <= keptPathMax) this.#kept.set(path, { bytes: node.bytes.slice() });
    }
  }

  /** A node that is in memory. */
  readonly keptNode = (path: string): IndexNode | undefined => this.#kept.get(path);

  readonly readNodes = async (paths: readonly string[]): Promise<(IndexNode | undefined)[]> => {
    const rows = await guarded(() => this.#level.getMany(paths.map(nodeKey)));
    return rows.map((row, place) => {
      if (row === undefined) return undefined;
      const path = paths[place]!;
      const node = parseIndexNode(new Uint8Array(row.buffer, row.byteOffset, row.length), path);
      if (node.verdict !== 'accept') {
        throw auditorError('audit_folder_damaged', 'a node of the stored index is malformed');
      }
      if (path.length <= keptPathMax) this.#kept.set(path, node.value);
      return node.value;
    });
  };

  async #write(rows: readonly RowWrite[], durable: boolean): Promise<void> {
    await guarded(async () => {
      const batch = this.#level.batch();
      for (const { rowKey, value } of rows) {
        if (value === null) batch.del(rowKey);
        else batch.put(rowKey, value);
      }
      await batch.write({ sync: durable });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#level.close();
  }
}

async function guarded<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw folderError(error);
  }
}

function isLocked(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return 'code' in error && error.code === 'LEVEL_LOCKED' ? true : isLocked(error.cause);
}

function keyOf(prefix: number, rest: Uint8Array): Uint8Array {
  const rowKey = new Uint8Array(1 + rest.length);
  rowKey[0] = prefix;
  rowKey.set(rest, 1);
  return rowKey;
}

function nodeKey(path: string): Uint8Array {
  return keyOf(nodePrefix, Buffer.from(path));
}

function violationKey(log: number, index: number): Uint8Array {
  const rowKey = new Uint8Array(10);
  const view = new DataView(rowKey.buffer);
  rowKey.set([violationPrefix, log]);
  view.setUint32(2, Math.floor(index / 2 ** 32));
  view.setUint32(6, index % 2 ** 32);
  return rowKey;
}

function encodePosition(position: FoldPosition): Uint8Array {
  const logs = position.logs.map(({ bundles, ...log }) => ({
    ...log,
    bundles: bundles.size,
    hashes: [...bundles.hashes],
  }));
  return encodeCbor({ ...position, logs });
}

/** The row is the auditor's own; one that is torn is as good as none. */
function parsePosition(row: Uint8Array): FoldPosition | undefined {
  const parsed = parseCbor(new Uint8Array(row));
  if (parsed.verdict !== 'accept' || !isCborMap(parsed.value)) return undefined;
  const { logs, ...rest } = parsed.value;
  const folded = (logs as readonly { readonly [name: string]: CborValue }[]).map(
    ({ bundles, hashes, ...log }) => ({
      ...(log as unknown as Pick<FoldedLog, 'origin' | 'size' | 'lastAtMs'>),
      bundles: { size: bundles as number, hashes: hashes as Uint8Array[] },
    }),
  );
  return { ...(rest as unknown as Omit<FoldPosition, 'logs'>), logs: folded };
}
