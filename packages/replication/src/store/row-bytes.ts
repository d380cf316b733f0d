/**
 * Reads and writes the values of rows: fixed-width numbers, byte strings with their length in front.
 * Rows are this member's own, so a row that does not parse is a broken store, not a verdict.
 */
import { crc32 } from 'node:zlib';

import { DirectoryError, slabCopy } from '@callbook/protocol';

import type { ReplicationErrorCode } from '../errors.ts';

/** Where rows are built, one at a time. */
let scratch = Buffer.allocUnsafeSlow(64 * 1024);

/** Builds one row's value. A second may be begun only when the first is finished. */
export class RowWriter {
  #size = 0;

  u8(value: number): this {
    this.#reserve(1);
    scratch[this.#size++] = value;
    return this;
  }

  u32(value: number): this {
    this.#reserve(4);
    this.#size = scratch.writeUInt32BE(value, this.#size);
    return this;
  }

  /** Sizes, indexes, sequence numbers and times, up to 2^53 - 1. */
  u56(value: number): this {
    this.#reserve(7);
    scratch[this.#size] = Math.floor(value / 2 ** 48);
    this.#size = scratch.writeUIntBE(value % 2 ** 48, this.#size + 1, 6);
    return this;
  }

  /** Bytes of a length that the reader knows. */
  fixed(value: Uint8Array): this {
    this.#reserve(value.length);
    scratch.set(value, this.#size);
    this.#size += value.length;
    return this;
  }

  /** Bytes of any length, their count in front. */
  sized(value: Uint8Array): this {
    return this.u32(value.length).fixed(value);
  }

  text(value: string): this {
    const size = Buffer.byteLength(value);
    this.u32(size).#reserve(size);
    this.#size += scratch.write(value, this.#size);
    return this;
  }

  finish(): Uint8Array {
    return slabCopy(new Uint8Array(scratch.buffer, 0, this.#size));
  }

  #reserve(size: number): void {
    if (this.#size + size <= scratch.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(scratch.length * 2, this.#size + size));
    larger.set(scratch.subarray(0, this.#size));
    scratch = larger;
  }
}

/** Reads one row's value; the byte strings it gives share the row's memory. */
export class RowReader {
  readonly #bytes: Buffer;
  #position = 0;

  constructor(value: Uint8Array) {
    this.#bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }

  u8(): number {
    return this.#bytes[this.#take(1)]!;
  }

  u32(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  u56(): number {
    const start = this.#take(7);
    return this.#bytes[start]! * 2 ** 48 + this.#bytes.readUIntBE(start + 1, 6);
  }

  fixed(size: number): Uint8Array {
    const start = this.#take(size);
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + start, size);
  }

  sized(): Uint8Array {
    return this.fixed(this.u32());
  }

  text(): string {
    const size = this.u32();
    const start = this.#take(size);
    return this.#bytes.toString('utf8', start, start + size);
  }

  get isAtEnd(): boolean {
    return this.#position === this.#bytes.length;
  }

  /** Asserts that nothing is left. */
  end(): void {
    if (this.#position !== this.#bytes.length) throw corrupt('has trailing bytes');
  }

  #take(size: number): number {
    const start = this.#position;
    if (start + size > this.#bytes.length) throw corrupt('ends early');
    this.#position = start + size;
    return start;
  }
}

const checksumBytes = 4;

/** Puts the CRC-32 of a row's value behind it, for rows that are believed without any other proof. */
export function sealRow(body: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(body.length + checksumBytes);
  sealed.set(body);
  new DataView(sealed.buffer).setUint32(body.length, crc32(body));
  return sealed;
}

/** Reads what `sealRow` has sealed, without a copy. Error: `store_damaged`. */
export function openSealedRow(sealed: Uint8Array): Uint8Array {
  if (!isSealedRow(sealed))
    throw new DirectoryError<ReplicationErrorCode>('store_damaged', 'a row has another checksum');
  return sealed.subarray(0, sealed.length - checksumBytes);
}

export function isSealedRow(row: Uint8Array): boolean {
  const end = row.length - checksumBytes;
  if (end < 0) return false;
  const stated = new DataView(row.buffer, row.byteOffset + end).getUint32(0);
  return stated === crc32(row.subarray(0, end));
}

function corrupt(found: string): DirectoryError<ReplicationErrorCode> {
  return new DirectoryError('store_corrupt', `a row of the store ${found}`);
}
