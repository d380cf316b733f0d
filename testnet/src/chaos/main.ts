/**
 * `npm run chaos`: five real members under load and faults that a seed chooses, then everything they
 * promised is checked. Exits with 1, and prints the seed, when a promise is broken.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runChaos } from './chaos-run.ts';
import { enterMountNamespace } from './small-disk.ts';
import { guardAgainstStalls } from './stall-guard.ts';

const help = `npm run chaos -- [options]

Runs five members under load while some are killed, frozen, cut off, slowed down
or out of disk space, and checks that nothing is lost and all agree. Needs root.

  --seed TEXT     chooses the faults (default: the time)
  --seconds N     how long they happen, 5 to 86400 (default 60)
  --claims        let numbers be claimed while faults happen, and not before
  --json          print the outcome as JSON
  --keep          leave the federation's files where they are
  --help          print this
`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now()) },
    seconds: { type: 'string', default: '60' },
    claims: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
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
  const { seed, json, keep, claims: claimsUnderFaults } = values;
  const seconds = Number(values.seconds);
  if (!Number.isInteger(seconds) || seconds < 5 || seconds > 86_400) {
    console.error('chaos: --seconds must be a whole number from 5 to 86400');
    return 2;
  }
  await guardAgainstStalls();
  const startedMs = Date.now();
  const say = (line: string): void => {
    console.error(`chaos ${((Date.now() - startedMs) / 1000).toFixed(1).padStart(6)} s: ${line}`);
  };
  const folder = await mkdtemp(join(tmpdir(), 'callbook-chaos-'));
  say(`SEED=${seed}`);
  try {
    const run = { seed, seconds, folder: join(folder, 'testnet'), claimsUnderFaults, say };
    const outcome = await runChaos(run);
    console.log(json ? JSON.stringify({ seed, seconds, ...outcome }) : outcome);
    if (!keep) await rm(folder, { recursive: true, force: true });
    return 0;
  } catch (error) {
    // The files stay: they show what happened.
    console.error(error);
    say(`violated; SEED=${seed}, files in ${folder}`);
    return 1;
  }
}
