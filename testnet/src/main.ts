/** `npm start`: runs a testnet in the foreground until it is interrupted. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { memberNames } from './layout.ts';
import { startTestnet } from './testnet.ts';
import type { StartOptions } from './testnet.ts';
import { tour } from './tour.ts';

const help = `npm start -- [options]

Runs a Callbook federation on this machine: real members in processes of their own,
a private DNS root, and a file in place of SMS.

  --members N     how many members, 1 to ${memberNames.length} (default 3)
  --port-base N   first port used (default 7400)
  --dir FOLDER    where its files are (default .testnet)
  --fresh         forget what is in that folder and found a new federation
  --help          print this
`;

const portBaseDefault = 7400;
/** Members that may join: docs/operators/members.md walks through it. */
const prospectCount = 2;

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`testnet: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) {
    console.log(help);
    return 0;
  }
  const stopped = new Promise<void>((done) => {
    process.once('SIGINT', done);
    process.once('SIGTERM', done);
  });
  const startedMs = performance.now();
  await using testnet = await startTestnet(options);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  options.say(`ready after ${seconds} s`);
  console.log(tour(testnet.layout, process.cwd()));
  for (const member of testnet.members) {
    void member.ended.then((code) => {
      if (!stopping)
        console.error(
          `testnet: ${member.layout.name} ended with status ${code}; see ${member.logFile}`,
        );
    });
  }
  let stopping = false;
  await stopped;
  stopping = true;
  options.say('stopping');
  return 0;
}

/** Undefined when help is wanted; throws with a sentence for options that make no sense. */
function parseOptions(args: string[]): StartOptions | undefined {
  const { values } = parseArgs({
    args,
    options: {
      members: { type: 'string', default: '3' },
      'port-base': { type: 'string', default: String(portBaseDefault) },
      dir: { type: 'string', default: '.testnet' },
      fresh: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const memberCount = integerBetween('--members', values.members, [1, memberNames.length]);
  const portMax = 65_535 - 10 * (memberCount + prospectCount + 1);
  return {
    folder: resolve(values.dir),
    memberCount,
    roomFor: prospectCount,
    withPage: true,
    portBase: integerBetween('--port-base', values['port-base'], [1024, portMax]),
    fresh: values.fresh,
    say: (line) => console.error(`testnet: ${line}`),
  };
}

function integerBetween(option: string, text: string, [min, max]: [number, number]): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error(`${option} must be a whole number from ${min} to ${max}`);
}
