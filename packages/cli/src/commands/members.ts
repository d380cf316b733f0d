/** `callbook members`: who the charter names, and whether each can be reached and agrees on it. */
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { Session } from '../session.ts';

export async function members(session: Session): Promise<ExitCode> {
  const states = await session.directory.memberStates();
  for (const { member, state, code } of states) {
    const { name, organisation, api, zone } = member;
    session.report.result(
      { name, organisation, api, zone, state, ...(code === undefined ? {} : { code }) },
      [`${name.padEnd(12)}  ${(code ?? state).padEnd(20)}  ${api}  ${zone}  ${organisation}`],
    );
  }
  const ready = states.filter(({ state }) => state === 'ready').length;
  return ready >= session.directory.quorum ? exitCodes.ok : exitCodes.unavailable;
}
