/**
 * How many other members a member must hear before it believes what they say of its own past: what
 * it has signed, or what everybody holds. One of f + 1 is honest; but an honest one may be behind. It
 * was cut off, or a charter that a restored store does not know has expelled it, and then it is behind
 * for good. So a member hears as many as make a quorum with it, where that is more: no more of them
 * may be away when anything of ownership is to be written.
 */
import type { Charter } from '@callbook/protocol';
import { quorumOf } from '@callbook/protocol';

/** Returns max(q − 1, f + 1), or all others where they are fewer. */
export function othersToHear(charter: Charter, othersCount: number): number {
  return Math.min(Math.max(quorumOf(charter) - 1, charter.faults + 1), othersCount);
}
