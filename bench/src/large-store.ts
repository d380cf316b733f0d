/**
 * Writes the store of a member with all bindings of a generated federation: the rows that it would have
 * after as many claims, in the order of their keys, so that LevelDB writes each once. That they are
 * these rows is held against the engine, for as many bindings as it takes to fill a bundle.
 */
import type { DerivedKeys, Frontier } from '@callbook/protocol';
import {
  applyIndexBatch,
  compareBytes,
  emptyFrontier,
  emptyIndexRoot,
  encodeEntryBundle,
  frontierRoot,
  growFrontier,
  leafHash,
  signCheckpoint,
  utf8,
} from '@callbook/protocol';
import type { Checkpoint, IndexLeaf, IndexNode } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import type { Store } from '@callbook/replication';
import {
  bindingKey,
  bundleKey,
  encodePosition,
  entryKey,
  indexNodeKey,
  indexPositionRow,
  ownerKeyOf,
  ownershipKey,
  partKey,
  positionKey,
  sealRow,
  tileKey,
  updatesKey,
} from '@callbook/replication/store-rows';
import { Eta } from './large-eta.ts';
import type { LargeFederation, LargeLog } from './large-federation.ts';
import { orderOf } from './large-order.ts';
import { identifierAt, keySetCount, keyValues, openingOf, recordIn } from './large-records.ts';
import { RowSink } from './large-row-sink.ts';
import { bindingTemplates, bindingValues, indexLeafOf } from './large-sample.ts';
import type { BindingTemplates } from './large-sample.ts';
import type { Values } from './large-template.ts';

/** What a store is written of. */
export interface LargeStoreOptions {
  readonly federation: LargeFederation;
  readonly keySets: readonly DerivedKeys[];
  /** Of the bindings from 0 on, as many as there are. */
  readonly records: Uint8Array;
  readonly count: number;
  readonly say: (line: string) => void;
}

const bundleLeaves = 256;
const indexLabelsAtOnce = 4096;
/** Nodes above are written last: each lies before many that come after it. */
const upperPathMax = 3;

/** Fills an empty store; returns the root of its index. */
export async function fillLargeStore(
  store: Store,
  options: LargeStoreOptions,
): Promise<Uint8Array> {
  const { federation, keySets, records } = options;
  const templates = await bindingTemplates(federation, keySets[0]!, recordIn(records, 0));
  return await new LargeStoreWriter(store, options, templates).write();
}

class LargeStoreWriter {
  readonly #options: LargeStoreOptions;
  readonly #templates: BindingTemplates;
  readonly #sink: RowSink;
  readonly #keys: readonly Values[];

  constructor(store: Store, options: LargeStoreOptions, templates: BindingTemplates) {
    this.#options = options;
    this.#templates = templates;
    this.#sink = new RowSink(store);
    this.#keys = options.keySets.map(keyValues);
  }

