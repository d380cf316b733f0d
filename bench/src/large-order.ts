/** Positions in the order of some bytes of theirs: a store is written in the order of its keys. */

const digitBits = 16;
const digitValues: number = 1 << digitBits;
/** Bytes of a key that are sorted by; the few keys that begin alike are compared as a whole. */
const prefixBytes = 6;

/** Returns 0 to `count` - 1 in the order of their keys, which have six bytes or more. */
export function orderOf(count: number, keyOf: (position: number) => Uint8Array): Uint32Array {
  const prefixes = new Float64Array(count);
  for (let position = 0; position < count; position += 1)
    prefixes[position] = prefixOf(keyOf(position));
  let order = Uint32Array.from({ length: count }, (_nothing, position) => position);
  for (let digit = 0; digit < (prefixBytes * 8) / digitBits; digit += 1) {
    order = sortedByDigit(order, prefixes, digitValues ** digit);
  }
  settleTies(order, prefixes, keyOf);
  return order;
}

function prefixOf(key: Uint8Array): number {
  let prefix = 0;
  for (let at = 0; at < prefixBytes; at += 1) prefix = prefix * 256 + key[at]!;
  return prefix;
}

/** One pass of a radix sort, least digit first; what is equal keeps its order. */
function sortedByDigit(
  order: Uint32Array<ArrayBuffer>,
  prefixes: Float64Array,
  unit: number,
): Uint32Array<ArrayBuffer> {
  const digitOf = (position: number): number =>
    Math.floor(prefixes[position]! / unit) % digitValues;
  const starts = new Uint32Array(digitValues + 1);
  for (const position of order) starts[digitOf(position) + 1]! += 1;
  for (let digit = 0; digit < digitValues; digit += 1) starts[digit + 1]! += starts[digit]!;
  const sorted = new Uint32Array(order.length);
  for (const position of order) sorted[starts[digitOf(position)]!++] = position;
  return sorted;
}

function settleTies(
  order: Uint32Array,
  prefixes: Float64Array,
  keyOf: (position: number) => Uint8Array,
): void {
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && prefixes[order[end]!] === prefixes[order[start]!]) end += 1;
    if (end - start > 1) {
      // Copies: keys may share their memory.
      const keys = new Map(
        Array.from(order.subarray(start, end), (position) => [
          position,
          Buffer.from(keyOf(position)),
        ]),
      );
      order.subarray(start, end).sort((a, b) => Buffer.compare(keys.get(a)!, keys.get(b)!));
    }
    start = end;
  }
}
