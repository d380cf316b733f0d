/**
 * Who writes to the shared database, by its position row: a writer that lives changes it every second, and
 * one that has ended in order has put nobody in its place. By this process's own clock alone.
 */
import type { Scheduler } from '../scheduler.ts';
import { sharedDescriptionKey, sharedPositionKey } from '../store/row-keys.ts';
import type { RowStore } from '../store/store.ts';
import { parseSharedPosition, sharedIdBytes } from './shared-position.ts';
import type { SharedPosition } from './shared-position.ts';

/** Writer of a database whose writer has ended. */
export const noWriter: Uint8Array = new Uint8Array(sharedIdBytes);

type Readable = Pick<RowStore, 'get'>;

/** Reads the position; undefined where nobody has written any. Errors: `shared_store_foreign`. */
export async function readSharedPosition(shared: Readable): Promise<SharedPosition | undefined> {
  const row = await shared.get(sharedPositionKey());
  return row === undefined || row.length === 0 ? undefined : parseSharedPosition(row);
}

/** Reads what the writer has said of its member; undefined where it has not yet. */
export async function readSharedDescription(shared: Readable): Promise<Uint8Array | undefined> {
  return await shared.get(sharedDescriptionKey());
}

/** Whether the writer of a position that was read shows a sign of life, looking for so long. */
export async function showsLife(
  shared: Readable,
  found: SharedPosition,
  looking: { readonly scheduler: Scheduler; readonly forMs: number; readonly signal?: AbortSignal },
): Promise<boolean> {
  const { scheduler, forMs, signal } = looking;
  for (let look = 1; look <= looks; look += 1) {
    await scheduler.delay(forMs / looks, signal);
    if (signal?.aborted === true) break;
    const later = await readSharedPosition(shared);
    if (later !== undefined && (later.beat !== found.beat || later.term !== found.term))
      return true;
  }
  return false;
}

const looks = 10;
