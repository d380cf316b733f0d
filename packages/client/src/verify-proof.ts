/**
 * What a member's proof proves, from the charter and the identifier alone: VRF proof → label, root of
 * the index ← an active member, over logs that a quorum has cosigned, index proof → root, state ←
 * entries, commitment → payload → what is published. Each step that fails has a code of its own.
 *
 * Left to one member's word is the fold of those logs. A member that signs a root which they do not
 * give is convicted by whoever replays them; the root is the evidence. How old the root is shows in
 * the times of the cosignatures, and in how many leaves the cosigned logs are ahead of it.
 */
import {
  activeMembers,
  bindingStateHash,
  bytesEqual,
  commitPayload,
  entryId,
  parseBase64,
  parsePayload,
  parseVerifierKey,
  verifyAgreedCheckpoint,
  verifyConsistency,
  verifyEntry,
  verifyIndexProof,
  verifyIndexRoot,
  verifyLabel,
  parseBase64Url,
  type Checkpoint,
  type Cryptography,
  type Entry,
  type Identifier,
  type IndexRoot,
  type IndexedState,
  type KnownCharter,
  type Payload,
} from '@callbook/protocol';
import { clientError, type ClientErrorCode } from './errors.ts';
import { clockSkewSecondsMax } from './limits.ts';
import type { AnsweredLog, IdentifierAnswer, ProofAnswer } from './proof-answer.ts';

/** What a proof is judged by. */
export interface ProofClaim {
  /** The charter in force. */
  readonly charter: KnownCharter;
  readonly identifier: Identifier;
  readonly crypto: Cryptography;
  /** Now, to tell whether the pause after a release is over. */
  readonly nowMs: number;
}

/** A log of the root, and the checkpoint that a quorum has cosigned of it. */
export interface ProvenLog {
  readonly origin: string;
  /** Leaves that the root was folded from. */
  readonly size: number;
  /** Leaves of the agreed checkpoint. */
  readonly agreedSize: number;
  /** A quorum has cosigned that checkpoint at this time or later; null for a log that has ended. */
  readonly agreedAtMs: number | null;
}

/** What is proven. */
export interface ProvenIdentifier {
  readonly identifier: Identifier;
  /**
   * `published`: held, with what is published; `unpublished`: held, and nothing is published or the
   * member does not have it; `absent`: nobody holds it.
   */
  readonly state: 'published' | 'unpublished' | 'absent';
  /** Name of the member that signed the root. */
  readonly member: string;
  readonly labelEpoch: number;
  /** 32 bytes. */
  readonly label: Uint8Array;
  /** As the index has it: of a binding whose release is over as well. */
  readonly binding: IndexedState | null;
  readonly payload: Pick<Payload, 'visibility' | 'routes' | 'keys'> | null;
  readonly logs: readonly ProvenLog[];
}

/**
 * Verifies a proof; throws `label_proof_invalid`, `proof_root_invalid`, `proof_charter_mismatch`,
 * `proof_not_agreed`, `proof_index_invalid`, `proof_entry_invalid`, `proof_payload_invalid` or
 * `clock_wrong`.
 */
export function verifyProof(answer: ProofAnswer, claim: ProofClaim): ProvenIdentifier {
  assertLabel(answer, claim);
  return verifyShown(answer, verifyRoot(answer, claim), claim);
}

/** A signed root of the index, over logs that are agreed. */
export interface ProvenRoot {
  /** Name of the member that signed it. */
  readonly member: string;
  readonly root: IndexRoot;
  readonly logs: readonly ProvenLog[];
}

/**
 * Verifies the part of an answer that is the same for every identifier: the root, and that its logs
 * are agreed. Throws `proof_root_invalid`, `proof_charter_mismatch`, `proof_not_agreed`, or
 * `clock_wrong` when a quorum has seen a time that is yet to come here.
 */
export function verifyRoot(
  answer: Pick<ProofAnswer, 'logs' | 'root'>,
  claim: Omit<ProofClaim, 'identifier'>,
): ProvenRoot {
  const { member, root } = verifiedRoot(answer, claim);
  const logs = agreedLogs(answer, root, claim);
  const latestMs = Math.max(0, ...logs.map(({ agreedAtMs }) => agreedAtMs ?? 0));
  // Among any quorum is an honest member, and its cosignature is not older than the agreed time.
  if (latestMs > claim.nowMs + clockSkewSecondsMax * 1000) {
    const behindSeconds = Math.round((latestMs - claim.nowMs) / 1000);
    throw clientError(
      'clock_wrong',
      `clock is ${behindSeconds} s behind what a quorum has signed`,
      {
        details: { behindSeconds },
      },
    );
  }
  return { member, root, logs };
}

