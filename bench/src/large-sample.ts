/**
 * The rows and leaves of one binding as the production engine makes them: a replica with an empty store logs
 * the register of the first holder, takes in the other logs, and what is in its store then is the
 * sample for all others. So what is written in bulk has the layout of this version, whatever that is.
 */
import {
  bindingStateHash,
  emptyFrontier,
  encodeLeaf,
  frontierRoot,
  growFrontier,
  leafHash,
  signCheckpoint,
} from '@callbook/protocol';
import type { DerivedKeys, IndexLeaf } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { createReplica, memoryStore } from '@callbook/replication';
import type { OpenedPayload, Replica, ReplicaOptions, Row, Store } from '@callbook/replication';
import { openSealedRow } from '@callbook/replication/store-rows';
import { largeReplicaOptions } from './large-federation.ts';
import type { LargeFederation, LargeLog } from './large-federation.ts';
import { digitsAt, keyValues, openingOf, registerAt } from './large-records.ts';
import type { SignedRecord } from './large-records.ts';
import { Template } from './large-template.ts';
import type { Values } from './large-template.ts';

/** A register and its payload. */
export interface SampleEntry {
  readonly entry: Uint8Array;
  readonly opened: OpenedPayload;
}

/** What a binding leaves in a store, to be filled in. */
export interface BindingTemplates {
  readonly payload: Template;
  /** Leaf of each log. */
  readonly leaves: ReadonlyMap<string, Template>;
  /** Rows of the label: of its ownership, and of updates and payload. */
  readonly ownership: Template;
  readonly updates: Template;
  /** The published binding, without its seal. */
  readonly binding: Template;
}

/** Registers entries in all logs of a federation, by an engine, leaf after leaf; returns the store. */
export async function storeByEngine(
  federation: LargeFederation,
  entries: readonly SampleEntry[],
): Promise<Store> {
  const store = memoryStore();
  const [member] = federation.layout.members;
  const options = await largeReplicaOptions(federation, member!);
  const clock = { nowMs: () => federation.atMs };
  await logAll({ ...options, store, clock, indexed: false }, federation, entries);
  // Made from the view, an index is written whole; one that follows the logs keeps its upper nodes back.
  await using replica = await createReplica({ ...options, store, clock });
  await replica.settleIndex();
  return store;
}

async function logAll(
  options: ReplicaOptions,
  federation: LargeFederation,
  entries: readonly SampleEntry[],
): Promise<void> {
  await using replica = await createReplica(options);
  const [own, ...others] = federation.logs;
  for (const { entry, opened } of entries) {
    const logged = await replica.log({ entry, opened, role: own!.role });
    if (logged.verdict !== 'accept') throw new Error(logged.code);
  }
  for (const log of others) await ingestLog(replica, { log, federation, entries });
}

interface IngestedLog {
  readonly log: LargeLog;
  readonly federation: LargeFederation;
  readonly entries: readonly SampleEntry[];
}

async function ingestLog(
  replica: Replica,
  { log, federation, entries }: IngestedLog,
): Promise<void> {
  const { origin, role, charterLeaf, signer } = log;
  const { charter, atMs: at } = federation;
  const leaves = [
    charterLeaf,
    ...entries.map(({ entry }) => encodeLeaf({ v: 1, at, charter, role, entry })),
  ];
  const hashes = leaves.map((leaf) => leafHash(leaf, crypto));
  const { frontier } = growFrontier(emptyFrontier, hashes, crypto);
  const root = frontierRoot(frontier, crypto);
  const checkpoint = signCheckpoint({ origin, size: leaves.length, root }, signer);
  const payloads = leaves.map(() => null);
  const batch = { origin, first: 0, leaves, payloads, checkpoint, proof: [] };
  const verdict = await replica.ingest(batch);
  if (verdict.verdict !== 'accept') throw new Error(verdict.code);
}

/** Has the engine register the first binding, and takes its rows as templates. */
export async function bindingTemplates(
  federation: LargeFederation,
  keys: DerivedKeys,
  record: SignedRecord,
): Promise<BindingTemplates> {
  const { payload, entry } = await registerAt(0, keys, record);
  const opened = { payload, opening: openingOf(payload) };
  const rows = await allRows(await storeByEngine(federation, [{ entry, opened }]));
  const values = bindingValues(federation, { position: 0, keys: keyValues(keys), record });
  const all = { ...values, opening: opened.opening };
  const rowOf = (family: string): Uint8Array => {
    const found = rows.filter(([rowKey]) => nameOf(rowKey) === family);
    if (found.length !== 1) throw new Error(`${found.length} rows of the family ${family}`);
    return found[0]![1];
  };
  const { charter, atMs: at } = federation;
  return {
    payload: new Template(payload, all),
    leaves: new Map(
      federation.logs.map(({ origin, role }) => [
        origin,
        new Template(encodeLeaf({ v: 1, at, charter, role, entry }), all),
      ]),
    ),
    ownership: new Template(rowOf('ho'), all),
    updates: new Template(rowOf('hu'), all),
    binding: new Template(openSealedRow(rowOf('i')), all),
  };
}

/** Which binding a row is of. */
export interface PlacedRecord {
  readonly position: number;
  readonly keys: Values;
  readonly record: SignedRecord;
}

/** All that differs from one binding to the next, but for the opening, which is made of the payload. */
export function bindingValues(
  { atMs }: Pick<LargeFederation, 'atMs'>,
  { position, keys, record }: PlacedRecord,
): Values {
  const { label, vrfProof, signature, commitment, entryId } = record;
  // As rows have numbers: seven bytes. Each log begins with a leaf of its own.
  const mention = Buffer.alloc(14);
  mention.writeUIntBE(position + 1, 1, 6);
  mention.writeUIntBE(atMs, 8, 6);
  return {
    ...keys,
    label,
    vrfProof,
    signature,
    commitment,
    entryId,
    digits: digitsAt(position),
    mention,
  };
}

/** What the index says of a binding that was registered and never changed. */
export function indexLeafOf(
  { atMs }: Pick<LargeFederation, 'atMs'>,
  { keys, record: { label, entryId, commitment } }: PlacedRecord,
): IndexLeaf {
  const state = {
    epoch: 0,
    status: 'held',
    ownershipId: entryId,
    ownershipAtMs: atMs,
    endsAtMs: null,
    authority: keys['authority']!,
    recovery: null,
    lock: false,
    email: null,
    seq: 0,
    entryId,
    commitment,
  } as const;
  return { label, stateHash: bindingStateHash(state, crypto) };
}

/** Family of a row; the two rows of a label are told apart. */
function nameOf(rowKey: Uint8Array): string {
  const family = String.fromCharCode(rowKey[0]!);
  return family === 'h' ? `h${String.fromCharCode(rowKey.at(-1)!)}` : family;
}

/** Every row of a small store, in the order of the keys. */
export async function allRows(store: Store): Promise<Row[]> {
  const everything = { gte: new Uint8Array(0), lt: Uint8Array.of(255) };
  return await store.range({ ...everything, countMax: 1_000_000 });
}
