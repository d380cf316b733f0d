/** `callbook status --watch`: prints what changes, and says no to whoever wants a number, if told to. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isClientError } from '@callbook/client';
import { cliError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { selectHeld } from '../journal.ts';
import type { KeyRecord } from '../key-file.ts';
import { writeIdentifier } from '../number.ts';
import type { Session } from '../session.ts';
import { describeRecord, selectRecords } from './status.ts';
import { vetoAll } from './veto.ts';

export interface WatchOptions {
  readonly veto?: boolean;
  /** Seconds between two looks, 1 to 86 400. */
  readonly every: number;
}

const everyMax = 86_400;

/** Reads the seconds between two looks. Throws `usage`. */
export function readEvery(text: string): number {
  const seconds = Number(text);
  if (seconds >= 1 && seconds <= everyMax) return seconds;
  throw cliError('usage', `--every is not a number of seconds from 1 to ${everyMax}`);
}

/** Runs until it is stopped, or until every number that it watches is gone. */
export async function watchStatus(
  session: Session,
  number: string | undefined,
  options: WatchOptions,
): Promise<ExitCode> {
  const shown = new Map<string, string>();
  for (;;) {
    const records = await selectRecords(session, number);
    if (records.length === 0) return exitCodes.ok;
    for (const record of records) await look(session, record, { shown, options });
    await sleep(options.every * 1000);
  }
}

async function look(
  session: Session,
  record: KeyRecord,
  of: { shown: Map<string, string>; options: WatchOptions },
): Promise<void> {
  const { shown, options } = of;
  try {
    const { value, lines } = await describeRecord(session, record);
    const text = timeless(lines);
    if (shown.get(record.identifier) !== text) session.report.result(value, lines);
    shown.set(record.identifier, text);
    if (options.veto === true && record.holding !== null) await vetoWhatIsThere(session, record);
  } catch (error) {
    // A night without network must not end the watch.
    if (!isClientError(error)) throw error;
    if (shown.get(record.identifier) !== error.code) session.report.error(error);
    shown.set(record.identifier, error.code);
  }
}

/** The lines without the time that is left, which changes by itself. */
function timeless(lines: readonly string[]): string {
  return lines.join('\n').replaceAll(/\d+ (d|h|min|s)\b/g, '');
}

async function vetoWhatIsThere(session: Session, record: KeyRecord): Promise<void> {
  const { identifier, holding } = record;
  if (holding === null || (await session.directory.pendingAgainst(holding)).length === 0) return;
  const held = await selectHeld(session, identifier);
  const requests = await session.directory.pendingAgainst(held.holding);
  await vetoAll(session, held, { requests, options: {} });
  const vetoed = requests.map(({ requestId }) => requestId.toHex());
  session.report.result({ identifier, state: 'vetoed', vetoed }, [
    `${writeIdentifier(identifier)} stays yours: ${vetoed.length} vetoed.`,
  ]);
}