/** Verifies one identifier's part of an answer, under a root that is proven. */
export function verifyIdentifier(
  answer: IdentifierAnswer,
  proven: ProvenRoot,
  claim: ProofClaim,
): ProvenIdentifier {
  assertLabel(answer, claim);
  return verifyShown(answer, proven, claim);
}

function verifyShown(
  answer: IdentifierAnswer,
  { member, root, logs }: ProvenRoot,
  claim: ProofClaim,
): ProvenIdentifier {
  const { identifier, crypto, nowMs } = claim;
  const { label, labelEpoch, state } = answer;
  const stateHash = state === null ? null : bindingStateHash(state, crypto);
  const proof = { root: root.root, label, stateHash, proof: answer.indexProof };
  if (verifyIndexProof(proof, crypto).verdict !== 'accept') {
    throw invalid('proof_index_invalid', 'index proof does not lead from the state to the root');
  }
  if (state === null) assertNothingShown(answer);
  else assertEntries(answer, state, crypto);
  const shown = state === null ? null : shownPayload(answer, state, claim);
  const proven = { identifier, member, labelEpoch, label, binding: state, logs };
  if (state === null || (state.endsAtMs !== null && state.endsAtMs <= nowMs)) {
    return { ...proven, state: 'absent', payload: null };
  }
  return { ...proven, state: shown === null ? 'unpublished' : 'published', payload: shown };
}

function assertLabel(answer: IdentifierAnswer, { charter, identifier, crypto }: ProofClaim): void {
  const { label, vrfProof } = answer;
  const vrfPublicKey = parseBase64Url(charter.charter.vrfPublicKey);
  const proven =
    vrfPublicKey !== undefined &&
    answer.labelEpoch === charter.charter.labelEpoch &&
    verifyLabel({ identifier, label, vrfProof, vrfPublicKey }, crypto);
  if (!proven) {
    throw invalid('label_proof_invalid', 'VRF proof does not give the label of the identifier');
  }
}

/** Finds the active member that signed the root. */
function verifiedRoot(
  { root: note }: Pick<ProofAnswer, 'root'>,
  { charter, crypto }: Omit<ProofClaim, 'identifier'>,
): { readonly member: string; readonly root: IndexRoot } {
  for (const { name, logKey } of activeMembers(charter.charter)) {
    const key = parseVerifierKey(logKey);
    if (key.verdict !== 'accept') continue;
    const root = verifyIndexRoot(note, key.value, crypto);
    if (root.verdict !== 'accept') continue;
    const { ruleset } = charter.charter;
    if (!bytesEqual(root.value.charter, charter.hash) || root.value.ruleset !== ruleset.number) {
      throw invalid('proof_charter_mismatch', 'root of the index is by another charter');
    }
    return { member: name, root: root.value };
  }
  throw invalid('proof_root_invalid', 'no active member has signed the root of the index');
}

/** Every log of the charter, each as far as a quorum has seen it or beyond. */
function agreedLogs(
  { logs }: Pick<ProofAnswer, 'logs'>,
  root: IndexRoot,
  claim: Omit<ProofClaim, 'identifier'>,
): readonly ProvenLog[] {
  const named = new Set(root.logs.map(({ origin }) => origin));
  const missing = [...claim.charter.memberByOrigin.keys()].some((origin) => !named.has(origin));
  if (missing || named.size !== claim.charter.memberByOrigin.size) {
    throw invalid('proof_root_invalid', 'root of the index is not over the logs of the charter');
  }
  const waiting = [...logs];
  const proven = root.logs.map((log) => provenLog(log, waiting, claim));
  if (waiting.length > 0) throw notAgreed('proof has checkpoints that its root does not name');
  return proven;
}

