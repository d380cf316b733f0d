/**
 * `callbook audit replay`: replays all logs and says whether every member has signed what they give.
 * Progress goes to standard error; the last line of standard output is the result.
 */
import { randomBytes } from 'node:crypto';
import { findingCodes, replayAndNote } from '@callbook/auditor';
import type { Finding, ReplayProgress, ReplayResult } from '@callbook/auditor';
import { openAuditSession } from '../audit-session.ts';
import type { AuditOptions } from '../audit-session.ts';
import { cliError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';

export interface ReplayCommandOptions extends AuditOptions {
  readonly threads?: string;
}

const threadsTyped = 16;

/** Replays once. */
export async function auditReplay(
  terminal: Terminal,
  options: ReplayCommandOptions,
): Promise<ExitCode> {
  const { report, path, configuration, crypto } = await openAuditSession(terminal, options);
  const { result } = await replayAndNote({
    path,
    foundingNote: configuration?.charterNote,
    offline: options.offline === true,
    crypto,
    nowMs: () => Date.now(),
    random: { bytes: (size) => new Uint8Array(randomBytes(size)) },
    threads: readThreads(options.threads),
    ...(terminal.showsProgress && { onProgress: progressBar((text) => terminal.err(text)) }),
  });
  if (terminal.showsProgress) terminal.err('\r\u001B[K');
  report.result(result, describeReplay(result));
  return exitCodeOf[result.verdict];
}

const exitCodeOf: Readonly<Record<ReplayResult['verdict'], ExitCode>> = {
  agree: exitCodes.ok,
  folded: exitCodes.ok,
  disagree: exitCodes.verifiedBad,
  incomplete: exitCodes.unavailable,
};

/** Reads the number of threads. Throws `usage`. */
function readThreads(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const threads = Number(text);
  if (Number.isInteger(threads) && threads >= 1 && threads <= threadsTyped) return threads;
  throw cliError('usage', `--threads is not a number from 1 to ${threadsTyped}`);
}

/** Lines for people: problems first, the verdict last. */
function describeReplay(result: ReplayResult): string[] {
  const { findings, violations, violationCount, logs, members } = result;
  return [
    ...findings.map(describeFinding),
    ...violations.slice(0, violationsShown).map(({ log, index, code }) => {
      return `${log} leaf ${index} contributes nothing: ${code}`;
    }),
    ...(violationCount > violationsShown ? [`… ${violationCount} such leaves in all`] : []),
    ...logs.map(({ origin, size }) => `${origin}  ${size} leaves`),
    ...members.map(({ member, outcome, root }) => {
      return `${member.padEnd(12)}  ${outcome}${root === null ? '' : `  ${root}`}`;
    }),
    lastLine(result),
  ];
}

const violationsShown = 20;

/** One line for a finding. */
export function describeFinding(finding: Finding): string {
  const { code, member, log, index, kind, evidence, convicts } = finding;
  const where = [
    ...(log === undefined ? [] : [log]),
    ...(index === undefined ? [] : [`leaf ${index}`]),
    ...(kind === undefined ? [] : [kind]),
  ].join(' ');
  const proof = evidence === undefined ? '' : `; evidence: ${evidence}`;
  const guilty = convicts.length === 0 ? '' : `; convicts ${convicts.join(', ')}`;
  const grave = finding.grave ? 'PROBLEM ' : 'note    ';
  return `${grave} ${member}: ${findingCodes[code]} (${code}${where && `, ${where}`})${proof}${guilty}`;
}

function lastLine({ verdict, root, members, bindings, findings }: ReplayResult): string {
  if (verdict === 'agree') return `all members agree, root ${root}`;
  if (verdict === 'folded') return `${bindings} bindings, root ${root}`;
  const grave = findings.find((finding) => finding.grave);
  if (verdict === 'disagree' && grave !== undefined) return describeFinding(grave);
  const silent = members.filter(({ isActive, outcome }) => isActive && outcome === 'uncompared');
  return `not compared: ${silent.map(({ member }) => member).join(', ')}; root ${root}`;
}

/** Draws a bar a few times a second: what is done, how fast, and how long it takes yet. */
function progressBar(write: (text: string) => void): (progress: ReplayProgress) => void {
  let drawnMs = 0;
  let begun: { readonly step: string; readonly ms: number } | undefined;
  return ({ step, done, total }) => {
    const nowMs = performance.now();
    if (begun?.step !== step) begun = { step, ms: nowMs };
    if (nowMs - drawnMs < drawEveryMs && done < total) return;
    drawnMs = nowMs;
    const share = total === 0 ? 1 : Math.min(1, done / total);
    const perSecond = done / Math.max(0.001, (nowMs - begun.ms) / 1000);
    const left = Math.ceil(Math.max(0, total - done) / Math.max(1, perSecond));
    const bar = '#'.repeat(Math.round(share * barWidth)).padEnd(barWidth, '.');
    const percent = String(Math.floor(share * 100)).padStart(3);
    const rate = `${Math.round(perSecond)} leaves/s, ${left} s left`;
    write(`\r\u001B[K${step.padEnd(8)} [${bar}] ${percent} %  ${rate}`);
  };
}

const barWidth = 30;
const drawEveryMs = 200;
