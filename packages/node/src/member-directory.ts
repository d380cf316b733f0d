/**
 * The directory as the API asks for it: the replica answers, and for ownership entries the mesh asks
 * the other members. This is the only place where the two meet.
 */
import type {
  DirectoryPort,
  EntryState,
  EntrySubmission,
  MemberAgreement,
  SubmittedEntry,
} from '@callbook/api';
import {
  accept,
  challengedMin,
  entryId,
  parseEntry,
  quorumOf,
  quorumTime,
} from '@callbook/protocol';
import type {
  Charter,
  Cryptography,
  Entry,
  LeafMention,
  LeafRole,
  Receipt,
  Verdict,
} from '@callbook/protocol';
import type { LogSubmission, Mesh, Replica } from '@callbook/replication';
import type { OutsideWitnesses } from './outside-witnesses.ts';

export interface MemberDirectoryParts {
  readonly replica: Replica;
  readonly mesh: Mesh;
  readonly crypto: Cryptography;
  readonly witnesses?: OutsideWitnesses;
  /** Reasons of other parts not to be ready. */
  readonly troubles: () => readonly string[];
}

/** Joins a replica and its mesh to what the API needs. */
export function createMemberDirectory(parts: MemberDirectoryParts): DirectoryPort {
  const { replica } = parts;
  return {
    label: (identifier) => replica.label(identifier),
    emailCommitment: (of) => replica.emailCommitment(of),
    emailForRequests: (identifier) => replica.emailForRequests(identifier),
    ownershipOf: (id) => replica.ownershipOf(id),
    holderOf: (id) => replica.holderOf(id),
    nextClaim: (label, authority) => replica.nextClaim(label, authority),
    submit: async (submission) => await submit(submission, parts),
    entryState: (id) => entryStateFor(id, replica),
    lookup: (identifier, scope) => replica.bindings.byIdentifier(identifier, scope),
    entryInForce: (digits, scope) => replica.bindings.entryOfNumber(digits, scope),
    prove: async (identifiers) => await replica.proveIdentifiers(identifiers),
    charterNote: charterNoteOf(replica),
    checkpoint: (origin) => checkpointFor(origin, parts),
    cosign: async (request) => await replica.cosigning.cosign(request),
    tile: (coordinates) => replica.tile(coordinates),
    evidence: () => replica.evidence.all(),
    noteEvidence: async (bytes) => await replica.evidence.note(bytes),
    agreement: () => agreementOf(replica),
    indexRoot: () => replica.indexRoot,
    readiness: () => readinessOf(parts),
  };
}

function agreementOf(replica: Replica): MemberAgreement {
  const { agreed, roots } = replica.cosigning;
  const logs = replica.logSizes().map(({ origin, size }) => {
    const tree = agreed.tree(origin);
    const agreedAtMs = (tree?.timestampSeconds ?? 0) * 1000;
    return { origin, size, agreedSize: tree?.size ?? 0, agreedAtMs };
  });
  const same = roots.agreements().map(({ memberName, root, atMs, sizes }) => {
    return { member: memberName, root, atMs, logs: sizes };
  });
  return { logs, roots: same };
}

/** The newest agreed checkpoint; the newest signed one while no quorum has cosigned any. */
function checkpointFor(
  origin: string,
  { replica, witnesses }: MemberDirectoryParts,
): string | undefined {
  const agreed = replica.agreedCheckpoint(origin);
  const served = origin === replica.origin && witnesses ? witnesses.served(agreed) : agreed;
  return served ?? replica.checkpoint(origin);
}

/** Charters in force; one that waits for its time is nobody's business but the members'. */
function charterNoteOf(replica: Replica): DirectoryPort['charterNote'] {
  function charterNote(): string;
  function charterNote(version: number): string | undefined;
  function charterNote(version?: number): string | undefined {
    const { charters } = replica.membership;
    return version === undefined ? charters.current.note : charters.all[version - 1]?.note;
  }
  return charterNote;
}

async function submit(
  submission: EntrySubmission,
  parts: MemberDirectoryParts,
): Promise<Verdict<SubmittedEntry>> {
  const parsed = parseEntry(submission.entry);
  if (parsed.verdict !== 'accept') return parsed;
  const { replica } = parts;
  const { charter } = replica.membership.charters.current;
  const brought = provenLeaves(submission, submission.receipts, parts);
  const { identifier } = submission;
  const logged = await replica.log({
    entry: submission.entry,
    role: roleHere(parsed.value, submission.role, charter),
    ...(identifier && { identifier }),
    receipted: brought.map(({ mention }) => mention),
    ...openedOf(submission),
  });
  // A quorum that leaves this member out has logged it: its receipts say so.
  const isElsewhere = logged.verdict !== 'accept' && logged.code === 'entry_complete';
  if (logged.verdict !== 'accept' && !isElsewhere) return logged;
  const receipts = brought.map(({ receipt }) => receipt);
  if (logged.verdict === 'accept') receipts.unshift(logged.value);
  if (needsQuorum(parsed.value)) {
    const { kind } = parsed.value;
    if (!isElsewhere) receipts.push(...(await askOthers({ submission, kind }, receipts, parts)));
    receipts.push(...mirrored(submission, receipts, parts));
  }
  if (receipts.length === 0 && logged.verdict !== 'accept') return logged;
  return accept(submittedEntry(submission, { entry: parsed.value, receipts }, parts));
}

/**
 * Asks the other members for what is missing to a quorum; stops waiting once it is there. While fewer
 * have challenged the entry than it needs, they would all refuse: whoever brings the last challenge asks.
 */
