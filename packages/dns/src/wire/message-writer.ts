/**
 * Writes one message after another into the same buffer, with name compression. What does not fit in
 * the limit is remembered as `overflowed`; the caller then winds back to a mark and says so with TC.
 * Compression needs no map of strings: a name's suffix is compared with those already written that
 * have the same length, in the message itself.
 */
import { ednsFlags, headerBytes, headerFlags } from './message.ts';
import type { Edns, MessageHeader, Question } from './message.ts';
import { lowerCaseOctets } from './names.ts';
import type { DomainName } from './names.ts';
import { rdataLayout } from './rdata-layout.ts';
import { internetClass, recordTypes } from './record-types.ts';

/** Pointers have 14 bits (RFC 1035 §4.1.4). */
const pointerOffsetMax = 0x3fff;
/** Suffixes remembered for compression; later ones are written in full. */
const suffixesMax = 256;

export type Section = 'answers' | 'authorities' | 'additionals';
const countOffsets: Readonly<Record<Section, number>> = {
  answers: 6,
  authorities: 8,
  additionals: 10,
};

/** A place to wind back to. */
export interface WriterMark {
  readonly size: number;
  readonly suffixCount: number;
}

export class MessageWriter {
  /** True when something did not fit since the message was begun or wound back. */
  overflowed: boolean;
  private readonly bytes: Uint8Array;
  private size: number;
  private limit: number;
  private readonly suffixOffsets: Uint16Array;
  private readonly suffixLengths: Uint8Array;
  private suffixCount: number;

  /** Writes into `bytes`, which bounds every message. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.overflowed = false;
    this.size = 0;
    this.limit = bytes.length;
    this.suffixOffsets = new Uint16Array(suffixesMax);
    this.suffixLengths = new Uint8Array(suffixesMax);
    this.suffixCount = 0;
  }

  /** Begins a message of at most `limit` octets, with empty sections. */
  begin(header: MessageHeader, limit: number): void {
    this.limit = Math.min(limit, this.bytes.length);
    this.overflowed = false;
    this.suffixCount = 0;
    this.size = headerBytes;
    const flags =
      (header.isResponse ? headerFlags.isResponse : 0) |
      ((header.opcode & 15) << 11) |
      (header.authoritative ? headerFlags.authoritative : 0) |
      (header.truncated ? headerFlags.truncated : 0) |
      (header.recursionDesired ? headerFlags.recursionDesired : 0) |
      (header.recursionAvailable ? headerFlags.recursionAvailable : 0) |
      (header.authenticData ? headerFlags.authenticData : 0) |
      (header.checkingDisabled ? headerFlags.checkingDisabled : 0) |
      (header.responseCode & 15);
    this.setUint16(0, header.id);
    this.setUint16(2, flags);
    this.bytes.fill(0, 4, headerBytes);
  }

  /** Octets written so far. */
  get sizeBytes(): number {
    return this.size;
  }

  mark(): WriterMark {
    return { size: this.size, suffixCount: this.suffixCount };
  }

  /** Forgets everything after `mark`, all records included, and sets TC. */
  truncateTo(mark: WriterMark): void {
    this.size = mark.size;
    this.suffixCount = mark.suffixCount;
    this.overflowed = false;
    this.bytes.fill(0, countOffsets.answers, headerBytes);
    this.bytes[2]! |= headerFlags.truncated >> 8;
  }

  /** Keeps the last `size` octets of the limit free, for the OPT record. */
  reserve(size: number): void {
    this.limit -= size;
  }

  /** Gives back what was reserved. */
  release(size: number): void {
    this.limit += size;
  }

  question(question: Question): void {
    this.name(question.name, true);
    this.uint16(question.type);
    this.uint16(question.class);
    this.count(4);
  }

  /** Writes one record; RDATA is uncompressed and compressed here where its type allows it. */
  record(section: Section, record: RecordToWrite, rdata: Uint8Array): void {
    this.name(record.owner, true);
    if (!this.fits(10)) return;
    this.uint16(record.type);
    this.uint16(record.class ?? internetClass);
    this.uint32(record.ttlSeconds);
    const lengthAt = this.size;
    this.uint16(rdata.length);
    this.rdata(record.type, rdata);
    if (this.overflowed) return;
    this.setUint16(lengthAt, this.size - lengthAt - 2);
    this.count(countOffsets[section]);
  }

