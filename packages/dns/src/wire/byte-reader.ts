/**
 * A bounded cursor over a message. It never throws: the first thing that does not fit is kept as
 * `problem`, the cursor moves to its end, and every later read gives zeros. Callers check `problem`
 * once in each loop and at the end.
 */
import { DomainName, nameBytesMax, rootName } from './names.ts';

/** More jumps than a name can have labels are refused, so that chains of pointers cost nothing. */
const pointerJumpsMax = 127;

/** Where a name is put together; copied from at once, so one is enough for all readers. */
const scratch = new Uint8Array(nameBytesMax);

export class ByteReader {
  readonly bytes: Uint8Array;
  /** What was found to be wrong first, then the limit. */
  problem: string | undefined;
  private at: number;
  private end: number;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.problem = undefined;
    this.at = 0;
    this.end = bytes.length;
  }

  get offset(): number {
    return this.at;
  }

  get remaining(): number {
    return this.end - this.at;
  }

  fail(problem: string): void {
    this.problem ??= problem;
    this.at = this.end;
  }

  uint8(): number {
    if (this.at + 1 > this.end) return this.short();
    this.at += 1;
    return this.bytes[this.at - 1]!;
  }

  uint16(): number {
    if (this.at + 2 > this.end) return this.short();
    this.at += 2;
    return (this.bytes[this.at - 2]! << 8) | this.bytes[this.at - 1]!;
  }

  uint32(): number {
    return this.uint16() * 0x10000 + this.uint16();
  }

  /** Copies the next `size` octets. */
  octets(size: number): Uint8Array {
    if (this.at + size > this.end) {
      this.short();
      return new Uint8Array(0);
    }
    this.at += size;
    // Not `slice`, which is a view of the same memory when a Buffer came in.
    return new Uint8Array(this.bytes.subarray(this.at - size, this.at));
  }

  /** Copies all octets that are left. */
  rest(): Uint8Array {
    return this.octets(this.remaining);
  }

  /** Reads a character-string (RFC 1035 §3.3): a length octet and as many octets. */
  characterString(): Uint8Array {
    return this.octets(this.uint8());
  }

  /** Narrows the cursor to the next `size` octets; returns the end to give back to `widen`. */
  narrow(size: number): number {
    const outer = this.end;
    if (this.at + size > outer) this.short();
    else this.end = this.at + size;
    return outer;
  }

  /** Ends a `narrow`: everything in it must have been read. */
  widen(outer: number): void {
    if (this.at !== this.end) this.fail('RDATA is longer than its type allows');
    this.end = outer;
    if (this.problem !== undefined) this.at = outer;
  }

  /**
   * Reads a name, following compression pointers. RFC 1035 §4.1.4: a pointer names "a prior
   * occurrance of the same name"; each must point before the place it stands at, or before the one
   * that led to it, so that no chain can loop.
   */
  name(): DomainName {
    const { bytes } = this;
    let size = 0;
    let from = this.at;
    let limit = this.end;
    let after = -1;
    let earliest = this.at;
    for (let jumps = 0; from < limit;) {
      const length = bytes[from]!;
      if (length >= 0xc0) {
        const target = from + 1 < limit ? ((length & 0x3f) << 8) | bytes[from + 1]! : from;
        if (target >= earliest || jumps === pointerJumpsMax) break;
        if (after < 0) after = from + 2;
        jumps += 1;
        from = target;
        earliest = target;
        limit = bytes.length;
      } else {
        if (length > 63 || size + length + 1 > nameBytesMax || from + 1 + length > limit) break;
        for (let index = 0; index <= length; index += 1)
          scratch[size + index] = bytes[from + index]!;
        size += length + 1;
        from += length + 1;
        if (length > 0) continue;
        this.at = after < 0 ? from : after;
        return size === 1 ? rootName : new DomainName(scratch.slice(0, size));
      }
    }
    this.fail('a name is cut off, over 255 octets, or points forward');
    return rootName;
  }

  private short(): number {
    this.fail('the message ends inside a field');
    return 0;
  }
}
