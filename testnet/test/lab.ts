/**
 * What the federation's tests share: a testnet in a folder and on ports of its own, commands run as
 * a person would run them, and an unbound that validates from the private root.
 */
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startOnFreePorts } from '../src/free-ports.ts';
import type { StartOptions, Testnet } from '../src/testnet.ts';
import type { TestnetDescription } from '../src/description.ts';

export interface Lab extends AsyncDisposable {
  readonly testnet: Testnet;
  readonly description: TestnetDescription;
  /** Holds the testnet as `.testnet`, and the home of whoever runs commands. */
  readonly folder: string;
  /** Runs `callbook` with arguments separated by spaces. */
  callbook(line: string): Promise<Ran>;
  /** Runs a command with arguments separated by spaces. */
  run(line: string): Promise<Ran>;
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const repository = join(import.meta.dirname, '../..');
/** The longest are pages of the documentation as one script, on a busy machine. */
const commandMsMax = 150_000;

/** Starts a testnet of `memberCount` in a new folder, on free ports; `roomFor` others may join. */
export async function openLab(
  memberCount = 3,
  roomFor = 0,
  holds: StartOptions['holds'] = {},
): Promise<Lab> {
  return await openLabWith({ memberCount, roomFor, holds });
}

type LabOptions = Pick<
  StartOptions,
  'memberCount' | 'roomFor' | 'holds' | 'onFounded' | 'withPage'
>;

/** As `openLab`, for whoever wants more of it. */
export async function openLabWith(options: LabOptions): Promise<Lab> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-lab-'));
  const testnet = await startOnFreePorts({
    folder: join(folder, '.testnet'),
    ...options,
    fresh: false,
    say: () => {},
  });
  for (const member of testnet.members) {
    void member.ended.then(async (code) => {
      // Whatever fails afterwards fails for that: it must be in the output of the test.
      if (!member.isStopped) console.error(await member.lastWords(`ended by itself (${code})`));
    });
  }
  const text = await readFile(testnet.layout.descriptionFile, 'utf8');
  const run = async (line: string): Promise<Ran> => {
    const [command, ...args] = line.split(' ');
    return await runCommand(command!, args, { cwd: folder, env: environment(folder) });
  };
  return {
    testnet,
    description: JSON.parse(text) as TestnetDescription,
    folder,
    run,
    callbook: async (line) => await run(`callbook ${line}`),
    [Symbol.asyncDispose]: async () => {
      await testnet[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The environment of somebody with a home of their own and the testnet's client configuration. */
export function environment(folder: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PATH: `${join(repository, 'node_modules/.bin')}:${process.env['PATH']}:/usr/sbin`,
    HOME: folder,
    XDG_CONFIG_HOME: join(folder, 'config'),
    XDG_DATA_HOME: join(folder, 'data'),
    XDG_STATE_HOME: join(folder, 'state'),
    XDG_CACHE_HOME: join(folder, 'cache'),
    CALLBOOK_CONFIG: join(folder, '.testnet/client.json'),
    NO_COLOR: '1',
    // Every command is a process of its own: compiled once, it starts in half the time.
    NODE_COMPILE_CACHE: join(repository, 'node_modules/.cache/callbook-compiled'),
  };
}

interface RunOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Runs a command to its end; a missing one fails with the Debian package to install. */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: RunOptions,
): Promise<Ran> {
  return await new Promise((resolve, reject) => {
    execFile(
      command,
      args,
      { ...options, timeout: commandMsMax, maxBuffer: 16 << 20 },
      (error, stdout, stderr) => {
        if (error !== null && error.code === 'ENOENT') {
          reject(new Error(`${command} is missing; Debian packages: ${debianPackages}`));
        } else {
          const code = error === null ? 0 : Number(error.code ?? 1);
          resolve({ code, stdout, stderr });
        }
      },
    );
  });
}

const debianPackages = 'unbound bind9-dnsutils ldnsutils knot-dnsutils';

/** Starts unbound with the testnet's own configuration and waits until it answers. */
export async function startUnbound(lab: Lab): Promise<AsyncDisposable> {
  const { address, port, config } = lab.description.resolver;
  const child = spawn('unbound', ['-d', '-c', config], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment(lab.folder),
  });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
  child.once('error', (error) => output.push(Buffer.from(`${error.message}; ${debianPackages}`)));
  for (let attempt = 0; attempt < 200; attempt++) {
    const { stdout } = await lab.run(`dig +time=1 +tries=1 @${address} -p ${port} SOA test.`);
    if (stdout.includes('status: NOERROR')) return stoppable(child);
    if (child.exitCode !== null) break;
    await sleep(100);
  }
  child.kill();
  throw new Error(`unbound does not answer: ${Buffer.concat(output).toString()}`);
}

function stoppable(child: ChildProcess): AsyncDisposable {
  return {
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      await ended;
    },
  };
}

/** Repeats a question until its answer is as wanted; fails with the last answer. */
export async function eventually<T>(
  ask: () => Promise<T>,
  wanted: (answer: T) => boolean,
  msMax = 20_000,
): Promise<T> {
  const deadlineMs = Date.now() + msMax;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (Date.now() > deadlineMs) {
      throw new Error(`not as wanted after ${msMax} ms: ${JSON.stringify(answer).slice(0, 2000)}`);
    }
    await sleep(50);
  }
}

/** The lines of a file that others are writing to: the last may be there by half. */
export function wholeLines(text: string): string[] {
  return text.split('\n').slice(0, -1);
}

/** `+34912345678` in a zone: `8.7.6.5.4.3.2.1.9.4.3.<zone>.` */
export function enumName(number: string, zone: string): string {
  return `${Array.from(number.slice(1)).reverse().join('.')}.${zone}.`;
}
