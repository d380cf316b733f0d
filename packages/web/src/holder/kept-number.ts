/** A number that this browser holds: the SDK's holding, and what the page remembers beside it. */
import {
  encodeHoldingJson,
  encodePendingJson,
  parseHoldingJson,
  parsePendingJson,
  type Holding,
  type PendingEntry,
} from '@callbook/client';
import type { BackupWay } from './journey.ts';

export interface KeptNumber {
  readonly holding: Holding;
  /** How it was backed up, or that a backup brought it here. */
  readonly backup: BackupWay | 'restored';
  /** A change that is signed, and perhaps logged at some members: it is gone on with first. */
  readonly pending: PendingEntry | null;
  /** When it was released here, and the release's id in hexadecimal. */
  readonly released: { readonly atMs: number; readonly releaseId: string } | null;
  /** Vetoes that were signed, by request id in hexadecimal: each needs a number of its own. */
  readonly vetoes: Readonly<Record<string, number>>;
  /** When the lock that was switched off here last goes off; null where it never was. */
  readonly lockEndsAtMs: number | null;
}

/** A number that has just come into this browser's hands. */
export function newlyKept(holding: Holding, backup: KeptNumber['backup']): KeptNumber {
  return { holding, backup, pending: null, released: null, vetoes: {}, lockEndsAtMs: null };
}

/** Returns the JSON value that `parseNumberJson` reads. */
export function encodeNumberJson(number: KeptNumber): unknown {
  const { holding, pending } = number;
  return {
    ...number,
    holding: encodeHoldingJson(holding),
    pending: pending === null ? null : encodePendingJson(pending),
  };
}

/** Reads what the vault has opened. Throws `holding_malformed`. */
export function parseNumberJson(json: unknown): KeptNumber {
  const kept = json as Omit<KeptNumber, 'holding' | 'pending'> & {
    readonly holding: unknown;
    readonly pending: unknown;
  };
  return {
    ...kept,
    // Pages of before did not know of it.
    lockEndsAtMs: kept.lockEndsAtMs ?? null,
    holding: parseHoldingJson(kept.holding),
    pending: kept.pending === null ? null : parsePendingJson(kept.pending),
  };
}

/** How the lock of a number stands: switching it off takes effect after a pause. */
export function lockOf(
  { holding, lockEndsAtMs }: Pick<KeptNumber, 'holding' | 'lockEndsAtMs'>,
  nowMs: number,
): 'ending' | 'off' | 'on' {
  if (holding.lock) return 'on';
  return lockEndsAtMs !== null && nowMs < lockEndsAtMs ? 'ending' : 'off';
}
