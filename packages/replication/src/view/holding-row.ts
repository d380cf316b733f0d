/**
 * What a label's ownership entries come to, as it stands at the end of the row that updates rewrite:
 * so an update of a label that is held, by far the most frequent entry, reads that row alone. The
 * ownership entries are read when somebody looks at them after all.
 */
import type {
  BindingState,
  Holding,
  Identifier,
  LabelHistory,
  MentionedEntry,
  Visibility,
} from '@callbook/protocol';

import type { RowReader, RowWriter } from '../store/row-bytes.ts';

/** A holding, and what else the row of ownership says that an update has to know. */
export interface HoldingRow {
  readonly holding: Holding;
  readonly identifier: Identifier | undefined;
  readonly published: Visibility | undefined;
}

const recoveryBit = 1;
const emailBit = 2;
const commitmentBit = 4;
const lockBit = 8;
const publishedBit = 16;
const apiOnlyBit = 32;

export function writeHolding(writer: RowWriter, row: HoldingRow): void {
  const { holding, identifier, published } = row;
  const { state, charterVersion } = holding;
  const { recovery, email, commitment, lock } = state;
  const flags =
    (recovery === null ? 0 : recoveryBit) |
    (email === null ? 0 : emailBit) |
    (commitment === null ? 0 : commitmentBit) |
    (lock ? lockBit : 0) |
    (published === undefined ? 0 : publishedBit) |
    (published === 'api' ? apiOnlyBit : 0);
  writer.u8(flags).u56(charterVersion).u56(state.labelEpoch).u56(state.epoch);
  writer.fixed(state.ownershipId).u56(state.ownershipAtMs).fixed(state.authority);
  for (const hash of [recovery, email, commitment]) if (hash !== null) writer.fixed(hash);
  writer
    .text(state.origin)
    .u56(state.changedAtMs)
    .text(identifier ?? '');
}

export function readHolding(reader: RowReader, label: Uint8Array): HoldingRow {
  const flags = reader.u8();
  const hashAt = (bit: number): Uint8Array | null =>
    (flags & bit) === 0 ? null : reader.fixed(32);
  const charterVersion = reader.u56();
  const labelEpoch = reader.u56();
  const epoch = reader.u56();
  const ownershipId = reader.fixed(32);
  const ownershipAtMs = reader.u56();
  const authority = reader.fixed(32);
  const recovery = hashAt(recoveryBit);
  const email = hashAt(emailBit);
  const commitment = hashAt(commitmentBit);
  const state: BindingState = {
    labelEpoch,
    label,
    epoch,
    status: 'held',
    ownershipId,
    ownershipAtMs,
    authority,
    recovery,
    lock: (flags & lockBit) !== 0,
    email,
    seq: 0,
    entryId: ownershipId,
    commitment,
    origin: reader.text(),
    changedAtMs: reader.u56(),
    endsAtMs: null,
  };
  const identifier = reader.text();
  const visibility = (flags & apiOnlyBit) === 0 ? 'dns' : 'api';
  return {
    holding: { charterVersion, state },
    identifier: identifier === '' ? undefined : (identifier as Identifier),
    published: (flags & publishedBit) === 0 ? undefined : visibility,
  };
}

/** Ownership entries that are read when they are looked at. */
export class UnreadOwnership implements ReadonlyMap<string, MentionedEntry> {
  readonly #readAll: () => LabelHistory['ownership'];
  #entries: LabelHistory['ownership'] | undefined;

  constructor(readAll: () => LabelHistory['ownership']) {
    this.#readAll = readAll;
  }

  get #read(): LabelHistory['ownership'] {
    return (this.#entries ??= this.#readAll());
  }

  get size(): number {
    return this.#read.size;
  }

  get(name: string): MentionedEntry | undefined {
    return this.#read.get(name);
  }

  has(name: string): boolean {
    return this.#read.has(name);
  }

  keys(): MapIterator<string> {
    return this.#read.keys();
  }

  values(): MapIterator<MentionedEntry> {
    return this.#read.values();
  }

  entries(): MapIterator<[string, MentionedEntry]> {
    return this.#read.entries();
  }

  forEach(
    tell: (entry: MentionedEntry, name: string, all: LabelHistory['ownership']) => void,
  ): void {
    this.#read.forEach(tell);
  }

  [Symbol.iterator](): MapIterator<[string, MentionedEntry]> {
    return this.#read[Symbol.iterator]();
  }
}
