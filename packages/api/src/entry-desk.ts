/**
 * Takes an entry from a client to the directory: checks what needs no directory, finds out whether
 * this member's own challenge stands behind it, and says so by the role.
 *
 * A passed challenge serves one entry, of the identifier and authority key it was made for. Sent
 * again, an entry that this member knows needs no challenge any more: the answer to a retry does
 * not depend on how long the retry took.
 */
import { entryId, verifyEntry } from '@callbook/protocol';
import type { Entry, EntryKind, Receipt } from '@callbook/protocol';
import type { ApiContext } from './api-scope.ts';
import { ApiError } from './errors.ts';
import type { EntrySubmission, SubmittedEntry } from './ports.ts';
import { RefusedEntry } from './problem.ts';

export interface ClientSubmission {
  readonly entry: Uint8Array;
  readonly payload?: Uint8Array;
  readonly opening?: Uint8Array;
  readonly challengeId: string | undefined;
  readonly receipts: readonly Receipt[];
}

/** Which kinds a challenge belongs to; for the others it is left alone. */
const challengeUse: Record<EntryKind, 'required' | 'optional' | 'unused'> = {
  register: 'required',
  request: 'required',
  commit: 'required',
  veto: 'optional',
  rotate: 'unused',
  release: 'unused',
  update: 'unused',
};

/**
 * Submits an entry. Throws `RefusedEntry` with the verdict's code, or the `challenge_…` codes of
 * docs/spec/api.md.
 */
export async function submitEntry(
  submission: ClientSubmission,
  context: ApiContext,
): Promise<SubmittedEntry> {
  const verified = verifyEntry(submission.entry, context.crypto);
  if (verified.verdict !== 'accept') throw new RefusedEntry(verified);
  const id = entryId(submission.entry, context.crypto);
  const { challengeId, ...rest } = submission;
  const hasReceipts = rest.receipts.length > 0;
  const role = roleOf({ entry: verified.value, id, challengeId, hasReceipts }, context);
  return logEntry({ ...rest, role }, { id, challengeId }, context);
}

async function logEntry(
  submission: EntrySubmission,
  { id, challengeId }: { readonly id: Uint8Array; readonly challengeId: string | undefined },
  { directory, desk }: ApiContext,
): Promise<SubmittedEntry> {
  const verdict = await directory.submit(submission);
  if (verdict.verdict === 'accept') return verdict.value;
  // Refused means not logged, so the claimant may mend the entry without a second code. When
  // `submit` throws instead, a leaf may exist: the challenge stays with its entry.
  if (challengeId !== undefined) desk.unclaim(challengeId, id);
  throw new RefusedEntry(verdict);
}

interface JudgedEntry {
  readonly entry: Entry;
  readonly id: Uint8Array;
  readonly challengeId: string | undefined;
  readonly hasReceipts: boolean;
}

function roleOf(judged: JudgedEntry, context: ApiContext): EntrySubmission['role'] {
  const use = challengeUse[judged.entry.kind];
  if (use === 'unused' || (use === 'optional' && judged.challengeId === undefined)) {
    return 'received';
  }
  // Other members have challenged it and their receipts show it: the rules of admission judge
  // whether this member may witness it.
  if (judged.challengeId === undefined && judged.hasReceipts) return 'received';
  try {
    useChallenge(judged, context);
    return 'challenged';
  } catch (error) {
    if (context.directory.entryState(judged.id) !== undefined) return 'received';
    throw error;
  }
}

function useChallenge({ entry, id, challengeId }: JudgedEntry, context: ApiContext): void {
  if (challengeId === undefined) throw new ApiError('challenge_required');
  const { identifier, authority } = context.desk.claim(challengeId, id);
  const { labelEpoch, label } = context.directory.label(identifier);
  const isMadeForIt =
    entry.labelEpoch === labelEpoch &&
    entry.label.toHex() === label.toHex() &&
    entry.authority.toHex() === authority.toHex();
  if (isMadeForIt) return;
  context.desk.unclaim(challengeId, id);
  throw new ApiError('challenge_mismatch');
}