  async write(): Promise<Uint8Array> {
    const { federation } = this.#options;
    const logs: WrittenLog[] = [];
    for (const log of federation.logs) logs.push(await this.#writeBundles(log));
    await this.#writeEntries();
    const byLabel = this.#order((position) => this.#record(position).label);
    await this.#writeLabels(byLabel);
    await this.#writeBindings();
    const root = await this.#writeIndex(byLabel);
    await this.#writeOwners();
    const checkpoints: Checkpoint[] = [];
    for (const log of logs) checkpoints.push(await this.#writePosition(log));
    for (const log of logs) await this.#writeTiles(log);
    const inOrder = checkpoints.toSorted((a, b) => compareBytes(utf8(a.origin), utf8(b.origin)));
    const position = { ruleset: 1, charter: federation.charter, root, logs: inOrder };
    const { rowKey, value } = indexPositionRow(position);
    await this.#sink.add(rowKey, value);
    await this.#sink.end();
    return root;
  }

  #record(position: number): ReturnType<typeof recordIn> {
    return recordIn(this.#options.records, position);
  }

  #values(position: number): Values {
    const keys = this.#keys[position % keySetCount]!;
    const record = this.#record(position);
    return bindingValues(this.#options.federation, { position, keys, record });
  }

  #order(keyOf: (position: number) => Uint8Array): Uint32Array {
    return orderOf(this.#options.count, keyOf);
  }

  #eta(what: string): Eta {
    return new Eta(what, { to: this.#options.count }, this.#options.say);
  }

  /** The leaves of a log; their hashes stay in memory until its tiles are written. */
  async #writeBundles(log: LargeLog): Promise<WrittenLog> {
    const { count } = this.#options;
    const template = this.#templates.leaves.get(log.origin)!;
    const written = new WrittenLog(log, count + 1);
    const eta = this.#eta(`leaves of ${log.origin}`);
    for (let first = 0; first <= count; first += bundleLeaves) {
      const end = Math.min(first + bundleLeaves, count + 1);
      const leaves: Uint8Array[] = first === 0 ? [log.charterLeaf] : [];
      for (let index = first + leaves.length; index < end; index += 1) {
        leaves.push(template.with(this.#values(index - 1)));
      }
      written.add(leaves);
      const isWhole = leaves.length === bundleLeaves;
      const rowKey = isWhole
        ? bundleKey(log.origin, first / bundleLeaves)
        : partKey(log.origin, first);
      await this.#sink.add(rowKey, encodeEntryBundle(leaves));
      eta.add(leaves.length);
    }
    return written;
  }

  async #writeEntries(): Promise<void> {
    const eta = this.#eta('entries');
    for (const position of this.#order((place) => this.#record(place).entryId)) {
      const { entryId, label } = this.#record(position);
      await this.#sink.add(entryKey(entryId), label);
      eta.add(1);
    }
  }

  async #writeLabels(byLabel: Uint32Array): Promise<void> {
    const { payload, ownership, updates } = this.#templates;
    const eta = this.#eta('labels');
    for (const position of byLabel) {
      const values = this.#values(position);
      const { label } = this.#record(position);
      await this.#sink.add(ownershipKey(label), ownership.with(values));
      const opening = openingOf(payload.with(values));
      await this.#sink.add(updatesKey(label), updates.with({ ...values, opening }));
      eta.add(1);
    }
  }

  async #writeBindings(): Promise<void> {
    const eta = this.#eta('bindings');
    for (const position of this.#order((place) => bindingKey(identifierAt(place)))) {
      const row = sealRow(this.#templates.binding.with(this.#values(position)));
      await this.#sink.add(bindingKey(identifierAt(position)), row);
      eta.add(1);
    }
  }

  async #writeOwners(): Promise<void> {
    const keyOf = (position: number): Uint8Array => ownerKeyOf(identifierAt(position), crypto);
    const eta = this.#eta('owner names');
    for (const position of this.#order(keyOf)) {
      await this.#sink.add(keyOf(position), utf8(identifierAt(position)));
      eta.add(1);
    }
  }

  /** In the order of labels every node is whole as soon as a label behind it comes. */
  async #writeIndex(byLabel: Uint32Array): Promise<Uint8Array> {
    const eta = this.#eta('index');
    let open = new Map<string, IndexNode>();
    const upper = new Map<string, IndexNode>();
    let root = emptyIndexRoot();
    for (let start = 0; start < byLabel.length; start += indexLabelsAtOnce) {
      const positions = byLabel.subarray(start, start + indexLabelsAtOnce);
      const changes = Array.from(positions, (position) => this.#indexChange(position));
      const read = (path: string): IndexNode | undefined => open.get(path) ?? upper.get(path);
      const applied = applyIndexBatch(changes, read, crypto);
      root = applied.root;
      const last = changes.at(-1)!.label.toHex();
      const stillOpen = new Map<string, IndexNode>();
      for (const [path, node] of new Map([...open, ...applied.written])) {
        if (path.length <= upperPathMax) upper.set(path, node);
        else if (last.startsWith(path)) stillOpen.set(path, node);
        else await this.#sink.add(indexNodeKey(path), node.bytes);
      }
      open = stillOpen;
      eta.add(positions.length);
    }
    for (const [path, node] of [...open, ...upper]) {
      await this.#sink.add(indexNodeKey(path), node.bytes);
    }
    return root;
  }

  #indexChange(position: number): IndexLeaf {
    const keys = this.#keys[position % keySetCount]!;
    return indexLeafOf(this.#options.federation, {
      position,
      keys,
      record: this.#record(position),
    });
  }

  async #writePosition({ log, frontier }: WrittenLog): Promise<Checkpoint> {
    const { charter, atMs } = this.#options.federation;
    const { origin, signer } = log;
    const { size } = frontier;
    const checkpoint = { origin, size, root: frontierRoot(frontier, crypto) };
    const position = {
      frontier,
      lastAtMs: atMs,
      charter,
      checkpoint: signCheckpoint(checkpoint, signer),
      signedSize: size,
    };
    await this.#sink.add(positionKey(origin), encodePosition(position));
    return checkpoint;
  }

  async #writeTiles({ log, levels }: WrittenLog): Promise<void> {
    for (const [level, { hashes, size }] of levels.entries()) {
      for (let at = 0; at < size; at += tileBytes) {
        const tile = hashes.subarray(at, Math.min(at + tileBytes, size));
        await this.#sink.add(tileKey(log.origin, level, at / tileBytes), tile);
      }
    }
  }
}

const hashBytes = 32;
const tileBytes: number = bundleLeaves * hashBytes;
/** Tree levels that one tile spans. */
const levelsPerTile = 8;

/** A log whose leaves are written: its frontier, and the hashes of its tiles by level. */
class WrittenLog {
  readonly log: LargeLog;
  frontier: Frontier = emptyFrontier;
  readonly levels: { readonly hashes: Uint8Array; size: number }[] = [];

  constructor(log: LargeLog, leafCount: number) {
    this.log = log;
    for (let count = leafCount; count >= 1; count = Math.floor(count / bundleLeaves)) {
      this.levels.push({ hashes: new Uint8Array(count * hashBytes), size: 0 });
    }
  }

  add(leaves: readonly Uint8Array[]): void {
    const hashes = leaves.map((leaf) => leafHash(leaf, crypto));
    const grown = growFrontier(this.frontier, hashes, crypto);
    this.frontier = grown.frontier;
    for (const { level, hash } of grown.stored) {
      if (level % levelsPerTile !== 0) continue;
      const tiles = this.levels[level / levelsPerTile]!;
      tiles.hashes.set(hash, tiles.size);
      tiles.size += hashBytes;
    }
  }
}
