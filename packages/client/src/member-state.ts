/** Whether each member of the charter can be reached and serves the newest charter that is known. */
import { bytesEqual, parseNote } from '@callbook/protocol';
import type { DirectoryContext } from './directory-context.ts';
import type { ClientErrorCode } from './errors.ts';
import { survive } from './failover.ts';
import { fetchText } from './member-call.ts';
import type { Member } from './member.ts';

/** Whether a member can be reached and follows the same charter. */
export interface MemberState {
  readonly member: Member;
  /** `other_charter`: the member answers but serves another charter than the newest known. */
  readonly state: 'ready' | 'other_charter' | 'failed';
  readonly code?: ClientErrorCode;
}

/** Asks every member for its charter; never throws for a member that fails. */
export function memberStates(context: DirectoryContext): Promise<MemberState[]> {
  return Promise.all(
    context.members.map(async (member): Promise<MemberState> => {
      try {
        const note = await fetchText(context.fetch, member, '/v1/charter');
        return { member, state: isNewest(context, note) ? 'ready' : 'other_charter' };
      } catch (error) {
        return { member, state: 'failed', code: survive(member, error).error.code };
      }
    }),
  );
}

function isNewest(context: DirectoryContext, noteText: string): boolean {
  const note = parseNote(noteText);
  if (note.verdict !== 'accept') return false;
  const textHash = context.crypto.sha256(new TextEncoder().encode(note.value.text));
  return bytesEqual(textHash, context.known.hash);
}
