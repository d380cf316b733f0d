/**
 * The members as the charter names them: where each one's API is and which key signs its log. The
 * charter is the only source; a member is never asked who it is.
 */
import {
  activeMembers,
  parseVerifierKey,
  type Charter,
  type VerifierKey,
} from '@callbook/protocol';
import { clientError } from './errors.ts';

/** An active member of the federation, as the charter names it. */
export interface Member {
  readonly name: string;
  readonly organisation: string;
  /** Base URL of the API, without a slash at the end. */
  readonly api: string;
  /** Apex of the member's DNS zone. */
  readonly zone: string;
  /** RDATA of the zone's DS records in presentation form. */
  readonly zoneDs: readonly string[];
  /** Key of the member's log; its name is the log's origin. */
  readonly logKey: VerifierKey;
}

/** Returns the active members of `charter`, in its order. Throws `charter_invalid`. */
export function listMembers(charter: Charter): Member[] {
  return activeMembers(charter).map((member) => {
    const logKey = parseVerifierKey(member.logKey);
    if (logKey.verdict !== 'accept') {
      throw clientError('charter_invalid', `log key of member ${member.name}: ${logKey.message}`);
    }
    return {
      name: member.name,
      organisation: member.organisation,
      api: member.api.replace(/\/+$/, ''),
      zone: member.zone,
      zoneDs: member.zoneDs,
      logKey: logKey.value,
    };
  });
}

/**
 * Returns all `members`, those in `first` before the others and in that order.
 * Throws `member_unknown` when a name is not among them.
 */
export function orderMembers(members: readonly Member[], first: readonly string[]): Member[] {
  const named = first.map((name) => {
    const member = members.find((candidate) => candidate.name === name);
    if (member === undefined) {
      const known = members.map((candidate) => candidate.name).join(', ');
      throw clientError('member_unknown', `no such active member; the charter names ${known}`);
    }
    return member;
  });
  return [...new Set([...named, ...members])];
}
