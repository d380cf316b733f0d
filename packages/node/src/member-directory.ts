/**
 * The directory as the API asks for it: the replica answers, and for ownership entries the mesh asks
 * the other members. This is the only place where the two meet.
 */
import type { DirectoryPort, EntryState, EntrySubmission, SubmittedEntry } from '@callbook/api';
import { accept, challengedMin, entryId, parseEntry, quorumOf } from '@callbook/protocol';
import type { Charter, Cryptography, Entry, LeafRole, Receipt, Verdict } from '@callbook/protocol';
import type { Mesh, Replica } from '@callbook/replication';

export interface MemberDirectoryParts {
  readonly replica: Replica;
  readonly mesh: Mesh;
  readonly crypto: Cryptography;
}

/** Joins a replica and its mesh to what the API needs. */
export function createMemberDirectory(parts: MemberDirectoryParts): DirectoryPort {
  const { replica } = parts;
  return {
    label: (identifier) => replica.label(identifier),
    nextClaim: (identifier) => replica.nextClaim(identifier),
    submit: async (submission) => await submit(submission, parts),
    entryState: (id) => entryStateFor(id, replica),
    lookup: (identifier) => replica.bindings.byIdentifier(identifier),
    charterNote: () => replica.membership.charters.current.note,
    checkpoint: (origin) => replica.checkpoint(origin),
    tile: (coordinates) => replica.tile(coordinates),
    readiness: () => readinessOf(replica),
  };
}

async function submit(
  submission: EntrySubmission,
  { replica, mesh, crypto }: MemberDirectoryParts,
): Promise<Verdict<SubmittedEntry>> {
  const parsed = parseEntry(submission.entry);
  if (parsed.verdict !== 'accept') return parsed;
  const { charter } = replica.membership.charters.current;
  const opened = openedOf(submission);
  const proven = mesh.verifyReceipts(submission.receipts, submission.entry);
  const logged = await replica.log({
    entry: submission.entry,
    role: roleHere(parsed.value, submission.role, charter),
    receipted: proven.map(({ mention }) => mention),
    ...(opened && { opened }),
  });
  if (logged.verdict !== 'accept') return logged;
  const receipts = [logged.value, ...proven.map(({ receipt }) => receipt)];
  const asked = needsQuorum(parsed.value)
    ? await mesh.notarise({ entry: submission.entry, receipts, ...(opened && { opened }) })
    : receipts;
  return accept(submittedEntry(entryId(submission.entry, crypto), asked, replica));
}

/**
 * Without a challenge of its own this member can still witness what needs challenges: the rules of
 * admission want to see the challenged leaves then.
 */
function roleHere(entry: Entry, role: EntrySubmission['role'], charter: Charter): LeafRole {
  return role === 'received' && challengedMin(charter, entry.kind) > 0 ? 'witnessed' : role;
}

function needsQuorum({ kind }: Entry): boolean {
  return kind !== 'update';
}

function openedOf({
  payload,
  opening,
}: EntrySubmission): { payload: Uint8Array; opening: Uint8Array } | undefined {
  return payload === undefined || opening === undefined ? undefined : { payload, opening };
}

function submittedEntry(
  id: Uint8Array,
  receipts: readonly Receipt[],
  replica: Replica,
): SubmittedEntry {
  const state = replica.entryState(id);
  return {
    entryId: id,
    complete: state?.state === 'complete',
    quorum: quorumOf(replica.membership.charters.current.charter),
    receipts,
    timeMs: state?.timeMs ?? null,
  };
}

function entryStateFor(id: Uint8Array, replica: Replica): EntryState | undefined {
  const state = replica.entryState(id);
  if (state === undefined) return undefined;
  const { inForce, timeMs } = state;
  const leaves = state.leaves.map(({ origin, index, at, role }) => ({
    origin,
    index,
    at,
    role: role as Exclude<LeafRole, 'charter'>,
  }));
  return { complete: state.state === 'complete', inForce, timeMs, leaves };
}

function readinessOf(replica: Replica): ReturnType<DirectoryPort['readiness']> {
  const reasons = replica.failure === undefined ? [] : ['store_failed'];
  return { ready: reasons.length === 0, reasons };
}
