/**
 * What a command on this machine may ask of the running member: one JSON object and a newline each
 * way, over a socket in the member's data folder. Whoever may open it may govern in the member's
 * name, so it is its owner's alone.
 */
import { join } from 'node:path';
import type { PinnedStore } from '../backup/backup-desk.ts';
import type { LastBackup } from '../backup/last-backup.ts';
import type { NodeConfig } from '../config.ts';
import type { MemberStatus } from '../status/member-status.ts';

export type AdminRequest = GovernanceRequest | BackupRequest | { readonly ask: 'status' };

export type BackupRequest =
  | { readonly ask: 'backup-begin'; readonly pid: number }
  | { readonly ask: 'backup-end'; readonly pinId: string; readonly made: LastBackup | undefined };

export type GovernanceRequest =
  | { readonly ask: 'charters' }
  | { readonly ask: 'logs' }
  | { readonly ask: 'draft' }
  | { readonly ask: 'draft-write'; readonly statements: readonly AdminStatement[] }
  | { readonly ask: 'draft-discard' }
  | { readonly ask: 'adopt'; readonly note: string };

/** A field of the draft and its text; null takes it back. */
export type AdminStatement = readonly [field: string, text: string | null];

export interface ChartersAnswer {
  /** Notes of every charter known, version 1 first. */
  readonly notes: readonly string[];
  /** Version in force. */
  readonly inForce: number;
}

export interface LogsAnswer {
  readonly logs: readonly {
    readonly origin: string;
    readonly size: number;
    /** Base64. */
    readonly root: string;
    /** True when a quorum has cosigned this. */
    readonly agreed: boolean;
  }[];
}

export interface DraftAnswer {
  readonly follows: number;
  readonly fields: readonly {
    readonly field: string;
    readonly text: string;
    readonly by: string;
    readonly others: readonly { readonly text: string; readonly by: string }[];
  }[];
  readonly excluded: readonly string[];
}

export interface AdoptAnswer {
  readonly version: number;
  readonly hash: string;
  readonly effectiveAtMs: number;
}

/** What each request is answered by. */
export interface AdminAnswers {
  readonly charters: ChartersAnswer;
  readonly logs: LogsAnswer;
  readonly draft: DraftAnswer;
  readonly 'draft-write': DraftAnswer;
  readonly 'draft-discard': DraftAnswer;
  readonly adopt: AdoptAnswer;
  readonly status: MemberStatus;
  readonly 'backup-begin': PinnedStore;
  readonly 'backup-end': null;
}

/** One line: an answer, or why there is none. */
export type AdminReply =
  | { readonly answer: unknown }
  | { readonly error: { readonly code: string; readonly message: string } };

/** A charter with all its signatures, twice over. */
export const adminRequestBytesMax: number = 512 * 1024;
/** Every charter of a long history. */
export const adminReplyBytesMax: number = 64 * 1024 * 1024;
export const adminTimeoutMs = 30_000;

export function adminSocketPath({ dataDir }: NodeConfig): string {
  return join(dataDir, 'admin.sock');
}
