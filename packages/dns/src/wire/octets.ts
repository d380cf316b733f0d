/** Joining and ordering octet strings; browser-safe, hence not Node's Buffer. */

/** Returns one new octet string holding `parts` in order. */
export function joinOctets(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Orders octet strings as left-justified unsigned numbers; a prefix sorts first (RFC 4034 §6.3). */
export function compareOctets(left: Uint8Array, right: Uint8Array): number {
  const size = Math.min(left.length, right.length);
  for (let index = 0; index < size; index += 1)
    if (left[index] !== right[index]) return left[index]! - right[index]!;
  return left.length - right.length;
}

/** Big-endian 16 bits. */
export function uint16Octets(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value);
}

/** Big-endian 32 bits. */
export function uint32Octets(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

/** Writes big-endian 16 bits at `at`. */
export function writeUint16(octets: Uint8Array, at: number, value: number): void {
  octets[at] = value >> 8;
  octets[at + 1] = value;
}

/** Writes big-endian 32 bits at `at`. */
export function writeUint32(octets: Uint8Array, at: number, value: number): void {
  octets[at] = value >>> 24;
  octets[at + 1] = value >>> 16;
  octets[at + 2] = value >>> 8;
  octets[at + 3] = value;
}
