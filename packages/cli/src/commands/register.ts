/** `callbook register`: claims a number, or continues a claim that a crash or an outage broke off. */
import { isClientError, type ClaimOptions } from '@callbook/client';
import type { Identifier, Visibility } from '@callbook/protocol';
import { openCodes, type Codes, type CodeSourceOptions } from '../code-source.ts';
import { cliError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { journal } from '../journal.ts';
import { newRecord, type KeyRecord } from '../key-file.ts';
import { writeIdentifier } from '../number.ts';
import { readRoute } from '../route-text.ts';
import type { Session } from '../session.ts';

export interface RegisterOptions extends CodeSourceOptions {
  readonly sip?: string;
  readonly visibility: Visibility;
}

export async function register(
  session: Session,
  number: string,
  options: RegisterOptions,
): Promise<ExitCode> {
  const identifier = await session.readIdentifier(number);
  const { visibility, sip } = options;
  const routes = sip === undefined ? [] : [readRoute(sip, 10)];
  const publication = { routes, visibility };
  return reportRegistered(
    session,
    await claimNumber(session, identifier, { ...options, publication }),
  );
}

export interface NumberClaim extends CodeSourceOptions {
  readonly publication: Pick<ClaimOptions, 'routes' | 'visibility'>;
}

/** Claims a number, or goes on with a claim; the key file is there before anybody is asked. */
export async function claimNumber(
  session: Session,
  identifier: Identifier,
  options: NumberClaim,
): Promise<KeyRecord> {
  await session.directory.walk();
  const known = await session.keys.read(identifier);
  if (known?.pending != null) return continuePending(session, known, options);
  if (known !== undefined && known.holding !== null) {
    throw cliError('holding_exists', 'the number is registered already');
  }
  const codes = openCodes(session.terminal, options);
  const record = known ?? newRecord(identifier, session.directory.charter.labelEpoch);
  const isNew = known === undefined;
  return claim(session, record, { publication: options.publication, codes, isNew });
}

async function claim(
  session: Session,
  record: KeyRecord,
  how: { publication: NumberClaim['publication']; codes: Codes; isNew: boolean },
): Promise<KeyRecord> {
  const { publication, codes } = how;
  const { identifier, seed } = record;
  // The key is on disk before anybody is told its public part.
  if (how.isNew) await session.keys.create(record);
  await codes.expectFresh();
  const { form, code } = codes;
  const signer = await session.signerFor(identifier);
  const claimOptions = { identifier, seed, signer, ...publication, form, code };
  const { onProgress } = session;
  try {
    return await journal(session, record, (savePending) =>
      session.directory.claim({ ...claimOptions, onProgress, savePending }),
    );
  } catch (error) {
    // Nothing was signed with the new key, and nothing will be while somebody holds the number.
    const held = isClientError(error) && error.code === 'identifier_held';
    if (held && how.isNew) await session.keys.discard(record);
    throw error;
  }
}

export async function continuePending(
  session: Session,
  record: KeyRecord,
  codeOptions: CodeSourceOptions,
): Promise<KeyRecord> {
  const { pending } = record;
  if (pending === null) return record;
  session.report.progress('continuing the entry that was signed before');
  const codes = openCodesIfAny(session, codeOptions);
  await codes?.expectFresh();
  return journal(session, record, (savePending) =>
    session.directory.resume(pending, {
      ...(codes === undefined ? {} : { challenge: codes }),
      onProgress: session.onProgress,
      savePending,
    }),
  );
}

/** A claim that is continued needs codes only when its challenges have been forgotten. */
export function openCodesIfAny(
  session: Session,
  codeOptions: CodeSourceOptions,
): Codes | undefined {
  const { codeFrom, codeStdin } = codeOptions;
  const given = codeFrom !== undefined || codeStdin === true || session.terminal.interactive;
  return given ? openCodes(session.terminal, codeOptions) : undefined;
}

export function reportRegistered(session: Session, record: KeyRecord): ExitCode {
  const { identifier, holding } = record;
  if (holding === null) throw new TypeError('a completed claim leaves a holding');
  const keyFile = session.keys.pathOf(identifier);
  const receipts = holding.receipts.map(({ origin }) => origin);
  session.report.result(
    {
      identifier,
      state: 'registered',
      epoch: holding.epoch,
      entryId: holding.entryId.toHex(),
      receipts,
      keyFile,
    },
    [
      `${writeIdentifier(identifier)} is registered: ${receipts.length} members have logged it.`,
      `Key file: ${keyFile}`,
      'Keep a copy of it: whoever has it controls the number.',
      `Next: callbook lookup ${writeIdentifier(identifier)}`,
    ],
  );
  return exitCodes.ok;
}
