/** A piece of evidence as the store keeps it: what it proved when it was verified, and its bytes. */
import type { EvidenceKind } from '@callbook/protocol';

import { RowReader, RowWriter } from '../store/row-bytes.ts';

/** Evidence that this member has verified. */
export interface HeldEvidence {
  /** SHA-256 of the bytes, in hexadecimal. */
  readonly evidenceId: string;
  readonly kind: EvidenceKind;
  /** Logs whose members cannot be honest. */
  readonly origins: readonly string[];
  /** Logs of two members of which one is wrong. */
  readonly disputed: readonly string[];
  /** When it came, by this member's clock. */
  readonly firstSeenMs: number;
  readonly bytes: Uint8Array;
}

export function encodeEvidenceRow(held: HeldEvidence): Uint8Array {
  const { kind, origins, disputed, firstSeenMs, bytes } = held;
  const writer = new RowWriter().u56(firstSeenMs).text(kind);
  for (const list of [origins, disputed]) {
    writer.u8(list.length);
    for (const origin of list) writer.text(origin);
  }
  return writer.sized(bytes).finish();
}

export function parseEvidenceRow(evidenceId: string, row: Uint8Array): HeldEvidence {
  const reader = new RowReader(row);
  const firstSeenMs = reader.u56();
  // Written by this member, after it was verified.
  const kind = reader.text() as EvidenceKind;
  const origins = Array.from({ length: reader.u8() }, () => reader.text());
  const disputed = Array.from({ length: reader.u8() }, () => reader.text());
  const bytes = reader.sized();
  reader.end();
  return { evidenceId, kind, origins, disputed, firstSeenMs, bytes };
}