function provenLog(
  log: Checkpoint,
  waiting: AnsweredLog[],
  claim: Omit<ProofClaim, 'identifier'>,
): ProvenLog {
  const { origin, size } = log;
  const ended = claim.charter.memberByOrigin.get(origin)?.cutoff;
  // An expelled member's log ends where the charter says: a quorum has signed that.
  if (ended !== undefined) {
    const root = parseBase64(ended.root);
    if (size !== ended.size || root === undefined || !bytesEqual(root, log.root)) {
      throw notAgreed('root of the index has another end of a log than the charter');
    }
    return { origin, size, agreedSize: size, agreedAtMs: null };
  }
  if (size === 0) return { origin, size, agreedSize: 0, agreedAtMs: null };
  const shown = waiting.shift();
  if (shown === undefined) throw notAgreed('proof lacks the checkpoint of a log');
  const agreed = verifyAgreedCheckpoint(shown.checkpoint, claim.charter, claim.crypto);
  if (agreed.verdict !== 'accept') throw notAgreed(`checkpoint of a log: ${agreed.message}`);
  const { checkpoint, timestampSeconds } = agreed.value;
  const growth = {
    oldSize: size,
    oldRoot: log.root,
    newSize: checkpoint.size,
    newRoot: checkpoint.root,
    proof: shown.consistency,
  };
  if (checkpoint.origin !== origin || checkpoint.size < size) {
    throw notAgreed('checkpoint is of another log, or of fewer leaves than the root names');
  }
  if (!verifyConsistency(growth, claim.crypto)) {
    throw notAgreed('agreed log does not extend the one that the root names');
  }
  const agreedAtMs = timestampSeconds * 1000;
  return { origin, size, agreedSize: checkpoint.size, agreedAtMs };
}

function assertNothingShown({ ownership, published, payload, opening }: IdentifierAnswer): void {
  if ([ownership, published, payload, opening].every((part) => part === null)) return;
  throw invalid('proof_entry_invalid', 'entries are shown for a label without a state');
}

/** The entries are those that the state names, and say what it says. */
function assertEntries(answer: IdentifierAnswer, state: IndexedState, crypto: Cryptography): void {
  const shared = { label: answer.label, labelEpoch: answer.labelEpoch, state, crypto };
  const ownership = namedEntry(answer.ownership, state.ownershipId, shared);
  const same = bytesEqual(state.ownershipId, state.entryId);
  if (same !== (answer.published === null)) throw entryInvalid('an entry is missing or not needed');
  const published = same ? ownership : namedEntry(answer.published, state.entryId, shared);
  const released = state.status === 'released';
  if (released !== (ownership.kind === 'release'))
    throw entryInvalid('ownership is of a kind unfit');
  const owner = released ? published : ownership;
  const terms =
    ['register', 'rotate', 'commit', 'update'].includes(owner.kind) &&
    (published.kind !== 'update' || released || sameBytes(published.prev, state.ownershipId)) &&
    owner.lock === state.lock &&
    sameBytes(owner.recovery, state.recovery) &&
    sameBytes(owner.email, state.email) &&
    published.seq === state.seq &&
    sameBytes(published.commitment, state.commitment);
  if (!terms) throw entryInvalid('an entry says other than the state');
}

interface Shared {
  readonly label: Uint8Array;
  readonly labelEpoch: number;
  readonly state: IndexedState;
  readonly crypto: Cryptography;
}

function namedEntry(bytes: Uint8Array | null, id: Uint8Array, shared: Shared): Entry {
  const { label, labelEpoch, state, crypto } = shared;
  if (bytes === null || !bytesEqual(entryId(bytes, crypto), id)) {
    throw entryInvalid('an entry is not the one that the state names');
  }
  const entry = verifyEntry(bytes, crypto);
  if (entry.verdict !== 'accept') throw entryInvalid(entry.message);
  const fits =
    bytesEqual(entry.value.label, label) &&
    entry.value.labelEpoch === labelEpoch &&
    entry.value.epoch === state.epoch &&
    bytesEqual(entry.value.authority, state.authority);
  if (!fits) throw entryInvalid('an entry is of another label, epoch or authority');
  return entry.value;
}

function shownPayload(
  { payload, opening }: IdentifierAnswer,
  { commitment }: IndexedState,
  { identifier, crypto }: ProofClaim,
): ProvenIdentifier['payload'] {
  if (payload === null && opening === null) return null;
  const fits =
    payload !== null &&
    opening !== null &&
    commitment !== null &&
    bytesEqual(commitPayload(opening, payload, crypto), commitment);
  if (!fits) throw invalid('proof_payload_invalid', 'payload is not what the entry commits to');
  const parsed = parsePayload(payload);
  if (parsed.verdict !== 'accept') throw invalid('proof_payload_invalid', parsed.message);
  if (parsed.value.identifier !== identifier) {
    throw invalid('proof_payload_invalid', 'payload is of another identifier');
  }
  const { visibility, routes, keys } = parsed.value;
  return { visibility, routes, keys };
}

function sameBytes(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : bytesEqual(a, b);
}

function invalid(code: ClientErrorCode, message: string): Error {
  return clientError(code, message);
}

function entryInvalid(message: string): Error {
  return invalid('proof_entry_invalid', message);
}

function notAgreed(message: string): Error {
  return invalid('proof_not_agreed', message);
}
