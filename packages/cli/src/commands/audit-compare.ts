/**
 * `callbook audit compare`: every copy of every log at every member, and numbers that the auditor may ask
 * about: those held in its own key files, which are its canaries, and those it is given.
 */
import { randomBytes } from 'node:crypto';
import { compareMembers, compareNumbers, Findings, replay } from '@callbook/auditor';
import { openAuditSession } from '../audit-session.ts';
import type { AuditOptions } from '../audit-session.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { openSession } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { describeFinding } from './audit-replay.ts';

export interface CompareCommandOptions extends AuditOptions {
  readonly canaries?: boolean;
}

/** Compares once. */
export async function auditCompare(
  terminal: Terminal,
  numbers: readonly string[],
  options: CompareCommandOptions,
): Promise<ExitCode> {
  const { report, path, configuration, crypto } = await openAuditSession(terminal, options);
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
  const held = options.canaries === true ? await session.keys.readAll() : [];
  const identifiers = [...new Set([...named, ...held.map(({ identifier }) => identifier)])];
  const compared = await compareNumbers(identifiers, { directory: session.directory, findings });
  const all = [...replayed.findings, ...findings.all()];
  report.result({ verdict: replayed.verdict, bundles, numbers: compared, findings: all }, [
    ...all.map(describeFinding),
    `${bundles} copies of bundles are those that the logs have signed, but for what is named above`,
    ...compared.map(({ place, state, lookups, zones, members }) => {
      return `number ${place}  ${state}: ${lookups} of ${members} look-ups and ${zones} of ${members} zones say so`;
    }),
  ]);
  return all.some(({ grave }) => grave) ? exitCodes.verifiedBad : exitCodes.ok;
}
