/**
 * Short byte strings that share memory. A `Uint8Array` of its own is cheap only until native code asks
 * for its bytes: then the engine moves it out of its heap, into memory that is made, tracked and
 * collected piece by piece, which costs several microseconds for each. What goes to native code by the thousand
 * and is forgotten soon after, like rows of a store, is cut from slabs. Whoever keeps one for long keeps
 * its whole slab: copy it.
 */

/** What is longer gets memory of its own, so that little of a slab is left over. */
const sharedBytesMax = 8 * 1024;
const slabBytes = 64 * 1024;

let slab = new ArrayBuffer(slabBytes);
let taken = 0;

/** Returns fresh bytes, all zero, that share their memory with others. */
export function takeBytes(size: number): Uint8Array {
  if (size > sharedBytesMax) return new Uint8Array(size);
  if (taken + size > slabBytes) {
    slab = new ArrayBuffer(slabBytes);
    taken = 0;
  }
  const bytes = new Uint8Array(slab, taken, size);
  taken += size;
  return bytes;
}

/** Returns a copy for native code. */
export function slabCopy(bytes: Uint8Array): Uint8Array {
  const copy = takeBytes(bytes.length);
  copy.set(bytes);
  return copy;
}
