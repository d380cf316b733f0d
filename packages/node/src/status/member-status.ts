/**
 * How a member is doing, for those who run it: one value, which the command `status`, the operator's
 * page and the metrics show. Members are named, as the charter names them; nothing in it is of the
 * people whose records the member keeps, or of those who ask for them.
 */
import type { Advice } from './advice.ts';
import type { LoopDelay } from './event-loop-delay.ts';
import type { DiskUse } from './disk-use.ts';
import type { ZoneKeyOutlook } from './zone-key-outlook.ts';

/** All but what follows from it. Times are of this member's clock, in milliseconds since 1970. */
export interface MemberCondition {
  readonly member: string;
  /** Of the program. */
  readonly version: string;
  readonly atMs: number;
  readonly startedAtMs: number;
  /** Whether requests may be sent, as `/readyz` says it, and why not. */
  readonly ready: boolean;
  readonly reasons: readonly string[];
  readonly charter: {
    readonly version: number;
    readonly expiresAtMs: number;
    /** Adopted, and waiting for its time. */
    readonly next?: { readonly version: number; readonly effectiveAtMs: number };
  };
  /** Of the charter in force, in its order; this one is among them. */
  readonly members: readonly MemberRow[];
  /** Pieces of evidence held. */
  readonly evidenceCount: number;
  readonly zoneKeys: ZoneKeyOutlook;
  readonly certificates: readonly CertificateStatus[];
  /** Where front ends read what is published, and what stand-bys share; absent where there is none. */
  readonly sharedDatabase?: SharedDatabaseStatus;
  /** When the last backup was taken; absent when none is known. */
  readonly backupAtMs?: number;
  /** Absent when the file system does not say. */
  readonly disk?: DiskUse;
  readonly process: {
    readonly residentBytes: number;
    /** Of the main thread, in use: objects, and what is outside the heap and belongs to some. */
    readonly heapBytes: number;
    readonly externalBytes: number;
    readonly cpuSeconds: number;
    readonly loopDelay: LoopDelay;
  };
}

export interface MemberStatus extends MemberCondition {
  /** What to do next, the most urgent first. */
  readonly next: readonly Advice[];
}

/** Another member, or this one; and its log as it is here. */
export interface MemberRow {
  readonly name: string;
  readonly isSelf: boolean;
  /** Of this one, whether it runs. */
  readonly connected: boolean;
  /** Leaves stored here. */
  readonly logSize: number;
  /** Leaves that its log is known to have signed and that are not here yet. */
  readonly lag: number;
  /** Leaves stored here that no agreed checkpoint covers. */
  readonly unagreed: number;
  /** When a quorum had cosigned the newest agreed checkpoint; absent while there is none. */
  readonly agreedAtMs?: number;
  /** When its index root and ours were last the same; absent when not since the start. */
  readonly sameRootAtMs?: number;
  /** Whether that was of all that both have now. */
  readonly isRootCurrent: boolean;
  /** Since the start: rules that it broke, and roots of it that contradict ours. */
  readonly brokenRules: number;
  readonly contradictions: number;
  /** Evidence is held against its log, and nothing more of it is taken in. */
  readonly convicted: boolean;
}

export interface SharedDatabaseStatus {
  /** Why it is not up to date; absent while it is. */
  readonly code?: string;
  /** How long the oldest change has waited for it. */
  readonly backlogMs: number;
  /** Of the changes in it. */
  readonly generation: number;
  /** Where others stand by: the how manieth holder this process is, and how many batches each of them lacks. */
  readonly lease?: { readonly term: number; readonly standbyLags: readonly number[] };
}

interface CertificateStatus {
  readonly use: CertificateUse;
  readonly endsAtMs: number;
}

/** Whom a certificate is shown to. */
export const certificateUses = ['api', 'dns'] as const;
type CertificateUse = (typeof certificateUses)[number];
