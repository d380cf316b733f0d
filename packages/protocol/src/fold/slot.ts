/**
 * Slots: of the entries that exclude each other, one place. {register, commit} of one epoch, and
 * {rotate, release} with one `prev`. Rule 2 of the fold picks a winner; a member waits before it logs
 * a competitor; two leaves of one member too close together are evidence.
 */
import { bytesEqual } from '../bytes.ts';
import type { Entry } from '../entry.ts';

/** Tells whether two entries of one label claim the same slot. */
export function sameSlot(a: Entry, b: Entry): boolean {
  if (opensEpoch(a) && opensEpoch(b)) return a.epoch === b.epoch;
  return succeeds(a) && succeeds(b) && bytesEqual(a.prev!, b.prev!);
}

function opensEpoch({ kind }: Entry): boolean {
  return kind === 'register' || kind === 'commit';
}

function succeeds({ kind }: Entry): boolean {
  return kind === 'rotate' || kind === 'release';
}
