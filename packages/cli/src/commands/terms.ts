/**
 * `callbook lock`, `unlock`, `recovery` and `email`: what a binding says about how it may be replaced.
 * Each is a rotate that keeps the keys.
 */
import { recoveryCommitment, type OwnershipTerms } from '@callbook/client';
import { bytesEqual, encodeRecoveryCode } from '@callbook/protocol';
import { openCodes, type CodeSourceOptions } from '../code-source.ts';
import { cliError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { journal, selectHeld, type HeldRecord } from '../journal.ts';
import type { KeyRecord } from '../key-file.ts';
import { writeIdentifier } from '../number.ts';
import type { Session } from '../session.ts';
import { describeSpan } from '../span.ts';
import { readEmail, readRecoveryCode } from './replace.ts';

export interface TermsOptions {
  readonly number?: string;
}

async function change(
  session: Session,
  record: HeldRecord,
  terms: OwnershipTerms,
): Promise<KeyRecord> {
  const { onProgress } = session;
  return journal(session, record, (savePending) =>
    session.directory.changeTerms(record.holding, terms, { onProgress, savePending }),
  );
}

export async function lock(session: Session, options: TermsOptions): Promise<ExitCode> {
  const record = await selectHeld(session, options.number);
  if (!record.holding.lock) await change(session, record, { lock: true });
  const { identifier } = record;
  const holdMs = session.directory.charter.holds.lockedMs;
  session.report.result({ identifier, state: 'locked', holdMs }, [
    `${writeIdentifier(identifier)} is locked.`,
    `Whoever requests it has to wait ${describeSpan(holdMs)} now, whatever they can show.`,
  ]);
  return exitCodes.ok;
}

export async function unlock(session: Session, options: TermsOptions): Promise<ExitCode> {
  const record = await selectHeld(session, options.number);
  if (record.holding.lock) await change(session, record, { lock: false });
  const { identifier } = record;
  const { unlockMs } = session.directory.charter.holds;
  const effectiveAtMs = record.holding.lock ? Date.now() + unlockMs : null;
  session.report.result({ identifier, state: 'unlocked', effectiveAtMs }, [
    effectiveAtMs === null
      ? `${writeIdentifier(identifier)} was not locked.`
      : `${writeIdentifier(identifier)} unlocks at ${new Date(effectiveAtMs).toISOString()}; until then it counts as locked.`,
  ]);
  return exitCodes.ok;
}

export interface RecoveryOptions extends TermsOptions {
  readonly print?: boolean;
}

/** Makes a code, has it typed back, and only then puts it in force: nobody else ever has it. */
export async function newRecoveryCode(
  session: Session,
  options: RecoveryOptions,
): Promise<ExitCode> {
  const print = options.print === true;
  if (!print && !session.terminal.interactive) {
    throw cliError('confirmation_missing', 'nobody is there to write the code down', {
      details: { option: '--print' },
    });
  }
  const record = await selectHeld(session, options.number);
  const { identifier } = record;
  const code = encodeRecoveryCode(globalThis.crypto.getRandomValues(new Uint8Array(16)));
  const recovery = recoveryCommitment(code, identifier);
  if (!print) await confirmCode(session, record, { code, recovery });
  await change(session, record, { recovery });
  session.report.result(
    { identifier, state: 'recovery_set', recovery, ...(print ? { recoveryCode: code } : {}) },
    // Alone, so that it can go to a file or a printer.
    print
      ? [code]
      : [
          `${writeIdentifier(identifier)} can be recovered with this code; the one before is void.`,
          'Keep it on paper, apart from the telephone and the key file.',
        ],
  );
  return exitCodes.ok;
}

async function confirmCode(
  session: Session,
  { identifier }: HeldRecord,
  of: { code: string; recovery: Uint8Array },
): Promise<void> {
  const { terminal } = session;
  terminal.err(`Write this down, it is shown once:\n\n  ${of.code}\n\n`);
  const typed = await terminal.ask('Type it back: ');
  if (!fits({ typed, identifier, recovery: of.recovery })) {
    throw cliError('recovery_code_unconfirmed', 'the code that was typed is another one');
  }
}

function fits(of: {
  typed: string;
  identifier: HeldRecord['identifier'];
  recovery: Uint8Array;
}): boolean {
  return bytesEqual(recoveryCommitment(of.typed, of.identifier), of.recovery);
}

export interface CheckOptions extends TermsOptions {
  /** `-` or a file. */
  readonly from: string;
}

/** Compares a code with what the binding commits to; asks no member. */
export async function checkRecoveryCode(
  session: Session,
  options: CheckOptions,
): Promise<ExitCode> {
  const { identifier, holding } = await selectHeld(session, options.number);
  const { recovery } = holding;
  if (recovery === null) throw cliError('recovery_missing', 'the number has no recovery code');
  const typed = (await readRecoveryCode(session, options.from)) ?? '';
  if (!fits({ typed, identifier, recovery })) {
    throw cliError('recovery_code_foreign', 'the code belongs to something else');
  }
  session.report.result({ identifier, state: 'recovery_matches' }, [
    `The code is the one of ${writeIdentifier(identifier)}.`,
  ]);
  return exitCodes.ok;
}

export interface EmailCommandOptions extends TermsOptions, CodeSourceOptions {
  readonly remove?: boolean;
}

/** Commits to an address after a code to it, or to none; the address itself is kept nowhere. */
export async function setEmail(
  session: Session,
  address: string | undefined,
  options: EmailCommandOptions,
): Promise<ExitCode> {
  if ((address === undefined) !== (options.remove === true)) {
    throw cliError('usage', 'give either an e-mail address or --remove');
  }
  const record = await selectHeld(session, options.number);
  const { identifier } = record;
  const email =
    address === undefined ? null : await commitTo(session, record, { address, options });
  await change(session, record, { email });
  const effectiveAtMs = Date.now() + session.directory.charter.holds.emailChangeMs;
  session.report.result(
    { identifier, state: email === null ? 'email_removed' : 'email_set', effectiveAtMs },
    [
      `${writeIdentifier(identifier)} commits to ${email === null ? 'no e-mail address' : 'this e-mail address'}.`,
      `It counts for requests from ${new Date(effectiveAtMs).toISOString()} on.`,
    ],
  );
  return exitCodes.ok;
}

async function commitTo(
  session: Session,
  record: HeldRecord,
  of: { address: string; options: EmailCommandOptions },
): Promise<Uint8Array> {
  const email = readEmail(of.address);
  const codes = openCodes(session.terminal, of.options);
  await codes.expectFresh();
  const { form, code } = codes;
  const { onProgress } = session;
  return session.directory.commitEmail(record.holding, { email, form, code, onProgress });
}
