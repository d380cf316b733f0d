/**
 * `callbook replace`: takes a number over whose key is lost. Days lie between its steps, so every run
 * looks where the key file says it stands and goes on from there: request, hold, commit.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Holding, Replacement, ReplacementStanding } from '@callbook/client';
import {
  DirectoryError,
  parseIdentifier,
  type Identifier,
  type Visibility,
} from '@callbook/protocol';
import { openCodes, readLine, type CodeSourceOptions } from '../code-source.ts';
import { cliError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { describeSpan } from '../span.ts';
import { isRefused, journal } from '../journal.ts';
import { newRecord, type KeyRecord } from '../key-file.ts';
import { writeIdentifier } from '../number.ts';
import { readRoute } from '../route-text.ts';
import type { Session } from '../session.ts';
import { continuePending, openCodesIfAny } from './register.ts';
import { isSuperseded } from './status.ts';

export interface ReplaceOptions extends CodeSourceOptions {
  /** `-` for standard input or the terminal, else a file; never the code itself. */
  readonly recoveryCode?: string;
  readonly email?: string;
  readonly sip?: string;
  readonly visibility: Visibility;
  readonly wait?: boolean;
  readonly again?: boolean;
}

/** How long a wait sleeps before it looks whether the holder has vetoed. */
const waitPollMsMax = 30_000;
const waitPollMsMin = 500;

export async function replace(
  session: Session,
  number: string,
  options: ReplaceOptions,
): Promise<ExitCode> {
  const identifier = await session.readIdentifier(number);
  let record = await recordToReplace(session, identifier);
  if (record.pending !== null) {
    return reportTaken(session, await continuePending(session, record, options));
  }
  record = await withRequest(session, record, options);
  for (;;) {
    const { replacement } = record;
    if (replacement === null) throw new TypeError('a request leaves a replacement');
    const standing = await session.directory.replacementStanding(replacement);
    if (standing.state !== 'holding' && standing.state !== 'unknown') break;
    const fromMs = standing.state === 'holding' ? standing.commitFromMs : replacement.commitFromMs!;
    if (options.wait !== true) return reportHold(session, record, fromMs);
    const leftMs = fromMs - Date.now();
    session.report.progress(`the hold ends in ${describeSpan(leftMs)}`);
    await sleep(Math.min(waitPollMsMax, Math.max(waitPollMsMin, leftMs)));
  }
  return reportTaken(session, await commit(session, record, options));
}

/** The record of a claimant; the file of a key that is not in force any more is put aside. */
async function recordToReplace(session: Session, identifier: Identifier): Promise<KeyRecord> {
  await session.directory.walk();
  const known = await session.keys.read(identifier);
  if (known?.holding != null) {
    if (!(await isReplaced(session, known.holding))) {
      throw cliError('holding_exists', 'the key in the key file is the one in force');
    }
    await session.keys.retire(known, 'replaced');
  } else if (known !== undefined) {
    return known;
  }
  const record = newRecord(identifier, session.directory.charter.labelEpoch);
  // The key is on disk before anybody is told its public part.
  await session.keys.create(record);
  return record;
}

/** "Absent" may be a payload that is missing for a moment: then the holding's own entry says it. */
async function isReplaced(session: Session, holding: Holding): Promise<boolean> {
  const { epoch, identifier, ownershipId } = holding;
  const found = await session.directory.survey(identifier);
  if (found.state === 'absent') {
    return isSuperseded(holding, await session.directory.entryState(ownershipId));
  }
  if (found.binding.epoch < epoch) return false;
  return found.binding.ownershipId.toHex() !== ownershipId.toHex();
}

async function withRequest(
  session: Session,
  record: KeyRecord,
  options: ReplaceOptions,
): Promise<KeyRecord> {
  const { replacement } = record;
  if (replacement === null) return request(session, record, options);
  if (replacement.commitFromMs === null) return continueRequest(session, record, options);
  const standing = await session.directory.replacementStanding(replacement);
  const over = standing.state === 'vetoed' || standing.state === 'superseded';
  return over && options.again === true ? request(session, record, options) : record;
}

async function request(
  session: Session,
  record: KeyRecord,
  options: ReplaceOptions,
): Promise<KeyRecord> {
  const { identifier, seed, requests: attempt } = record;
  const recoveryCode = await readRecoveryCode(session, options.recoveryCode);
  const codes = openCodes(session.terminal, options);
  await codes.expectFresh();
  const email = options.email === undefined ? undefined : readEmail(options.email);
  const byCode = recoveryCode === undefined ? ('possession' as const) : ('recovery' as const);
  const journaled = journalOf(session, { ...record, requests: attempt + 1 });
  const asked = session.directory.replace({
    identifier,
    seed,
    signer: await session.signerFor(identifier),
    requestClass: email === undefined ? byCode : 'email',
    attempt,
    form: codes.form,
    code: codes.code,
    ...(recoveryCode === undefined ? {} : { recoveryCode }),
    ...(email === undefined ? {} : { email }),
    onProgress: session.onProgress,
    save: journaled.save,
  });
  await asked.catch(async (error: unknown) => {
    if (!journaled.isSaved() || isRefused(error)) await undo(session, record);
    throw error;
  });
  return journaled.record();
}

