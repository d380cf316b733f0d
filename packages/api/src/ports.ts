/**
 * What the API needs from a member: the directory behind it and the channels that carry codes.
 * `packages/node` implements both over the replica; tests bring a small one in memory.
 */
import type {
  EmailCommitment,
  EmailOf,
  Identifier,
  IndexedState,
  LookupScope,
  NextClaim,
  PendingRequest,
  PublishedBinding,
  Receipt,
  Verdict,
  WitnessRequest,
} from '@callbook/protocol';

/** The directory as this member sees it. Reads are synchronous: one store read each. */
export interface DirectoryPort {
  /** Label and VRF proof of an identifier. Called only once its challenge is passed. */
  label(identifier: Identifier): IdentifierLabel;

  /** Commitment to an e-mail address, with its proof. Called only once both are shown to be theirs. */
  emailCommitment(of: EmailOf): EmailCommitment & { readonly labelEpoch: number };

  /** The commitment that a request of class `email` would stand on now; null when there is none. */
  emailForRequests(identifier: Identifier): Uint8Array | null;

  /** Whose an ownership entry is; undefined for others, and while the identifier is not known here. */
  ownershipOf(entryId: Uint8Array): IdentifierOwnership | undefined;

  /** Who holds a label by an ownership entry; undefined unless it is in force. */
  holderOf(ownershipId: Uint8Array): TokenHolder | undefined;

  /** What somebody who controls the identifier, with this authority key, may claim now. */
  nextClaim(label: Uint8Array, authority?: Uint8Array): NextClaim;

  /**
   * Logs an entry here and, for an ownership entry, asks the other members to. A refusal means
   * that this member has not logged it; one that it does not log because a quorum has is answered with
   * their receipts. The same entry again gives the same answer.
   */
  submit(submission: EntrySubmission): Promise<Verdict<SubmittedEntry>>;

  entryState(entryId: Uint8Array): EntryState | undefined;
  /** What is published, in one scope: what only the other tells of is as if nobody held it. */
  lookup(identifier: Identifier, scope: LookupScope): PublishedBinding | undefined;

  /**
   * Id of the entry in force of a telephone number that is published; its digits in ASCII, without the
   * plus. Keeps no copy of them.
   */
  entryInForce(digits: Uint8Array, scope: LookupScope): Uint8Array | undefined;

  /** Proves what the directory says of identifiers, in their order; undefined while it cannot. */
  prove(identifiers: readonly Identifier[]): Promise<DirectoryProof | undefined>;

  /** The charter in force, or the one of a version up to that: a signed note. */
  charterNote(): string;
  charterNote(version: number): string | undefined;

  /** Newest agreed checkpoint of a log, or the newest signed one while none is agreed: a note. */
  checkpoint(origin: string): string | undefined;
  tile(coordinates: LogTileCoordinates): Uint8Array | undefined;

  /**
   * Cosigns a checkpoint by the rules of C2SP tlog-witness; durable before it resolves. Codes: those
   * of notes and checkpoints, `log_unknown`, `log_forked`, `checkpoint_proof_invalid`,
   * `checkpoint_not_stored`, `member_busy`.
   */
  cosign(request: WitnessRequest): Promise<Verdict<CosignedCheckpoint>>;

  /** Evidence of broken rules, the oldest first; at most `evidenceHeldMax` pieces. */
  evidence(): readonly EvidencePiece[];
  /** Verifies evidence and keeps it when it proves something new; durable before it resolves. */
  noteEvidence(bytes: Uint8Array): Promise<Verdict<EvidencePiece>>;

  /** How far the members agree, as this one sees it. */
  agreement(): MemberAgreement;
  /** The newest index root that this member has signed, a note; undefined while it signs none. */
  indexRoot(): string | undefined;
  readiness(): Readiness;
}

/** One identifier that somebody looks up, and what they may see of it. */
export interface AskedLookup {
  readonly identifier: Identifier;
  readonly scope: LookupScope;
}

/** Looks up what is published: at once, or with one question to a database. */
export interface LookupPort {
  /** In the order asked. Rejects with `directory_unavailable` rather than to answer from what may be wrong. */
  lookUp(
    asked: readonly AskedLookup[],
  ): readonly (PublishedBinding | undefined)[] | Promise<readonly (PublishedBinding | undefined)[]>;
}

/** A holder, for the budget of tokens. */
export interface TokenHolder {
  /** 32 bytes. */
  readonly label: Uint8Array;
  readonly epoch: number;
  /** Authority key in force, 32 bytes. */
  readonly authority: Uint8Array;
  /** Time of the ownership entry in force. */
  readonly sinceMs: number;
}

export interface RowToWrite {
  readonly rowKey: Uint8Array;
  readonly value: Uint8Array;
}

/** The small store of tokens: ordered rows of bytes. A returned value belongs to the caller. */
export interface TokenRows {
  get(rowKey: Uint8Array): Uint8Array | undefined;
  /** Writes all or none; they survive a crash of the machine when it resolves. */
  write(rows: readonly RowToWrite[]): Promise<void>;
  /** Erases the rows from `gte` on, before `lt`. */
  erase(bounds: { readonly gte: Uint8Array; readonly lt: Uint8Array }): Promise<void>;
}

/** This member's zone. */
export interface DnsPort {
  /** The response to a query that came over TLS, as sent; undefined where nothing is to be sent. */
  answer(query: Uint8Array): Uint8Array | undefined | Promise<Uint8Array | undefined>;
}

