/**
 * The directory port in memory: one member that is its own quorum of two, with a witness that
 * always agrees. It keeps the promises of the port (idempotent, refused means not logged) and
 * nothing else; `failure` makes it break in the ways a real one can.
 */
import {
  DirectoryError,
  accept,
  bytesEqual,
  commitEmail,
  encodeLeaf,
  entryId,
  ignore,
  proveLabel,
  parseEntry,
  parsePayload,
  reject,
} from '@callbook/protocol';
import type {
  Cryptography,
  EmailOf,
  Entry,
  Identifier,
  IndexedState,
  LeafRole,
  LookupScope,
  NextClaim,
  PublishedBinding,
  Receipt,
  Verdict,
  VrfProver,
  WitnessRequest,
} from '@callbook/protocol';
import type {
  CosignedCheckpoint,
  DirectoryPort,
  EntryState,
  EntrySubmission,
  EvidencePiece,
  IdentifierLabel,
  IdentifierOwnership,
  DirectoryProof,
  IdentifierProof,
  LogTileCoordinates,
  MemberAgreement,
  Readiness,
  SubmittedEntry,
  TokenHolder,
} from '../src/index.ts';

export const memoryOrigins = ['alpha.test/log', 'beta.test/log'] as const;

interface LoggedEntry {
  readonly entry: Entry;
  readonly entryBytes: Uint8Array;
  readonly opened: IdentifierProof['opened'];
  readonly submitted: SubmittedEntry;
  readonly state: EntryState;
}

export class MemoryDirectory implements DirectoryPort {
  readonly logged = new Map<string, LoggedEntry>();
  readonly bindings = new Map<Identifier, PublishedBinding>();
  /** Requests that wait, and what their claimants are told. */
  readonly requests = new Map<Identifier, { authority: Uint8Array; next: NextClaim }>();
  /** Commitments in force. */
  readonly emails = new Map<Identifier, Uint8Array>();
  readonly roles: EntrySubmission['role'][] = [];
  /** Identifiers that somebody asked about, by method: what may be learnt before a challenge. */
  readonly asked: string[] = [];
  failure: 'none' | 'operating' | 'bug' | 'refuse' = 'none';
  /** True while what is logged has been by another member, which is not enough to witness it. */
  isElsewhere = false;
  bugMessage = 'planted';
  cosignedSize = 0;
  /** What `cosign` answers instead. */
  cosigning: Verdict<CosignedCheckpoint> | undefined;
  /** True while it can prove nothing. */
  unproven = false;
  held: EvidencePiece[] = [];
  ready: Readiness = { ready: true, reasons: [] };
  readonly #crypto: Cryptography;
  readonly #prover: VrfProver;
  readonly #labelled = new Map<string, Identifier>();

  constructor(crypto: Cryptography) {
    this.#crypto = crypto;
    this.#prover = crypto.vrfProver(new Uint8Array(32).fill(7));
  }

  get vrfPublicKey(): Uint8Array {
    return this.#prover.publicKey;
  }