/** Nobody has logged the request: the file is as before, or gone if its key has signed nothing. */
async function undo(session: Session, before: KeyRecord): Promise<void> {
  if (before.requests === 0) await session.keys.discard(before);
  else await session.keys.update(before);
}

async function continueRequest(
  session: Session,
  record: KeyRecord,
  options: ReplaceOptions,
): Promise<KeyRecord> {
  const { replacement } = record;
  if (replacement === null) return record;
  session.report.progress('continuing the request that was signed before');
  // It needs codes only when its challenges have been forgotten; nobody may be there to type them.
  const codes = openCodesIfAny(session, options);
  await codes?.expectFresh();
  const journaled = journalOf(session, record);
  const asked = session.directory.replace({
    ...replacement,
    replacement,
    ...(codes ?? { form: 'digits', code: nobody }),
    ...(options.email === undefined ? {} : { email: readEmail(options.email) }),
    onProgress: session.onProgress,
    save: journaled.save,
  });
  await asked.catch(async (error: unknown) => {
    if (isRefused(error)) {
      await undo(session, { ...record, replacement: null, requests: record.requests - 1 });
    }
    throw error;
  });
  return journaled.record();
}

/** Keeps the replacement in the key file: it is there before a member sees the request. */
function journalOf(session: Session, before: KeyRecord) {
  let record = before;
  return {
    record: () => record,
    isSaved: () => record !== before,
    save: async (replacement: Replacement): Promise<void> => {
      const next = { ...record, replacement };
      await session.keys.update(next);
      record = next;
    },
  };
}

async function commit(
  session: Session,
  record: KeyRecord,
  options: ReplaceOptions,
): Promise<KeyRecord> {
  const { replacement } = record;
  if (replacement === null) throw new TypeError('a request leaves a replacement');
  const codes = openCodes(session.terminal, options);
  await codes.expectFresh();
  const { form, code } = codes;
  const signer = await session.signerFor(record.identifier);
  return journal(session, record, async (savePending) => {
    const step = await session.directory.replace({
      ...replacement,
      signer,
      replacement,
      form,
      code,
      routes: options.sip === undefined ? [] : [readRoute(options.sip, 10)],
      visibility: options.visibility,
      onProgress: session.onProgress,
      savePending,
    });
    if (step.state === 'taken') return step.holding;
    // Members have changed their mind since they were asked a moment ago: a lock has been seen.
    const details = { fromMs: step.commitFromMs };
    throw new DirectoryError('hold_pending', 'the hold has become longer', { details });
  });
}

function nobody(): Promise<string> {
  return Promise.reject(cliError('code_missing', 'nobody is there to type the code'));
}

/** Reads a recovery code from `-` (terminal or standard input) or a file. */
export async function readRecoveryCode(
  { terminal }: Session,
  from: string | undefined,
): Promise<string | undefined> {
  if (from === undefined) return undefined;
  if (from !== '-') {
    return readFile(from, 'utf8').catch((cause: unknown) => {
      throw cliError('code_missing', 'cannot read the file of the recovery code', { cause });
    });
  }
  return terminal.interactive
    ? terminal.ask('Recovery code: ')
    : readLine(terminal, 'a recovery code');
}

/** Reads `user@domain` or `mailto:user@domain`. Throws `usage`. */
export function readEmail(text: string): Identifier {
  const parsed = parseIdentifier(text.startsWith('mailto:') ? text : `mailto:${text}`);
  if (parsed.verdict === 'accept') return parsed.value;
  throw cliError('usage', 'the e-mail address is none that a code can be sent to');
}

function reportHold(session: Session, record: KeyRecord, fromMs: number): ExitCode {
  const { identifier, replacement } = record;
  const number = writeIdentifier(identifier);
  const leftMs = Math.max(0, fromMs - Date.now());
  const requestId = replacement?.requestId.toHex();
  const keyFile = session.keys.pathOf(identifier);
  session.report.result(
    {
      identifier,
      state: 'holding' satisfies ReplacementStanding['state'],
      requestId,
      fromMs,
      keyFile,
    },
    [
      `${number} is requested. Its holder has ${describeSpan(leftMs)} to object.`,
      `From ${new Date(fromMs).toISOString()} on: callbook replace ${number}`,
      `Key file: ${keyFile}`,
    ],
  );
  return exitCodes.actionNeeded;
}

function reportTaken(session: Session, record: KeyRecord): ExitCode {
  const { identifier, holding } = record;
  if (holding === null) throw new TypeError('a completed commit leaves a holding');
  const number = writeIdentifier(identifier);
  const keyFile = session.keys.pathOf(identifier);
  const entryId = holding.entryId.toHex();
  session.report.result({ identifier, state: 'taken', epoch: holding.epoch, entryId, keyFile }, [
    `${number} is yours: ${holding.receipts.length} members have logged it.`,
    `Key file: ${keyFile}`,
    'Keep a copy of it, and make a recovery code: callbook recovery new',
  ]);
  return exitCodes.ok;
}
