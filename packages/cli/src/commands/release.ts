/** `callbook release`: gives a number up. Cannot be undone, so it wants to be confirmed. */
import { cliError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { journal, selectHeld, type HeldRecord } from '../journal.ts';
import { writeIdentifier } from '../number.ts';
import type { Session } from '../session.ts';

export interface ReleaseOptions {
  readonly number?: string;
  readonly yes?: boolean;
}

export async function release(session: Session, options: ReleaseOptions): Promise<ExitCode> {
  const record = await selectHeld(session, options.number);
  await confirmRelease(session, writeIdentifier(record.identifier), options);
  await releaseRecord(session, record);
  return exitCodes.ok;
}

/** Releases what a record holds, and puts its file aside. */
export async function releaseRecord(session: Session, record: HeldRecord): Promise<void> {
  const { identifier, holding } = record;
  const { onProgress } = session;
  let releaseId: Uint8Array = new Uint8Array(0);
  const released = await journal(session, record, async (savePending) => {
    releaseId = await session.directory.release(holding, { onProgress, savePending });
    return holding;
  });
  const entryId = releaseId.toHex();
  const keyFile = await session.keys.retire(released);
  const { releaseMs, lockedMs } = session.directory.charter.holds;
  const pauseHours = Math.ceil((holding.lock ? lockedMs : releaseMs) / 3_600_000);
  session.report.result({ identifier, state: 'released', entryId, pauseHours, keyFile }, [
    `${writeIdentifier(identifier)} is released.`,
    `It stays published for ${pauseHours} hours; then it is erased and anybody may claim it.`,
    `The key file was put aside: ${keyFile}`,
    `Whether it is erased: callbook status --entry ${entryId}`,
  ]);
}

/** Asks a person before what cannot be undone. Throws `confirmation_missing`. */
export async function confirmRelease(
  session: Session,
  number: string,
  options: Pick<ReleaseOptions, 'yes'>,
): Promise<void> {
  if (options.yes === true) return;
  if (!session.terminal.interactive) {
    throw cliError('confirmation_missing', 'a release cannot be undone and was not confirmed');
  }
  const answer = await session.terminal.ask(`Release ${number}? This cannot be undone. [y/N] `);
  if (!/^y(es)?$/i.test(answer.trim())) {
    throw cliError('confirmation_missing', 'the release was not confirmed');
  }
}
