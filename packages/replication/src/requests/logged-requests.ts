/**
 * The requests that this member has logged after its own challenge, until somebody has told their
 * holder. Each stands in a row of its own, written in the same batch as the leaf:
 * - If we crash before that batch is on disk, nothing is logged and nobody is told.
 * - If we crash after it, the row is found at the next start, and the holder is told then.
 * - `told` erases the row. If we crash between the notice and that, the request is told again, and
 *   whoever sends drops what went out before.
 * An entry is logged once, so there is never a second row of one request.
 *
 * A row keeps the identifier that was challenged: a holder who has published nothing is told as well.
 */
import type { Entry, Identifier, LeafRole, RequestClass } from '@callbook/protocol';

import { requestsToldAtOnceMax } from '../limits.ts';
import { Listeners } from '../listeners.ts';
import { RowReader, RowWriter } from '../store/row-bytes.ts';
import { requestIdIn, requestKey, requestsAfter } from '../store/row-keys.ts';
import type { StoreWriter } from '../store/store-writer.ts';
import type { RowChange, Store } from '../store/store.ts';
import { readLabel } from '../view/bindings.ts';

/** A request that this member has logged, and whom it is against. */
export interface LoggedRequest {
  /** 32 bytes. */
  readonly requestId: Uint8Array;
  readonly label: Uint8Array;
  readonly requestClass: RequestClass;
  /** Time of this member's leaf. */
  readonly atMs: number;
  /** Unknown where the holder has published nothing, and nobody has said whose challenge it was. */
  readonly identifier: Identifier | undefined;
}

/** Classes by their number in a row; the list only ever grows at the end. */
const classes: readonly RequestClass[] = ['recovery', 'email', 'possession'];

export class LoggedRequests {
  readonly #store: Store;
  readonly #writer: StoreWriter;
  readonly #listeners = new Listeners<LoggedRequest>();

  constructor(store: Store, writer: StoreWriter) {
    this.#store = store;
    this.#writer = writer;
  }

  /** Calls back with each request, once its leaf is durable. Those of before a start are `untold`. */
  onRequest(listener: (request: LoggedRequest) => void): () => void {
    return this.#listeners.add(listener);
  }

  /** Requests of which nobody has said `told` and that come after one, `requestsToldAtOnceMax` at most. */
  async untold(after?: LoggedRequest): Promise<LoggedRequest[]> {
    const range = requestsAfter(after?.requestId);
    const rows = await this.#store.range({ ...range, countMax: requestsToldAtOnceMax });
    return rows.map(([rowKey, value]) => this.#parse(requestIdIn(rowKey), value));
  }

  /** The holder has been told, or cannot be: the request is forgotten here. */
  async told(requestId: Uint8Array): Promise<void> {
    await this.#writer.run(async (commit) => {
      await commit([{ rowKey: requestKey(requestId), erase: true }], { durable: true });
    });
  }

  /** For the log alone: calls back for requests whose rows are on disk. */
  tell(rows: readonly RowChange[]): void {
    for (const row of rows) {
      if ('value' in row) this.#listeners.tell(this.#parse(requestIdIn(row.rowKey), row.value));
    }
  }

  #parse(requestId: Uint8Array, value: Uint8Array): LoggedRequest {
    const reader = new RowReader(value);
    const label = reader.fixed(32);
    const requestClass = classes[reader.u8()]!;
    const atMs = reader.u56();
    // A row without it was written before there was any.
    const challenged = reader.isAtEnd ? '' : (reader.text() as Identifier);
    reader.end();
    const identifier = challenged || readLabel(this.#store, label).identifier;
    return { requestId, label, requestClass, atMs, identifier };
  }
}

/** The row of an entry that is being logged, if its holder is to be told of it by this member. */
export function loggedRequestRow(
  { entry, entryId }: { readonly entry: Entry; readonly entryId: Uint8Array },
  of: { readonly role: LeafRole; readonly atMs: number; readonly identifier?: Identifier },
): RowChange[] {
  const { role, atMs, identifier = '' } = of;
  if (entry.kind !== 'request' || role !== 'challenged') return [];
  const value = new RowWriter()
    .fixed(entry.label)
    .u8(classes.indexOf(entry.class!))
    .u56(atMs)
    .text(identifier);
  return [{ rowKey: requestKey(entryId), value: value.finish() }];
}