async function askOthers(
  { submission, kind }: { readonly submission: EntrySubmission; readonly kind: Entry['kind'] },
  receipts: readonly Receipt[],
  parts: MemberDirectoryParts,
): Promise<Receipt[]> {
  if (!isChallengedEnough({ submission, kind }, receipts, parts)) return [];
  const { mesh, replica } = parts;
  const { entry } = submission;
  // Of a commit some may have come too early; of all else each is of a leaf that counts.
  const shown =
    kind === 'commit'
      ? counted(provenLeaves(submission, receipts, parts), { entry, kind }, replica)
      : receipts;
  const missing = quorumOf(replica.membership.charters.current.charter) - shown.length;
  return await mesh.notarise({ entry, receipts, ...openedOf(submission) }, missing);
}

function isChallengedEnough(
  { submission, kind }: { readonly submission: EntrySubmission; readonly kind: Entry['kind'] },
  receipts: readonly Receipt[],
  parts: MemberDirectoryParts,
): boolean {
  const { replica, crypto } = parts;
  const needed = challengedMin(replica.membership.charters.current.charter, kind);
  if (needed <= 1) return true;
  const shown = provenLeaves(submission, receipts, parts).map(({ mention }) => mention);
  const seen = replica.entryState(entryId(submission.entry, crypto))?.leaves ?? [];
  const challenged = [...shown, ...seen].filter(({ role }) => role === 'challenged');
  return new Set(challenged.map(({ origin }) => origin)).size >= needed;
}

/** Receipts of members that have logged the entry and have not answered, as long as some are missing. */
function mirrored(
  { entry }: EntrySubmission,
  receipts: readonly Receipt[],
  { replica, crypto }: MemberDirectoryParts,
): Receipt[] {
  const origins = new Set(receipts.map(({ origin }) => origin));
  if (origins.size >= quorumOf(replica.membership.charters.current.charter)) return [];
  const known = replica.receiptsOf(entryId(entry, crypto));
  return known.filter(({ origin }) => !origins.has(origin));
}

/** Receipts that a client brings count when they prove a leaf of this very entry; others do not. */
function provenLeaves(
  { entry }: EntrySubmission,
  receipts: readonly Receipt[],
  { replica }: MemberDirectoryParts,
): { readonly receipt: Receipt; readonly mention: LeafMention }[] {
  return receipts.flatMap((receipt) => {
    const verdict = replica.receipted(entry, receipt);
    return verdict.verdict === 'accept' ? [{ receipt, mention: verdict.value }] : [];
  });
}

/** Leaves of a commit from before the end of its hold make it complete nowhere. */
function counted<Shown extends { readonly mention: LeafMention }>(
  leaves: readonly Shown[],
  { entry, kind }: { readonly entry: Uint8Array; readonly kind: Entry['kind'] },
  replica: Replica,
): readonly Shown[] {
  const parsed = kind === 'commit' ? parseEntry(entry) : undefined;
  if (parsed?.verdict !== 'accept') return leaves;
  const fromMs = replica.countsFromMs(parsed.value);
  return leaves.filter(({ mention }) => mention.at >= fromMs);
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

function openedOf({ payload, opening }: EntrySubmission): Pick<LogSubmission, 'opened'> {
  return payload === undefined || opening === undefined ? {} : { opened: { payload, opening } };
}

/**
 * What the receipts in hand come to, together with the leaves this member has seen: those of other
 * members need not have been replicated yet.
 */
function submittedEntry(
  submission: EntrySubmission,
  { entry, receipts }: { readonly entry: Entry; readonly receipts: readonly Receipt[] },
  parts: MemberDirectoryParts,
): SubmittedEntry {
  const { replica, crypto } = parts;
  const { charters } = replica.membership;
  const id = entryId(submission.entry, crypto);
  const shown = { entry: submission.entry, kind: entry.kind };
  const proven = counted(provenLeaves(submission, receipts, parts), shown, replica);
  const mentions = proven.map(({ mention }) => mention);
  const timeMs = needsQuorum(entry)
    ? (replica.entryState(id)?.timeMs ?? quorumTime(entry.kind, mentions, charters) ?? null)
    : null;
  const byOrigin = new Map(receipts.map((receipt) => [receipt.origin, receipt]));
  return {
    entryId: id,
    complete: !needsQuorum(entry) || timeMs !== null,
    quorum: needsQuorum(entry) ? quorumOf(charters.current.charter) : 1,
    receipts: [...byOrigin.values()],
    timeMs,
  };
}

function entryStateFor(id: Uint8Array, replica: Replica): EntryState | undefined {
  const state = replica.entryState(id);
  if (state === undefined) return undefined;
  const { inForce, timeMs, erasedAtMs, epoch, pending } = state;
  const leaves = state.leaves.map(({ origin, index, at, role }) => ({
    origin,
    index,
    at,
    role: role as Exclude<LeafRole, 'charter'>,
  }));
  return {
    complete: state.state === 'complete',
    inForce,
    timeMs,
    erasedAtMs,
    epoch,
    pending,
    leaves,
  };
}

function readinessOf(parts: MemberDirectoryParts): ReturnType<DirectoryPort['readiness']> {
  const { replica, troubles } = parts;
  const { state } = replica.ownLog;
  const reasons = [
    ...(replica.failure === undefined ? [] : ['store_failed']),
    ...(state === 'confirmed' ? [] : [`own_log_${state}`]),
    ...(replica.ownLog.lacksLeaves ? ['own_log_leaves_missing'] : []),
    ...troubles(),
  ];
  return { ready: reasons.length === 0, reasons };
}
