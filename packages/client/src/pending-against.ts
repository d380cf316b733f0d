/**
 * The requests to replace a holder, asked for by the entry that made the holder. Nobody has to know the
 * identifier for that: it also works where the holder has published nothing, and tells no member who asks.
 */
import type { PendingRequest } from '@callbook/protocol';
import type { DirectoryContext } from './directory-context.ts';
import { entryState } from './entry-state.ts';
import type { Holding } from './holding.ts';

/**
 * Returns what any member lists, since one that hides a request must not hide it from the holder. Throws
 * `directory_unavailable` when no member answered.
 */
export async function pendingAgainst(
  context: DirectoryContext,
  { ownershipId, epoch }: Pick<Holding, 'ownershipId' | 'epoch'>,
): Promise<PendingRequest[]> {
  const states = await entryState(context, ownershipId);
  const listed = states.flatMap((state) =>
    'pending' in state && state.epoch === epoch ? state.pending : [],
  );
  return [...new Map(listed.map((request) => [request.requestId.toHex(), request])).values()];
}
