/**
 * `callbook audit watch`: replays until it is stopped, tells what is new, writes the report, and cosigns
 * checkpoints for whoever asks. Its exit status is that of the worst it has seen.
 */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import {
  auditedMembers,
  CacheFolder,
  compareNumbers,
  Findings,
  readHistory,
  reportPage,
  startWitnessServer,
  storedCharters,
  transparencyOf,
  watch,
  Witness,
} from '@callbook/auditor';
import type { WatchedRun } from '@callbook/auditor';
import { encodeVerifierKey } from '@callbook/protocol';
import type { Cryptography } from '@callbook/protocol';
import { openAuditSession } from '../audit-session.ts';
import type { AuditOptions, AuditSession } from '../audit-session.ts';
import { numbersContext, readCanaries } from '../canaries.ts';
import type { AskingOptions } from '../canaries.ts';
import { cliError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';
import { describeFinding } from './audit-replay.ts';

export interface ReportCommandOptions extends AuditOptions {
  readonly report?: string;
  readonly transparency?: string;
}

export interface WatchAuditOptions extends ReportCommandOptions, AskingOptions {
  readonly every: string;
  readonly webhook?: string;
  readonly untilProblem?: boolean;
  readonly witnessKey?: string;
  readonly witnessListen: string;
}

const everySecondsMax = 86_400;

/** Runs until it is stopped. */
export async function auditWatch(
  terminal: Terminal,
  options: WatchAuditOptions,
): Promise<ExitCode> {
  const session = await openAuditSession(terminal, options);
  const { report, path, configuration, crypto } = session;
  await using resources = new AsyncDisposableStack();
  resources.use(await openWitness(session, options));
  const runs = watch({
    path,
    foundingNote: configuration?.charterNote,
    crypto,
    nowMs: () => Date.now(),
    random: { bytes: (size) => new Uint8Array(randomBytes(size)) },
    everyMs: readEvery(options.every) * 1000,
    signal: terminal.stopped,
    webhook: options.webhook,
    endsOnProblem: options.untilProblem === true,
    inspect: async (findings) => await inspectCanaries(session, findings, options),
  });
  let worst: ExitCode = exitCodes.ok;
  for await (const run of runs) {
    if ('error' in run) {
      report.error(run.error);
      if (worst === exitCodes.ok) worst = exitCodes.unavailable;
      continue;
    }
    if (run.result.verdict === 'disagree') worst = exitCodes.verifiedBad;
    report.result(summaryOf(run), [
      ...run.news.map(describeFinding),
      `${new Date().toISOString()} ${run.result.verdict}, root ${run.result.root}, ${run.result.leaves} new leaves`,
    ]);
    await writeReports(session, options);
  }
  return worst;
}

/** Canaries that are added while it runs are looked for from the next run on. */
async function inspectCanaries(
  session: AuditSession,
  findings: Findings,
  options: AskingOptions,
): Promise<void> {
  const canaries = await readCanaries(session.path);
  if (canaries.length === 0) return;
  await compareNumbers(canaries, await numbersContext(session, findings, options));
}

function summaryOf({ result, news }: WatchedRun): object {
  const { verdict, root, bindings, leaves } = result;
  return { verdict, root, bindings, leaves, news };
}

/** `callbook audit report`: from what the runs have remembered; asks nobody. */
export async function auditReport(
  terminal: Terminal,
  options: ReportCommandOptions,
): Promise<ExitCode> {
  const session = await openAuditSession(terminal, { ...options, offline: true });
  const out = options.report ?? 'audit-report.html';
  const bytes = await writeReports(session, { ...options, report: out });
  if (bytes === undefined) throw cliError('usage', 'there was no audit yet: callbook audit replay');
  session.report.result({ report: out, bytes }, [`${out}: ${bytes} bytes`]);
  return exitCodes.ok;
}

/** Writes what is asked for; returns the size of the page, undefined where there is nothing to tell. */
async function writeReports(
  { path, crypto }: AuditSession,
  options: ReportCommandOptions,
): Promise<number | undefined> {
  const folder = new CacheFolder(path);
  const history = readHistory(folder);
  if (history.runs.length === 0) return undefined;
  const transparency = transparencyOf(history, storedCharters({ folder, crypto }))!;
  const page = reportPage(transparency, history);
  try {
    if (options.report !== undefined) await writeFile(options.report, page);
    if (options.transparency !== undefined) {
      await writeFile(options.transparency, `${JSON.stringify(transparency, null, 1)}\n`);
    }
  } catch (cause) {
    throw cliError('output_unwritable', 'the report cannot be written', { cause });
  }
  return Buffer.byteLength(page);
}

/** Reads the seconds between two replays. Throws `usage`. */
function readEvery(text: string): number {
  const seconds = Number(text);
  if (seconds >= 1 && seconds <= everySecondsMax) return seconds;
  throw cliError('usage', `--every is not a number of seconds from 1 to ${everySecondsMax}`);
}

/** Opens the witness, where there is a key for it. */
async function openWitness(
  session: AuditSession,
  options: WatchAuditOptions,
): Promise<AsyncDisposable> {
  if (options.witnessKey === undefined) return { [Symbol.asyncDispose]: async () => undefined };
  const { path, crypto, configuration, report } = session;
  const cosigner = await readWitnessKey(options.witnessKey, crypto);
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(options.witnessListen) ?? [];
  if (host === undefined) throw cliError('usage', '--witness-listen is not an address and a port');
  const folder = new CacheFolder(path);
  storedCharters({ folder, crypto }, configuration?.charterNote);
  const findings = new Findings();
  const witness = new Witness({
    path,
    cosigner,
    crypto,
    nowMs: () => Date.now(),
    members: () => auditedMembers(storedCharters({ folder, crypto }).current.charter),
    findings,
  });
  const server = await startWitnessServer(witness, { host, port: Number(port) });
  const { name, signer } = cosigner;
  const key = encodeVerifierKey({ name, publicKey: signer.publicKey, algorithm: 0x04 }, crypto);
  report.result({ witness: key, port: server.port }, [
    `witness ${key} listens on ${host}:${server.port}`,
  ]);
  return server;
}

/** A line `name hex`: the name of the key, and the 32 bytes of the secret. */
async function readWitnessKey(path: string, crypto: Cryptography) {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw cliError('input_unreadable', 'the key of the witness cannot be read', { cause });
  });
  const [, name, hex] = /^([^\s+]{1,128}) ([0-9a-f]{64})\s*$/.exec(text) ?? [];
  if (name === undefined || hex === undefined) {
    throw cliError('usage', 'the key of the witness is not a name and 64 hexadecimal digits');
  }
  return { name, signer: crypto.ed25519Signer(Uint8Array.fromHex(hex)) };
}