  /** Writes OPT (RFC 6891 §6.1.2) with the upper bits of the response code. */
  opt(edns: Edns, responseCode: number): void {
    if (!this.fits(optBytes(edns))) return;
    this.bytes[this.size] = 0;
    this.size += 1;
    this.uint16(recordTypes.OPT);
    this.uint16(edns.udpPayloadBytes);
    this.uint16(((responseCode >> 4) << 8) | edns.version);
    const dnssecOk = edns.dnssecOk ? ednsFlags.dnssecOk : 0;
    this.uint16(dnssecOk | (edns.compactOk ? ednsFlags.compactOk : 0));
    this.uint16(optBytes(edns) - optFixedBytes);
    for (const option of edns.options) {
      this.uint16(option.code);
      this.uint16(option.octets.length);
      this.octets(option.octets);
    }
    this.count(countOffsets.additionals);
  }

  /** Returns the message as a part of the buffer, which the next one overwrites. */
  finish(): Uint8Array {
    return this.bytes.subarray(0, this.size);
  }

  private rdata(type: number, rdata: Uint8Array): void {
    const layout = rdataLayout(type);
    if (layout === undefined || !layout.compressible || rdata.length === 0) {
      this.octets(rdata);
      return;
    }
    let at = 0;
    for (const field of layout.fields) {
      if (field === 'name') at = this.nameAt(rdata, at, true);
      else if (field !== 'string') {
        this.octets(rdata.subarray(at, at + field));
        at += field;
      }
    }
  }

  private name(name: DomainName, compress: boolean): void {
    this.nameAt(name.wire, 0, compress);
  }

  /** Writes the name that begins at `start` of `wire`; returns where it ends there. */
  private nameAt(wire: Uint8Array, start: number, compress: boolean): number {
    let end = start;
    while (wire[end]! > 0) end += wire[end]! + 1;
    end += 1;
    for (let at = start; ; at += wire[at]! + 1) {
      const length = wire[at]!;
      const pointer = compress && length > 0 ? this.findSuffix(wire, at, end - at) : -1;
      if (pointer >= 0) {
        this.uint16(0xc000 | pointer);
        return end;
      }
      if (!this.fits(length + 1)) return end;
      if (length > 0) this.remember(end - at);
      for (let index = 0; index <= length; index += 1)
        this.bytes[this.size + index] = wire[at + index]!;
      this.size += length + 1;
      if (length === 0) return end;
    }
  }

  private remember(suffixLength: number): void {
    if (this.size > pointerOffsetMax || this.suffixCount === suffixesMax) return;
    this.suffixOffsets[this.suffixCount] = this.size;
    this.suffixLengths[this.suffixCount] = suffixLength;
    this.suffixCount += 1;
  }

  private findSuffix(wire: Uint8Array, at: number, length: number): number {
    for (let index = 0; index < this.suffixCount; index += 1)
      if (
        this.suffixLengths[index] === length &&
        this.matches(wire, at, this.suffixOffsets[index]!)
      )
        return this.suffixOffsets[index]!;
    return -1;
  }

  /** Compares a name in `wire` with one already in the message, following its pointers. */
  private matches(wire: Uint8Array, at: number, offset: number): boolean {
    const { bytes } = this;
    for (;;) {
      while (bytes[offset]! >= 0xc0) offset = ((bytes[offset]! & 0x3f) << 8) | bytes[offset + 1]!;
      const length = wire[at]!;
      if (bytes[offset] !== length) return false;
      if (length === 0) return true;
      for (let index = 1; index <= length; index += 1)
        if (lowerCaseOctets[wire[at + index]!] !== lowerCaseOctets[bytes[offset + index]!])
          return false;
      at += length + 1;
      offset += length + 1;
    }
  }

  private octets(octets: Uint8Array): void {
    if (!this.fits(octets.length)) return;
    this.bytes.set(octets, this.size);
    this.size += octets.length;
  }

  private uint16(value: number): void {
    if (!this.fits(2)) return;
    this.setUint16(this.size, value);
    this.size += 2;
  }

  private uint32(value: number): void {
    this.uint16(value >>> 16);
    this.uint16(value & 0xffff);
  }

  private setUint16(at: number, value: number): void {
    this.bytes[at] = value >> 8;
    this.bytes[at + 1] = value;
  }

  private count(at: number): void {
    if (!this.overflowed) this.setUint16(at, ((this.bytes[at]! << 8) | this.bytes[at + 1]!) + 1);
  }

  private fits(size: number): boolean {
    if (!this.overflowed && this.size + size > this.limit) this.overflowed = true;
    return !this.overflowed;
  }
}

/** The fixed part of a record. */
export interface RecordToWrite {
  readonly owner: DomainName;
  readonly type: number;
  /** IN unless told. */
  readonly class?: number;
  readonly ttlSeconds: number;
}

/** Octets of an OPT record. */
export function optBytes(edns: Edns): number {
  let size = optFixedBytes;
  for (const option of edns.options) size += 4 + option.octets.length;
  return size;
}

const optFixedBytes = 11;
