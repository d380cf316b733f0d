/** Where an entry stands, asked of every member: each judges it by its own view. */
import { parseEntryStateAnswer, type EntryStateAnswer } from './api-answers.ts';
import type { DirectoryContext } from './directory-context.ts';
import { isClientError, type ClientErrorCode } from './errors.ts';
import { summariseFailures, survive, type MemberFailure } from './failover.ts';
import { callMember } from './member-call.ts';
import type { Member } from './member.ts';

/** What a member says of an entry, or that it does not know it, or why it cannot be asked. */
export type MemberEntryState =
  | ({ readonly member: string } & EntryStateAnswer)
  | { readonly member: string; readonly state: 'unknown' }
  | { readonly member: string; readonly state: 'failed'; readonly code: ClientErrorCode };

/**
 * Asks every member for the state of the entry with this id (32 bytes). Throws
 * `directory_unavailable` when no member answered.
 */
export async function entryState(
  context: DirectoryContext,
  entryId: Uint8Array,
): Promise<MemberEntryState[]> {
  const failures: MemberFailure[] = [];
  const states = await Promise.all(
    context.members.map(async (member): Promise<MemberEntryState> => {
      try {
        return await askEntryState(context, member, entryId);
      } catch (error) {
        const failure = survive(member, error);
        failures.push(failure);
        return { member: member.name, state: 'failed', code: failure.error.code };
      }
    }),
  );
  if (failures.length === states.length) throw summariseFailures(failures, 1);
  return states;
}

async function askEntryState(
  context: DirectoryContext,
  member: Member,
  entryId: Uint8Array,
): Promise<MemberEntryState> {
  try {
    const path = `/v1/entries/${entryId.toHex()}`;
    const json = await callMember(context.fetch, member, { method: 'GET', path });
    return { member: member.name, ...parseEntryStateAnswer(json) };
  } catch (error) {
    if (isClientError(error) && error.details['problemCode'] === 'entry_unknown') {
      return { member: member.name, state: 'unknown' };
    }
    throw error;
  }
}
