/**
 * `callbook audit compare`: every copy of every log at every member, and numbers that the auditor may ask
 * about: its canaries, and those it is given.
 */
import { randomBytes } from 'node:crypto';
import { compareMembers, compareNumbers, Findings, replay } from '@callbook/auditor';
import { openAuditSession } from '../audit-session.ts';
import type { AuditOptions } from '../audit-session.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { numbersContext, readCanaries } from '../canaries.ts';
import type { AskingOptions } from '../canaries.ts';
import { openSession } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { describeNumber } from './audit-canary.ts';
import { describeFinding } from './audit-replay.ts';

export interface CompareCommandOptions extends AuditOptions, AskingOptions {
  readonly canaries?: boolean;
}

/** Compares once. */
export async function auditCompare(
  terminal: Terminal,
  numbers: readonly string[],
  options: CompareCommandOptions,
): Promise<ExitCode> {
  const opened = await openAuditSession(terminal, options);
  const { report, path, configuration, crypto } = opened;
  const audit = {
    path,
    foundingNote: configuration?.charterNote,
    crypto,
    nowMs: () => Date.now(),
    random: { bytes: (size: number) => new Uint8Array(randomBytes(size)) },
  };
  const replayed = await replay(audit);
  const findings = new Findings();
  const { bundles } = await compareMembers({ ...audit, findings });
  const session = await openSession(terminal, options);
  const named = await Promise.all(numbers.map((number) => session.readIdentifier(number)));
  const given = [...new Set(named)].map((identifier) => ({ identifier }));
  const canaries = options.canaries === true ? await readCanaries(path) : [];
  const context = await numbersContext(opened, findings, options);
  const compared = await compareNumbers([...canaries, ...given], context);
  const all = [...replayed.findings, ...findings.all()];
  report.result({ verdict: replayed.verdict, bundles, numbers: compared, findings: all }, [
    ...all.map(describeFinding),
    `${bundles} copies of bundles are those that the logs have signed, but for what is named above`,
    ...compared.map(describeNumber),
  ]);
  return all.some(({ grave }) => grave) ? exitCodes.verifiedBad : exitCodes.ok;
}
