/**
 * `callbook audit canary add|list|check`: numbers that the auditor registers like anybody else, and looks
 * for at every member, by look-up, proof and DNS.
 */
import { canariesMax, compareNumbers, Findings } from '@callbook/auditor';
import type { ComparedNumber } from '@callbook/auditor';
import { openAuditSession } from '../audit-session.ts';
import type { AuditOptions } from '../audit-session.ts';
import { canaryKeys, numbersContext, readCanaries } from '../canaries.ts';
import type { AskingOptions } from '../canaries.ts';
import { cliError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { writeIdentifier } from '../number.ts';
import { openSession } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { describeFinding } from './audit-replay.ts';
import { register } from './register.ts';
import type { RegisterOptions } from './register.ts';

export interface CanaryOptions extends AuditOptions {
  readonly member?: string;
}

/** Claims a number, or goes on with a claim that broke off, and keeps its key in the folder. */
export async function canaryAdd(
  terminal: Terminal,
  number: string,
  options: CanaryOptions & RegisterOptions,
): Promise<ExitCode> {
  const { path } = await openAuditSession(terminal, options);
  const keys = canaryKeys(path);
  const first = options.member === undefined ? [] : [options.member];
  const session = await openSession(terminal, options, first);
  const known = await keys.readAll();
  const identifier = await session.readIdentifier(number);
  const isNew = known.every((record) => record.identifier !== identifier);
  if (isNew && known.length >= canariesMax) {
    throw cliError('usage', `an audit has at most ${canariesMax} canaries`);
  }
  return await register({ ...session, keys }, number, options);
}

/** Lists them in the order in which findings name them. */
export async function canaryList(terminal: Terminal, options: AuditOptions): Promise<ExitCode> {
  const { report, path } = await openAuditSession(terminal, { ...options, offline: true });
  const canaries = await readCanaries(path);
  const listed = canaries.map(({ identifier, holding }, place) => {
    return { name: `canary_${place}`, identifier, entryId: holding!.entryId.toHex() };
  });
  report.result(
    { canaries: listed },
    listed.length === 0
      ? ['no canary yet: callbook audit canary add']
      : listed.map(({ name, identifier }) => `${name}  ${writeIdentifier(identifier)}`),
  );
  return exitCodes.ok;
}

/** Looks for all of them. Exit status 3 says that one is not what the auditor has published. */
export async function canaryCheck(
  terminal: Terminal,
  options: AuditOptions & AskingOptions,
): Promise<ExitCode> {
  const session = await openAuditSession(terminal, options);
  const findings = new Findings();
  const context = await numbersContext(session, findings, options);
  const compared = await compareNumbers(await readCanaries(session.path), context);
  const found = findings.all();
  session.report.result({ canaries: compared, findings: found }, [
    ...found.map(describeFinding),
    ...compared.map(describeNumber),
  ]);
  return findings.hasGrave ? exitCodes.verifiedBad : exitCodes.ok;
}

/** One line for a number. */
export function describeNumber(number: ComparedNumber): string {
  const { name, state, lookups, zones, resolved, members } = number;
  const byResolver = resolved === null ? '' : `, ${resolved} by the resolver`;
  return `${name}  ${state}: ${lookups} of ${members} look-ups and ${zones} of ${members} zones say so${byResolver}`;
}