  label(identifier: Identifier): IdentifierLabel {
    this.asked.push(identifier);
    const proven = proveLabel(identifier, this.#prover);
    this.#labelled.set(proven.label.toHex(), identifier);
    return { labelEpoch: 0, ...proven };
  }

  emailCommitment(of: EmailOf) {
    this.asked.push(of.identifier, of.email);
    return { labelEpoch: 0, ...commitEmail(of, this.#prover) };
  }

  emailForRequests(identifier: Identifier): Uint8Array | null {
    this.asked.push(identifier);
    return this.emails.get(identifier) ?? null;
  }

  ownershipOf(id: Uint8Array): IdentifierOwnership | undefined {
    const entry = this.logged.get(id.toHex())?.entry;
    const binding = [...this.bindings.values()].find(({ entryId: of }) => bytesEqual(of, id));
    if (entry === undefined || binding === undefined) return undefined;
    return { identifier: binding.identifier, authority: entry.authority };
  }

  holderOf(id: Uint8Array): TokenHolder | undefined {
    const entry = this.logged.get(id.toHex())?.entry;
    if (entry === undefined || entry.kind === 'update') return undefined;
    const { label, epoch, authority } = entry;
    return { label, epoch, authority, sinceMs: 1_800_000_000_000 };
  }

  nextClaim(label: Uint8Array, authority?: Uint8Array): NextClaim {
    const identifier = this.#labelled.get(label.toHex())!;
    this.asked.push(identifier);
    const asked = this.requests.get(identifier);
    if (asked !== undefined && authority?.toHex() === asked.authority.toHex()) return asked.next;
    const held = this.bindings.get(identifier);
    if (held === undefined) return { kind: 'register', epoch: 0, prev: null };
    return { kind: 'request', epoch: held.epoch, prev: null };
  }

  async submit(submission: EntrySubmission): Promise<Verdict<SubmittedEntry>> {
    this.#break();
    const parsed = parseEntry(submission.entry);
    if (parsed.verdict !== 'accept') return parsed;
    const id = entryId(submission.entry, this.#crypto);
    const known = this.logged.get(id.toHex());
    if (this.isElsewhere && submission.role === 'received') {
      return ignore('challenged_leaves_missing', 'one other member has challenged it');
    }
    if (known !== undefined) return accept(known.submitted);
    if (this.failure === 'refuse') return reject('commitment_mismatch', 'planted refusal');
    if (this.#slotTaken(parsed.value)) return ignore('slot_taken', 'the slot is taken');
    this.roles.push(submission.role);
    return accept(this.#log(parsed.value, id, submission));
  }

  entryState(id: Uint8Array): EntryState | undefined {
    return this.logged.get(id.toHex())?.state;
  }

  lookup(identifier: Identifier, scope: LookupScope): PublishedBinding | undefined {
    this.#break();
    this.asked.push(identifier);
    const binding = this.bindings.get(identifier);
    return scope === 'all' || binding?.visibility === 'dns' ? binding : undefined;
  }

  entryInForce(digits: Uint8Array, scope: LookupScope): Uint8Array | undefined {
    return this.lookup(`tel:+${new TextDecoder().decode(digits)}`, scope)?.entryId;
  }

  async prove(identifiers: readonly Identifier[]): Promise<DirectoryProof | undefined> {
    this.#break();
    this.asked.push(...identifiers);
    if (this.unproven) return undefined;
    return {
      root: 'callbook/1 index\n…\n',
      logs: [{ checkpoint: this.checkpoint(memoryOrigins[0])!, consistency: [] }],
      bindings: identifiers.map((identifier) => this.#proofOf(identifier)),
    };
  }

  #proofOf(identifier: Identifier): IdentifierProof {
    const logged = [...this.logged.values()].find(
      ({ submitted }) =>
        this.bindings.get(identifier)?.entryId.toHex() === submitted.entryId.toHex(),
    );
    const id = logged?.submitted.entryId;
    return {
      ...this.label(identifier),
      indexProof: new Uint8Array(66),
      state: logged === undefined ? null : stateOf(logged.entry, id!),
      ownership: logged?.entryBytes ?? null,
      published: null,
      opened: logged?.opened ?? null,
    };
  }

  charterNote(): string;
  charterNote(version: number): string | undefined;
  charterNote(version = 1): string | undefined {
    return version === 1 ? '{"version":1}\n\n— alpha.test AAAAAA==\n' : undefined;
  }

  checkpoint(origin: string): string | undefined {
    if (!memoryOrigins.includes(origin as (typeof memoryOrigins)[number])) return undefined;
    return `${origin}\n1\nAAAA\n\n— ${origin} AAAAAA==\n`;
  }

  evidence(): readonly EvidencePiece[] {
    this.#break();
    return this.held;
  }

  /** Keeps what begins as a map does, and refuses the rest. */
  async noteEvidence(bytes: Uint8Array): Promise<Verdict<EvidencePiece>> {
    this.#break();
    if (bytes[0] !== 0xa1) return reject('evidence_malformed', 'evidence is not a map');
    const evidenceId = this.#crypto.sha256(bytes).toHex();
    const shared = { kind: 'dns_answer', origins: ['beta.test/log'], disputed: [] };
    const piece = { ...shared, evidenceId, firstSeenMs: 1_767_225_600_000, bytes };
    this.held.push(piece);
    return accept(piece);
  }

  tile({ origin, level, index, width }: LogTileCoordinates): Uint8Array | undefined {
    if (origin !== memoryOrigins[0] || index > 1234067) return undefined;
    return level === 'entries' ? new Uint8Array([0, 1, 9]) : new Uint8Array(32 * width).fill(level);
  }

  /** Cosigns every size above the last one. */
  async cosign({ oldSize, checkpoint }: WitnessRequest): Promise<Verdict<CosignedCheckpoint>> {
    this.#break();
    if (this.cosigning !== undefined) return this.cosigning;
    if (oldSize !== this.cosignedSize) return accept({ lastSize: this.cosignedSize });
    this.cosignedSize = Number(checkpoint.split('\n')[1]);
    return accept({ line: '\u2014 alpha.test/log AAAAAAE=\n' });
  }

  agreement(): MemberAgreement {
    this.#break();
    const [origin] = memoryOrigins;
    const atMs = 1_800_000_000_000;
    const root = new Uint8Array(32).fill(7);
    return {
      logs: [{ origin, size: 3, agreedSize: 2, agreedAtMs: atMs }],
      roots: [{ member: 'beta', root, atMs, logs: [{ origin, size: 2 }] }],
    };
  }

  /** A text, as the API looks into none. */
  indexRootNote: string | undefined = 'callbook/1 index\n1\n';

  indexRoot(): string | undefined {
    this.#break();
    return this.indexRootNote;
  }

  readiness(): Readiness {
    return this.ready;
  }

  #break(): void {
    if (this.failure === 'operating') throw new DirectoryError('store_failed', this.bugMessage);
    if (this.failure === 'bug') throw new TypeError(this.bugMessage);
  }

  #slotTaken(entry: Entry): boolean {
    if (entry.kind !== 'register') return false;
    return [...this.logged.values()].some(
      (other) => other.entry.kind === 'register' && bytesEqual(other.entry.label, entry.label),
    );
  }

  #log(entry: Entry, id: Uint8Array, submission: EntrySubmission): SubmittedEntry {
    const at = 1_800_000_000_000;
    const needsQuorum = entry.kind !== 'update';
    const origins = needsQuorum ? memoryOrigins : memoryOrigins.slice(0, 1);
    const leaves = origins.map((origin, member) => {
      const role: LeafRole = member === 0 ? submission.role : 'witnessed';
      return { origin, index: this.logged.size, at, role };
    });
    const receipts = leaves.map((leaf): Receipt => ({
      origin: leaf.origin,
      index: leaf.index,
      leaf: encodeLeaf({
        v: 1,
        at,
        charter: new Uint8Array(32),
        role: leaf.role,
        entry: submission.entry,
      }),
      checkpoint: this.checkpoint(leaf.origin)!,
      proof: [new Uint8Array(32).fill(3)],
    }));
    const timeMs = needsQuorum ? at : null;
    const submitted: SubmittedEntry = {
      entryId: id,
      complete: true,
      quorum: receipts.length,
      receipts,
      timeMs,
    };
    const state: EntryState = {
      complete: true,
      inForce: true,
      timeMs,
      erasedAtMs: null,
      epoch: 0,
      pending: [],
      leaves,
    };
    const { entry: entryBytes, payload, opening } = submission;
    const opened = payload === undefined ? null : { payload, opening: opening! };
    this.logged.set(id.toHex(), { entry, entryBytes, opened, submitted, state });
    this.#publish(entry, id, submission.payload);
    return submitted;
  }

  #publish(entry: Entry, id: Uint8Array, payloadBytes: Uint8Array | undefined): void {
    const payload = payloadBytes === undefined ? undefined : parsePayload(payloadBytes);
    if (payload?.verdict !== 'accept') return;
    const { identifier, visibility, routes, keys } = payload.value;
    this.bindings.set(identifier, {
      identifier,
      visibility,
      routes,
      keys,
      labelEpoch: entry.labelEpoch,
      label: entry.label,
      epoch: entry.epoch,
      seq: entry.seq,
      ownershipId: entry.prev ?? id,
      entryId: id,
      origin: memoryOrigins[0],
      changedAtMs: 1_800_000_000_000,
      pending: [],
    });
  }
}

function stateOf(entry: Entry, id: Uint8Array): IndexedState {
  const { epoch, authority, recovery, lock, email, seq, commitment } = entry;
  const ownershipAtMs = 1_800_000_000_000;
  const ended = { status: 'held', ownershipId: id, ownershipAtMs, endsAtMs: null } as const;
  return { epoch, ...ended, authority, recovery, lock, email, seq, entryId: id, commitment };
}
