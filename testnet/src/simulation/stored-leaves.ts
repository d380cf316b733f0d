/** Reads what a member has of a log, at once and as it would serve it: under the newest checkpoint. */
import { parseCheckpoint, parseEntryBundle, parseNote, tileWidthMax } from '@callbook/protocol';
import type { Replica } from '@callbook/replication';

/** The leaves that the stored checkpoint covers. */
export function storedLeaves(replica: Replica, origin: string): Uint8Array[] {
  return leavesOf(replica, origin, signedSize(replica.checkpoint(origin)));
}

/** The first `size` leaves of a log, or as many as are stored. */
export function leavesOf(replica: Replica, origin: string, size: number): Uint8Array[] {
  const leaves: Uint8Array[] = [];
  while (leaves.length < size) {
    const index = leaves.length / tileWidthMax;
    const width = Math.min(tileWidthMax, size - leaves.length);
    const tile = replica.tile({ origin, level: 'entries', index, width });
    const bundle = tile === undefined ? undefined : parseEntryBundle(tile);
    if (bundle?.verdict !== 'accept') break;
    leaves.push(...bundle.value);
  }
  return leaves;
}

/** Leaves that a checkpoint covers; 0 where there is none. */
export function signedSize(note: string | undefined): number {
  const parsed = note === undefined ? undefined : parseNote(note);
  if (parsed?.verdict !== 'accept') return 0;
  const checkpoint = parseCheckpoint(parsed.value.text);
  return checkpoint.verdict === 'accept' ? checkpoint.value.size : 0;
}
