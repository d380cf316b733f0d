/**
 * `npm run soak`: five real members under a load of everything, with kills, full disks and clocks that jump, for
 * as long as one likes. Exits with 1, and prints the seed, when something was wrong.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { enterMountNamespace } from '../chaos/small-disk.ts';
import { guardAgainstStalls } from '../chaos/stall-guard.ts';
import { drawSoak } from './chart.ts';
import { reportOn, reportText } from './report.ts';
import { runSoak } from './soak-run.ts';

const help = `npm run soak -- [options]

Runs five members under DNS questions, look-ups, proofs, claims, updates and
releases, while they are killed, their disks run full and their clocks jump.
Every answer is held against what was true, every receipt against the logs,
and their memory must not grow. Needs root.

  --minutes N     how long, 0.25 to 10080 (default 10)
  --seed TEXT     chooses load and faults (default: the time)
  --json          print the report as JSON
  --out FILE      write the curves too: as SVG to a name that ends with .svg,
                  else report, samples and faults as JSON
  --keep          leave the federation's files where they are
  --help          print this
`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now()) },
    json: { type: 'boolean', default: false },
    out: { type: 'string' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

process.exitCode = values.help ? printHelp() : (enterMountNamespace() ?? (await main()));

function printHelp(): number {
  console.log(help);
  return 0;
}

async function main(): Promise<number> {
  const { seed, json, keep, out } = values;
  const minutes = Number(values.minutes);
  if (!(minutes >= 0.25 && minutes <= 10_080)) {
    console.error('soak: --minutes must be a number from 0.25 to 10080');
    return 2;
  }
  const seconds = Math.round(minutes * 60);
  await guardAgainstStalls();
  const startedMs = Date.now();
  const say = (line: string): void => {
    console.error(`soak ${((Date.now() - startedMs) / 1000).toFixed(1).padStart(7)} s: ${line}`);
  };
  const folder = await mkdtemp(join(tmpdir(), 'callbook-soak-'));
  say(`SEED=${seed}`);
  const record = await runSoak({ seed, seconds, folder: join(folder, 'testnet'), say });
  const report = reportOn(record, { seed, seconds });
  if (record.error !== undefined) console.error(record.error);
  console.log(json ? JSON.stringify(report) : reportText(report, record));
  if (out !== undefined) {
    const { plan, samples, tallies } = record;
    const whole = { report, plan, tallies, samples: Object.fromEntries(samples) };
    await writeFile(out, out.endsWith('.svg') ? drawSoak(record) : `${JSON.stringify(whole)}\n`);
  }
  if (keep || !report.passed) say(`files in ${folder}`);
  else await rm(folder, { recursive: true, force: true });
  if (!report.passed) say(`SEED=${seed}`);
  return report.passed ? 0 : 1;
}