/** Evidence as docs/spec/evidence.md has it, and what it proves. */
export interface EvidencePiece {
  /** SHA-256 of the bytes, 64 hexadecimal digits. */
  readonly evidenceId: string;
  readonly kind: string;
  /** Logs whose members cannot be honest. */
  readonly origins: readonly string[];
  /** Logs of two members of which one is wrong. */
  readonly disputed: readonly string[];
  readonly firstSeenMs: number;
  readonly bytes: Uint8Array;
}

/** A signature line with its newline; or the size that was cosigned last, where it was another. */
export type CosignedCheckpoint =
  { readonly line: string } | { readonly line?: undefined; readonly lastSize: number };

export interface MemberAgreement {
  readonly logs: readonly {
    readonly origin: string;
    /** Leaves stored. */
    readonly size: number;
    /** Leaves of the newest agreed checkpoint, and when a quorum had cosigned it; 0 without one. */
    readonly agreedSize: number;
    readonly agreedAtMs: number;
  }[];
  /** The last index root that this member and another had of the same logs. */
  readonly roots: readonly {
    readonly member: string;
    /** 32 bytes. */
    readonly root: Uint8Array;
    readonly atMs: number;
    readonly logs: readonly { readonly origin: string; readonly size: number }[];
  }[];
}

export interface IdentifierLabel {
  readonly labelEpoch: number;
  /** 32 bytes. */
  readonly label: Uint8Array;
  /** 80 bytes. */
  readonly vrfProof: Uint8Array;
}

export interface IdentifierOwnership {
  readonly identifier: Identifier;
  /** Authority key of the entry, 32 bytes. */
  readonly authority: Uint8Array;
}

/** What docs/spec/index.md calls the proof of an identifier, of several under one root. */
export interface DirectoryProof {
  /** The index's root, a signed note. */
  readonly root: string;
  /** For each log of the root that has leaves: a checkpoint, a signed note, and its consistency. */
  readonly logs: readonly {
    readonly checkpoint: string;
    readonly consistency: readonly Uint8Array[];
  }[];
  readonly bindings: readonly IdentifierProof[];
}

/** What is an identifier's own in it. */
export interface IdentifierProof extends IdentifierLabel {
  readonly indexProof: Uint8Array;
  readonly state: IndexedState | null;
  /** Entries as encoded. */
  readonly ownership: Uint8Array | null;
  readonly published: Uint8Array | null;
  readonly opened: { readonly payload: Uint8Array; readonly opening: Uint8Array } | null;
}

export interface EntrySubmission {
  readonly entry: Uint8Array;
  readonly payload?: Uint8Array;
  readonly opening?: Uint8Array;
  /** `challenged` when this member's own challenge was passed for exactly this entry. */
  readonly role: 'challenged' | 'received';
  /** What that challenge was of. */
  readonly identifier?: Identifier;
  /** Receipts of other members that the client has collected; not verified yet. */
  readonly receipts: readonly Receipt[];
}

export interface SubmittedEntry {
  /** 32 bytes. */
  readonly entryId: Uint8Array;
  readonly complete: boolean;
  /** Leaves of different members that the entry needs. */
  readonly quorum: number;
  readonly receipts: readonly Receipt[];
  /** Time of an ownership entry, once it is complete. */
  readonly timeMs: number | null;
}

export interface EntryState {
  readonly complete: boolean;
  /** True while the entry decides what the binding says. */
  readonly inForce: boolean;
  readonly timeMs: number | null;
  /** When this member erased what the entry, a release, has ended; else null. */
  readonly erasedAtMs: number | null;
  /** Which holder its binding has now, from 0; null where nobody holds it. */
  readonly epoch: number | null;
  /** Requests to replace that holder, as in `PublishedBinding`. */
  readonly pending: readonly PendingRequest[];
  readonly leaves: readonly EntryLeaf[];
}

export interface EntryLeaf {
  readonly origin: string;
  readonly index: number;
  /** The leaf's time, by its member's clock. */
  readonly at: number;
  readonly role: 'received' | 'challenged' | 'witnessed';
}

export interface LogTileCoordinates {
  readonly origin: string;
  readonly level: number | 'entries';
  readonly index: number;
  /** Hashes or leaves in the tile, 1 to 256. */
  readonly width: number;
}

export interface Readiness {
  readonly ready: boolean;
  /** Why not, each a stable word or two in snake_case. */
  readonly reasons: readonly string[];
}

/**
 * Carries a code to its identifier. Rejects only when the code has not gone out and never will; a code
 * whose fate is unknown counts as sent, so that nobody pays twice.
 */
export interface CodeSender {
  send(message: CodeMessage): Promise<void>;
  /** Calls the listener when a channel learns what became of a code. */
  onReceipt?(listener: (receipt: { sendId: string; isDelivered: boolean }) => void): void;
}

export interface CodeMessage {
  readonly to: Identifier;
  /** The whole message; ends with the code. */
  readonly text: string;
  /** The code alone, for channels and tests that need no sentence. */
  readonly code: string;
  /** 22 characters of base64url, new for every code; says nothing of the challenge. */
  readonly sendId: string;
}

/**
 * Carries a notice to a holder. Rejects when the channel did not take it; it is then tried again, with
 * the same `noticeId`, so that a channel that keeps a journal takes it once.
 */
export interface NoticeSender {
  sendNotice(notice: NoticeMessage): Promise<void>;
}

export interface NoticeMessage {
  readonly to: Identifier;
  /** The whole message: fixed text, one SMS segment. */
  readonly text: string;
  /** The same for every attempt at one notice to one address; says nothing of either. */
  readonly noticeId: string;
}

/**
 * Takes events, never text from a request. A pino logger is one. Only failures of the member's own
 * are logged: queries are forgotten at once.
 */
export interface EventLogger {
  error(fields: Readonly<Record<string, unknown>>, event: string): void;
}
