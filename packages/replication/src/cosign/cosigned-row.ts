/** The row that remembers what this member cosigned last of one log. */
import { RowReader, RowWriter } from '../store/row-bytes.ts';

/** The largest checkpoint of a log that this member has cosigned. */
export interface CosignedTree {
  /** Leaves. */
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** POSIX time of the cosignature. */
  readonly timestampSeconds: number;
}

export function encodeCosigned({ size, root, timestampSeconds }: CosignedTree): Uint8Array {
  return new RowWriter().u56(size).fixed(root).u56(timestampSeconds).finish();
}

export function parseCosigned(row: Uint8Array): CosignedTree {
  const reader = new RowReader(row);
  const cosigned = { size: reader.u56(), root: reader.fixed(32), timestampSeconds: reader.u56() };
  reader.end();
  return cosigned;
}
