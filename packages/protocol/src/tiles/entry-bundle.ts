/**
 * Entry bundles (C2SP tlog-tiles): up to 256 leaves, each behind its length in two bytes, big endian.
 * Leaves are bounded at 2048 bytes here, where the format would carry 65 535.
 */
import { assert } from '../assert.ts';
import { leafBytesMax } from '../limits.ts';
import { accept, reject } from '../verdict.ts';
import type { Refusal, Verdict } from '../verdict.ts';
import { tileWidthMax } from './tile-path.ts';

const lengthBytes = 2;

/** Encodes 1 to 256 leaves of at most 2048 bytes. */
export function encodeEntryBundle(leaves: readonly Uint8Array[]): Uint8Array {
  assert(leaves.length >= 1 && leaves.length <= tileWidthMax, 'a bundle has 1 to 256 leaves');
  let size = 0;
  for (const leaf of leaves) {
    assert(leaf.length <= leafBytesMax, `a leaf has at most ${leafBytesMax} bytes`);
    size += lengthBytes + leaf.length;
  }
  const bundle = new Uint8Array(size);
  let offset = 0;
  for (const leaf of leaves) {
    bundle[offset] = leaf.length >> 8;
    bundle[offset + 1] = leaf.length & 0xff;
    bundle.set(leaf, offset + lengthBytes);
    offset += lengthBytes + leaf.length;
  }
  return bundle;
}

/** Parses a bundle into its leaves; the caller compares their number with the width it asked for. */
export function parseEntryBundle(bytes: Uint8Array): Verdict<Uint8Array[]> {
  const leaves: Uint8Array[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    if (leaves.length === tileWidthMax) return malformed(`more than ${tileWidthMax} leaves`);
    if (offset + lengthBytes > bytes.length) return malformed('half a length');
    const size = (bytes[offset]! << 8) | bytes[offset + 1]!;
    offset += lengthBytes;
    if (size > leafBytesMax) return malformed(`a leaf of ${size} bytes, at most ${leafBytesMax}`);
    if (offset + size > bytes.length) return malformed('a leaf shorter than its length');
    leaves.push(bytes.slice(offset, offset + size));
    offset += size;
  }
  // "Empty tiles MUST NOT be served."
  return leaves.length === 0 ? malformed('no leaf') : accept(leaves);
}

function malformed(found: string): Refusal {
  return reject('bundle_malformed', `entry bundle has ${found}`);
}
