/**
 * Whom a file belongs to that a command writes. Root writes into folders of the member's user, and what root
 * made there the member could not read; so it is given away. Any other user writes as itself.
 */
import { chown, stat } from 'node:fs/promises';

export interface FileOwner {
  readonly uid: number;
  readonly gid: number;
}

/** The owner of the first of these paths that is there, for root; undefined where nothing is to be given away. */
export async function ownerToGiveTo(paths: readonly string[]): Promise<FileOwner | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined) return { uid: found.uid, gid: found.gid };
  }
  return undefined;
}

/** Gives a file or folder to its owner; does nothing without one. */
export async function giveAway(path: string, owner: FileOwner | undefined): Promise<void> {
  if (owner !== undefined) await chown(path, owner.uid, owner.gid);
}
