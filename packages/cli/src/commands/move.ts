/**
 * `callbook move`: to a new number. The new one is registered with keys of its own and the same routes,
 * then the old one is released; the log says nothing that links them. Broken off between the two, the
 * same command goes on with the release.
 */
import { holdingPayload } from '@callbook/client';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { selectHeld } from '../journal.ts';
import type { CodeSourceOptions } from '../code-source.ts';
import type { Session } from '../session.ts';
import { claimNumber, reportRegistered } from './register.ts';
import { confirmRelease, releaseRecord } from './release.ts';
import { writeIdentifier } from '../number.ts';

export interface MoveOptions extends CodeSourceOptions {
  readonly yes?: boolean;
}

export async function move(
  session: Session,
  from: { old: string; new: string },
  options: MoveOptions,
): Promise<ExitCode> {
  const record = await selectHeld(session, from.old);
  await confirmRelease(session, writeIdentifier(record.identifier), options);
  const identifier = await session.readIdentifier(from.new);
  const known = await session.keys.read(identifier);
  if (known?.holding == null || known.pending !== null) {
    const { routes, visibility } = holdingPayload(record.holding);
    const publication = { routes, visibility };
    reportRegistered(session, await claimNumber(session, identifier, { ...options, publication }));
  }
  await releaseRecord(session, record);
  return exitCodes.ok;
}
