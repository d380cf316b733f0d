/** `npm run sim`: plays seeds on all cores, up to the first broken invariant; see its `--help`. */
import { parseArgs } from 'node:util';
import { runSeeds, seedsFrom } from './run-seeds.ts';
import type { SeedResult } from './seed-worker.ts';

const progressIntervalMs = 5000;

const help = `npm run sim -- [options]

Plays simulated federations, a seed each, on all cores. At the first broken
invariant it prints the seed and what happened last, and exits with 1; the
same seed plays the same again: --first SEED --seeds 1.

  --seeds N       how many (default 1000)
  --first N       the first of them (default 1)
  --members N     3 to 7 in each (default: the seed chooses)
  --json          print a line of JSON for each seed
  --help          print this
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string', default: '1000' },
      first: { type: 'string', default: '1' },
      members: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const [count, first] = [Number(values.seeds), Number(values.first)];
  const memberCount = values.members === undefined ? undefined : Number(values.members);
  const numbers = [count, first, memberCount ?? 3];
  if (!numbers.every(Number.isSafeInteger) || count < 1 || first < 0) {
    console.error('sim: --seeds, --first and --members are whole numbers');
    return 2;
  }
  if (memberCount !== undefined && (memberCount < 3 || memberCount > 7)) {
    console.error('sim: --members is 3 to 7');
    return 2;
  }
  return play({ first, count, json: values.json, ...(memberCount && { memberCount }) });
}

interface Wanted {
  readonly first: number;
  readonly count: number;
  readonly json: boolean;
  readonly memberCount?: number;
}

async function play({ first, count, json, ...rest }: Wanted): Promise<number> {
  const startedMs = performance.now();
  let [played, events, toldMs] = [0, 0, startedMs];
  const rate = (): string => {
    const seconds = (performance.now() - startedMs) / 1000;
    return `${played} of ${count} seeds, ${events} events, ${(played / seconds).toFixed(1)} seeds/s`;
  };
  const broken = await runSeeds({
    seeds: seedsFrom(first, count),
    ...rest,
    onResult: (result) => {
      played++;
      events += result.events;
      if (json) console.log(JSON.stringify(summaryOf(result)));
      if (performance.now() - toldMs < progressIntervalMs) return;
      toldMs = performance.now();
      console.error(`sim: ${rate()}`);
    },
  });
  console.error(`sim: ${rate()}`);
  if (broken === undefined) return 0;
  printViolation(broken, json);
  return 1;
}

function summaryOf({ seed, events, receipts, traceHash, violation }: SeedResult): object {
  return { seed, events, receipts, traceHash, violation: violation ?? null };
}

function printViolation({ seed, violation, traceTail, scenario }: SeedResult, json: boolean): void {
  if (json) return;
  console.log(traceTail.join('\n'));
  console.log(`scenario: ${JSON.stringify(scenario)}`);
  console.log(`${violation!.invariant} after ${violation!.atMs} ms: ${violation!.message}`);
  console.log(`SEED=${seed}`);
}
