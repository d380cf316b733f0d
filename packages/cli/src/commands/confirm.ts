/**
 * `callbook confirm`: says that a number is still in use, by publishing the same once more. Not more
 * often than every 180 days: with very many holders confirmations are most of what members log.
 */
import { confirmEveryMs } from '@callbook/protocol';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { journal, selectHeld } from '../journal.ts';
import { writeIdentifier } from '../number.ts';
import { surveyOwn } from '../own-survey.ts';
import type { Session } from '../session.ts';

const dayMs = 86_400_000;
export interface ConfirmOptions {
  readonly now?: boolean;
}

export async function confirm(
  session: Session,
  number: string | undefined,
  options: ConfirmOptions,
): Promise<ExitCode> {
  const record = await selectHeld(session, number);
  const { identifier, holding } = record;
  const found = await surveyOwn(session, record);
  const changedAtMs = found.state === 'published' ? found.binding.changedAtMs : 0;
  const dueAtMs = changedAtMs + confirmEveryMs;
  if (options.now !== true && Date.now() < dueAtMs) {
    session.report.result({ identifier, state: 'confirmed', seq: holding.seq, dueAtMs }, [
      `${writeIdentifier(identifier)} needs no confirmation before ${new Date(dueAtMs).toISOString()}.`,
    ]);
    return exitCodes.ok;
  }
  const { onProgress } = session;
  const after = await journal(session, record, (savePending) =>
    session.directory.publish(holding, {}, { onProgress, savePending }),
  );
  const nextAtMs = Date.now() + confirmEveryMs;
  session.report.result(
    { identifier, state: 'confirmed', seq: after.holding?.seq, dueAtMs: nextAtMs },
    [`${writeIdentifier(identifier)} is confirmed; again after ${confirmEveryMs / dayMs} days.`],
  );
  return exitCodes.ok;
}
