/**
 * The position row of the shared database: who writes, and how far it has come. It is changed in the same
 * transaction as the rows that it tells of, and only by who finds it as it left it: so each change is there
 * once, and of two writers one is refused.
 */
import { DirectoryError } from '@callbook/protocol';

import type { ReplicationErrorCode } from '../errors.ts';
import { RowReader, RowWriter } from '../store/row-bytes.ts';

export interface SharedPosition {
  /** 16 bytes: the store whose outbox is followed. */
  readonly streamId: Uint8Array;
  /** 16 bytes: the process that writes. */
  readonly writerId: Uint8Array;
  /** Rises with each change of the writer, also when the database has lost the last one: with its clock. */
  readonly term: number;
  /** Rises by one with each transaction that changes what is published. */
  readonly generation: number;
  /** Of the outbox: all rows up to it are in the database. */
  readonly sequence: number;
  /** Rises with each sign of life. */
  readonly beat: number;
  /** How long the oldest change that is not there yet had waited, by the writer's clock. */
  readonly backlogMs: number;
  /** False while the database is being filled: what it lacks may be published all the same. */
  readonly isWhole: boolean;
}

const version = 1;
export const sharedIdBytes = 16;

export function encodeSharedPosition(position: SharedPosition): Uint8Array {
  return new RowWriter()
    .u8(version)
    .fixed(position.streamId)
    .fixed(position.writerId)
    .u56(position.term)
    .u56(position.generation)
    .u56(position.sequence)
    .u56(position.beat)
    .u56(position.backlogMs)
    .u8(position.isWhole ? 1 : 0)
    .finish();
}

/** Reads it. Errors: `shared_store_foreign`. */
export function parseSharedPosition(row: Uint8Array): SharedPosition {
  try {
    const reader = new RowReader(row);
    if (reader.u8() !== version) throw new RangeError('another version');
    const position = {
      streamId: reader.fixed(sharedIdBytes).slice(),
      writerId: reader.fixed(sharedIdBytes).slice(),
      term: reader.u56(),
      generation: reader.u56(),
      sequence: reader.u56(),
      beat: reader.u56(),
      backlogMs: reader.u56(),
      isWhole: reader.u8() === 1,
    };
    reader.end();
    return position;
  } catch (cause) {
    throw new DirectoryError<ReplicationErrorCode>(
      'shared_store_foreign',
      'the position in the shared database is not one that this version writes',
      { cause },
    );
  }
}

/** Tells whether `now` is earlier than `seen`: a database does not go back unless somebody makes it. */
export function isEarlier(
  now: Pick<SharedPosition, 'term' | 'generation'>,
  seen: Pick<SharedPosition, 'term' | 'generation'>,
): boolean {
  return now.term < seen.term || (now.term === seen.term && now.generation < seen.generation);
}
