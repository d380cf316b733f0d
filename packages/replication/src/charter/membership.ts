/**
 * The charter as replication uses it: the chain by which everybody folds, and the members by name
 * and by the origin of their log. A value: a new charter makes a new one (`charter-chain.ts`).
 */
import type { CharterMember, CharterSet, Cryptography, VerifierKey } from '@callbook/protocol';
import { charterSet, DirectoryError, parseVerifierKey } from '@callbook/protocol';

import type { ReplicationErrorCode } from '../errors.ts';

/** A member that writes a log, with its log key parsed. */
export interface LogMember {
  readonly member: CharterMember;
  /** Its name is the log's origin. */
  readonly logKey: VerifierKey;
}

export interface Membership {
  readonly charters: CharterSet;
  /** VRF public key of the label epoch in force, 32 bytes. */
  readonly vrfPublicKey: Uint8Array;
  /** Members that are not expelled, in the charter's order. */
  readonly members: readonly LogMember[];
  /** All whose logs are folded: of an expelled member, what lies below its cut-off. */
  readonly logs: readonly LogMember[];
  byOrigin(origin: string): LogMember | undefined;
  byName(name: string): LogMember | undefined;
}

/** Verifies the pinned notes, version 1 first. Errors: `charter_refused`. */
export function loadMembership(notes: readonly string[], crypto: Cryptography): Membership {
  const charters = charterSet(notes, crypto);
  if (charters.verdict !== 'accept') throw refused(charters.code);
  return membershipOf(charters.value);
}

/** The members under the newest charter of a chain. */
export function membershipOf(charters: CharterSet): Membership {
  const { charter } = charters.current;
  const logs = charter.members.map(logMember);
  const members = logs.filter(({ member }) => member.state !== 'expelled');
  return {
    charters,
    vrfPublicKey: Uint8Array.fromBase64(charter.vrfPublicKey, { alphabet: 'base64url' }),
    members,
    logs,
    byOrigin: (origin) => members.find(({ logKey }) => logKey.name === origin),
    byName: (name) => members.find(({ member }) => member.name === name),
  };
}

function logMember(member: CharterMember): LogMember {
  const logKey = parseVerifierKey(member.logKey);
  if (logKey.verdict !== 'accept') throw refused(logKey.code);
  return { member, logKey: logKey.value };
}

function refused(verdictCode: string): DirectoryError<ReplicationErrorCode> {
  return new DirectoryError(
    'charter_refused',
    `the pinned charters do not verify: ${verdictCode}`,
    {
      details: { verdictCode },
    },
  );
}
