/** `callbook veto`: says no to whoever wants to take over a number that is held here. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isClientError } from '@callbook/client';
import type { PendingRequest } from '@callbook/protocol';
import { openCodes, type CodeSourceOptions } from '../code-source.ts';
import { cliError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { journal, selectHeld, type HeldRecord } from '../journal.ts';
import { writeIdentifier } from '../number.ts';
import type { Session } from '../session.ts';

export interface VetoCommandOptions extends CodeSourceOptions {
  /** Proves control of the number as well: such a veto defeats every request. */
  readonly withCode?: boolean;
}

/** How long members may take to tell that a request is gone: they read each other's logs. */
const effectMsMax = 10_000;
const effectPollMs = 200;

export async function veto(
  session: Session,
  number: string | undefined,
  options: VetoCommandOptions,
): Promise<ExitCode> {
  const record = await selectHeld(session, number);
  const requests = await session.directory.pendingAgainst(record.holding);
  await vetoAll(session, record, { requests, options });
  const { identifier } = record;
  const vetoed = requests.map(({ requestId }) => requestId.toHex());
  session.report.result({ identifier, state: 'vetoed', vetoed }, [
    vetoed.length === 0
      ? `Nobody has requested ${writeIdentifier(identifier)}.`
      : `${writeIdentifier(identifier)} stays yours: ${vetoed.length} vetoed.`,
    ...(vetoed.length === 0 ? [] : ['Expect another request? Lock the number: callbook lock']),
  ]);
  return exitCodes.ok;
}

/** Vetoes `requests`; throws `veto_ineffective` while one of them still stands afterwards. */
export async function vetoAll(
  session: Session,
  record: HeldRecord,
  of: { requests: readonly PendingRequest[]; options: VetoCommandOptions },
): Promise<void> {
  const { requests, options } = of;
  const codes = usesCodes(options) ? openCodes(session.terminal, options) : undefined;
  for (const { requestId } of requests) {
    await codes?.expectFresh();
    const journalled = journal(session, record, async (savePending) => {
      await session.directory.veto(record.holding, requestId, {
        // A veto without codes may have been logged before: another attempt is another entry.
        ...(codes === undefined ? {} : { challenge: codes, attempt: 1 }),
        onProgress: session.onProgress,
        savePending,
      });
      return record.holding;
    });
    await journalled.catch(needsCodes);
  }
  await assertGone(session, record, requests);
}

/** Members do not log a veto by key alone of a request that it cannot defeat. */
function needsCodes(cause: unknown): never {
  const refused = isClientError(cause) && cause.details['problemCode'];
  if (refused !== 'challenged_leaves_missing') throw cause;
  throw cliError('veto_ineffective', 'the key alone does not defeat this request', { cause });
}

function usesCodes({ withCode, codeFrom, codeStdin }: VetoCommandOptions): boolean {
  return withCode === true || codeFrom !== undefined || codeStdin === true;
}

async function assertGone(
  session: Session,
  record: HeldRecord,
  requests: readonly PendingRequest[],
): Promise<void> {
  const vetoed = new Set(requests.map(({ requestId }) => requestId.toHex()));
  const deadlineMs = performance.now() + effectMsMax;
  while (vetoed.size > 0) {
    const left = await session.directory.pendingAgainst(record.holding);
    if (!left.some(({ requestId }) => vetoed.has(requestId.toHex()))) return;
    if (performance.now() > deadlineMs) {
      throw cliError('veto_ineffective', 'members still tell of a request that was vetoed');
    }
    await sleep(effectPollMs);
  }
}
