/**
 * Takes an entry from a client to the directory: checks what needs no directory, finds out whether
 * this member's own challenge stands behind it, and says so by the role. Behind a request of class
 * `email` stand two: that of the identifier and that of the e-mail address which the binding in force
 * commits to.
 *
 * A passed challenge serves one entry, of the identifier and authority key it was made for. Sent
 * again, an entry that this member knows needs no challenge any more: the answer to a retry does
 * not depend on how long the retry took.
 */
import { bytesEqual, entryId, verifyEntry } from '@callbook/protocol';
import type { Entry, EntryKind, Identifier, Receipt } from '@callbook/protocol';
import type { ApiContext } from './api-scope.ts';
import { ApiError } from './errors.ts';
import type { EntrySubmission, SubmittedEntry } from './ports.ts';
import { RefusedEntry } from './problem.ts';

export interface ClientSubmission {
  readonly entry: Uint8Array;
  readonly payload?: Uint8Array;
  readonly opening?: Uint8Array;
  readonly challengeId: string | undefined;
  /** Challenge of the e-mail address, for a request of class `email`. */
  readonly emailChallengeId: string | undefined;
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
  const { challengeId, emailChallengeId, ...rest } = submission;
  const hasReceipts = rest.receipts.length > 0;
  const claimed = { id, challengeId, emailChallengeId };
  const judged = { ...claimed, entry: verified.value, hasReceipts };
  const { lost, ...shown } = challengeBehind(judged, context);
  return logEntry({ ...rest, ...shown }, { ...claimed, lost }, context);
}

/** An entry and the challenges that are to stand behind it. */
interface ClaimedChallenges {
  readonly id: Uint8Array;
  readonly challengeId: string | undefined;
  readonly emailChallengeId: string | undefined;
}

async function logEntry(
  submission: EntrySubmission,
  claimed: ClaimedChallenges & Pick<Shown, 'lost'>,
  context: ApiContext,
): Promise<SubmittedEntry> {
  const verdict = await context.directory.submit(submission);
  if (verdict.verdict === 'accept') return verdict.value;
  // Refused means not logged, so the claimant may mend the entry without a second code. When
  // `submit` throws instead, a leaf may exist: the challenge stays with its entry.
  unclaim(claimed, context);
  // What is missing is this member's own challenge: the claimant has to be told to pass another.
  if (claimed.lost !== undefined && verdict.code === 'challenged_leaves_missing')
    throw claimed.lost;
  throw new RefusedEntry(verdict);
}

function unclaim(
  { id, challengeId, emailChallengeId }: ClaimedChallenges,
  { desk }: ApiContext,
): void {
  for (const claimedId of [challengeId, emailChallengeId]) {
    if (claimedId !== undefined) desk.unclaim(claimedId, id);
  }
}

interface JudgedEntry extends ClaimedChallenges {
  readonly entry: Entry;
  readonly hasReceipts: boolean;
}

interface Shown extends Pick<EntrySubmission, 'role' | 'identifier'> {
  /** Why the challenge that was named is worth nothing, where the entry may do without. */
  readonly lost?: ApiError | undefined;
}

function challengeBehind(judged: JudgedEntry, context: ApiContext): Shown {
  const use = challengeUse[judged.entry.kind];
  if (use === 'unused' || (use === 'optional' && judged.challengeId === undefined)) {
    return { role: 'received' };
  }
  // Other members have challenged it and their receipts show it: the rules of admission judge
  // whether this member may witness it.
  const lacksChallenge =
    judged.challengeId === undefined || (needsEmail(judged) && !judged.emailChallengeId);
  if (lacksChallenge && judged.hasReceipts) return { role: 'received' };
  try {
    return { role: 'challenged', identifier: useChallenges(judged, context) };
  } catch (error) {
    if (!(error instanceof ApiError) || context.directory.entryState(judged.id) === undefined) {
      throw error;
    }
    return { role: 'received', lost: error };
  }
}

function needsEmail({ entry }: JudgedEntry): boolean {
  return entry.kind === 'request' && entry.class === 'email';
}

/** Binds the challenges to the entry once they are known to be made for it; of which identifier. */
function useChallenges(judged: JudgedEntry, context: ApiContext): Identifier {
  const { challengeId, emailChallengeId, id } = judged;
  if (challengeId === undefined) throw new ApiError('challenge_required');
  const identifier = assertMadeFor(judged, challengeId, context);
  const used = [challengeId];
  if (needsEmail(judged)) {
    if (emailChallengeId === undefined) throw new ApiError('email_challenge_required');
    assertEmailOf(judged, { emailChallengeId, identifier }, context);
    used.push(emailChallengeId);
  }
  context.desk.claim(used, id);
  return identifier;
}

/** Returns the identifier that the challenge was of. */
function assertMadeFor(
  { entry }: JudgedEntry,
  challengeId: string,
  { desk, directory }: ApiContext,
): Identifier {
  const { identifier, authority, told } = desk.passed(challengeId);
  const { labelEpoch, label } = told ?? directory.label(identifier);
  const isMadeForIt =
    entry.labelEpoch === labelEpoch &&
    bytesEqual(entry.label, label) &&
    bytesEqual(entry.authority, authority);
  if (!isMadeForIt) throw new ApiError('challenge_mismatch');
  return identifier;
}

function assertEmailOf(
  { entry }: JudgedEntry,
  given: { readonly emailChallengeId: string; readonly identifier: Identifier },
  { desk, directory }: ApiContext,
): void {
  const { identifier } = given;
  const { identifier: email, authority } = desk.passed(given.emailChallengeId);
  if (!isEmail(email) || !bytesEqual(authority, entry.authority)) {
    throw new ApiError('challenge_mismatch');
  }
  const expected = directory.emailForRequests(identifier);
  // Where nothing is committed to, the class is refused by the rules of admission.
  if (expected === null) return;
  const { commitment } = directory.emailCommitment({ identifier, email });
  if (!bytesEqual(commitment, expected)) throw new ApiError('email_mismatch');
}

export function isEmail(identifier: Identifier): boolean {
  return identifier.startsWith('mailto:');
}
