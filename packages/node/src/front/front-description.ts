/**
 * What a member tells its front ends beside its bindings, through the shared database: its zone and which of
 * its keys are used for what, never a private key. So all of them answer as the member itself does, and a
 * roll-over or a new charter needs nobody's hand. As JSON, in which octets are `{"octets": "<base64>"}`.
 */
import type { HostRecords, KeyringSnapshot } from '@callbook/dns';
import { DirectoryError } from '@callbook/protocol';
import type { ReplicationErrorCode } from '@callbook/replication';
import type { ZoneSettings } from '../dns-worker.ts';

export interface FrontDescription {
  readonly version: 1;
  /** Its name in the charter. */
  readonly member?: string;
  readonly zone: ZoneSettings;
  readonly keys: KeyringSnapshot;
  readonly charterHash: Uint8Array;
  readonly obliviousKeyHashes: readonly Uint8Array[];
  readonly hostRecords: HostRecords;
}

export function encodeFrontDescription(description: FrontDescription): Uint8Array {
  const text = JSON.stringify(description, (_name, value: unknown) =>
    value instanceof Uint8Array ? { octets: Buffer.from(value).toString('base64') } : value,
  );
  return new TextEncoder().encode(text);
}

/** Reads it; the member wrote it. Errors: `shared_store_foreign`. */
export function parseFrontDescription(row: Uint8Array): FrontDescription {
  try {
    const description = JSON.parse(new TextDecoder().decode(row), withOctets) as FrontDescription;
    if (description.version === 1) return description;
  } catch {
    // Said below.
  }
  throw new DirectoryError<ReplicationErrorCode>(
    'shared_store_foreign',
    'what the member tells its front ends is not what this version reads',
  );
}

/** Whether a description is of this member; one that this version does not read is not. */
export function describesMember(row: Uint8Array, name: string): boolean {
  try {
    const { member = name } = parseFrontDescription(row);
    return member === name;
  } catch {
    return false;
  }
}

function withOctets(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('octets' in value)) return value;
  return typeof value.octets === 'string' ? Uint8Array.fromBase64(value.octets) : value;
}
