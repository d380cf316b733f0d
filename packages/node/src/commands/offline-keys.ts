/**
 * The commands for a KSK on another machine: the member asks, that machine signs, the member takes
 * what was signed. Only the files named on the command line travel; no private key does.
 */
import { Argument, InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import {
  encodePresignedKeys,
  encodeSigningRequest,
  exportSigningRequest,
  importPresignedKeys,
  openKeyFolder,
  parseSigningRequest,
  signRequestWith,
} from '@callbook/dns';
import type { PresignedKeys, SigningRequest } from '@callbook/dns';
import { systemClock } from '../system-ports.ts';
import { openMemberPlace, readInput, writeOutput } from './key-place.ts';
import { isoTime } from './key-report.ts';
import type { Report } from './key-report.ts';

const dayMs = 86_400_000;

type WriteReport = (options: { readonly json?: boolean }, report: Report) => void;

/** Adds `export-request`, `sign-request` and `import`. */
export function addOfflineCommands(keys: Command, report: WriteReport): void {
  keys
    .command('export-request')
    .description('ask the machine with the KSK for signatures; makes the ZSKs of that time')
    .requiredOption('--config <file>', 'configuration (YAML)')
    .requiredOption('--out <file>', 'request to write')
    .option('--days <number>', 'how long the signatures are to last', wholeNumber, 100)
    .option('--period-days <number>', 'for how long one signature is good', wholeNumber, 14)
    .option('--slack-days <number>', 'how much longer each key stays around', wholeNumber, 3)
    .option('--json', 'one JSON object')
    .action(async (options: ExportOptions) => report(options, await exportRequest(options)));

  keys
    .command('sign-request')
    .description('sign a request with the KSKs of a folder; needs no configuration and no network')
    .addArgument(new Argument('<file>', 'request of a member'))
    .requiredOption('--folder <folder>', 'folder with the KSKs')
    .requiredOption('--out <file>', 'pre-signed keys to write')
    .option('--json', 'one JSON object')
    .action(async (file: string, options: SignOptions) =>
      report(options, await signFile(file, options)),
    );

  keys
    .command('import')
    .description('take pre-signed keys into use')
    .addArgument(new Argument('<file>', 'pre-signed keys'))
    .requiredOption('--config <file>', 'configuration (YAML)')
    .option('--json', 'one JSON object')
    .action(async (file: string, options: ImportOptions) =>
      report(options, await importFile(file, options)),
    );
}

interface ExportOptions {
  readonly config: string;
  readonly out: string;
  readonly days: number;
  readonly periodDays: number;
  readonly slackDays: number;
  readonly json?: boolean;
}
interface SignOptions {
  readonly folder: string;
  readonly out: string;
  readonly json?: boolean;
}
interface ImportOptions {
  readonly config: string;
  readonly json?: boolean;
}

const daysMax = 3650;

function wholeNumber(text: string): number {
  const value = Number(text);
  if (/^\d{1,4}$/.test(text) && value >= 1 && value <= daysMax) return value;
  throw new InvalidArgumentError(`a whole number from 1 to ${daysMax}`);
}

async function exportRequest(options: ExportOptions): Promise<Report> {
  const { store, timings, member } = await openMemberPlace(options.config);
  const fromMs = systemClock.nowMs();
  const request = await exportSigningRequest(store, {
    apex: member.zone,
    timings,
    slackMs: options.slackDays * dayMs,
    span: {
      fromMs,
      untilMs: fromMs + options.days * dayMs,
      periodMsMax: options.periodDays * dayMs,
    },
  });
  await writeOutput(options.out, encodeSigningRequest(request));
  return reportPeriods(request, [
    `Next: carry ${options.out} to the machine with the KSK, and there:`,
    `callbook-node keys sign-request ${options.out} --folder … --out signed.json`,
  ]);
}

async function signFile(file: string, { folder, out }: SignOptions): Promise<Report> {
  const request = parseSigningRequest(await readInput(file));
  const nowMs = systemClock.nowMs();
  const signed = await signRequestWith(openKeyFolder(folder), request, nowMs);
  await writeOutput(out, encodePresignedKeys(signed));
  return reportPeriods(signed, [
    `Next: carry ${out} to the member, and there:`,
    `callbook-node keys import ${out} --config …`,
  ]);
}

async function importFile(file: string, { config }: ImportOptions): Promise<Report> {
  const { store, timings, member } = await openMemberPlace(config);
  const zone = { apex: member.zone, timings, nowMs: systemClock.nowMs() };
  const { presigned } = await importPresignedKeys(store, await readInput(file), zone);
  return reportPeriods(presigned, [
    'A running member takes this up within 10 seconds, another when it starts.',
    'Next: ask again (callbook-node keys export-request) before the last period ends.',
  ]);
}

function reportPeriods(keys: SigningRequest | PresignedKeys, next: readonly string[]): Report {
  const periods = keys.periods.map(({ fromMs, untilMs }) => ({
    from: isoTime(fromMs),
    until: isoTime(untilMs),
  }));
  return {
    result: { zone: keys.apex, periods },
    lines: [
      `Zone ${keys.apex}, ${periods.length} periods:`,
      ...periods.map(({ from, until }) => `  ${from} to ${until}`),
      ...next,
    ],
  };
}
