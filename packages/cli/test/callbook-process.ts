/**
 * Runs `callbook` against a test federation, with directories of its own: in this process, which
 * costs what the command does, or as the process that people start, which costs starting Node as well.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { authorityPath } from '../../client/test/test-federation.ts';
import { runCallbook, type Terminal } from '../src/index.ts';

const main = join(import.meta.dirname, '../src/main.ts');
/** Every process has a home of its own: what they compile is shared. */
const compiledCode = join(import.meta.dirname, '../../../node_modules/.cache/callbook-compiled');

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as one JSON value a line. */
  readonly json: Record<string, unknown>[];
}

interface RunOptions {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface Home extends AsyncDisposable {
  readonly path: string;
  readonly outboxPath: string;
  configure(charterNote: string, more?: object): Promise<void>;
  /** Runs the command in this process. */
  run(args: readonly string[], options?: RunOptions): Promise<Finished>;
  /** Runs the command as a process, to its end. */
  runProcess(args: readonly string[], options?: RunOptions): Promise<Finished>;
  start(args: readonly string[], env?: RunOptions['env']): ChildProcessWithoutNullStreams;
}

/** Makes an empty home directory with a configuration for it. */
export async function makeHome(): Promise<Home> {
  const path = await mkdtemp(join(tmpdir(), 'callbook-cli-'));
  const config = join(path, 'client.json');
  const environment = { HOME: path, PATH: process.env['PATH'], CALLBOOK_CONFIG: config };
  const start: Home['start'] = (args, env) =>
    spawn(process.execPath, ['--conditions=@callbook/source', main, ...args], {
      env: { ...environment, NODE_COMPILE_CACHE: compiledCode, ...env },
    });
  return {
    path,
    outboxPath: join(path, 'outbox.jsonl'),
    async configure(charterNote, more = {}) {
      await writeFile(join(path, 'charter.txt'), charterNote);
      // The members of a test federation do not relay.
      const privacy = 'plain';
      const fields = { charter: 'charter.txt', ca: authorityPath, privacy, ...more };
      await writeFile(config, JSON.stringify(fields));
    },
    async run(args, { stdin = '', env = {} } = {}) {
      const output = { stdout: '', stderr: '' };
      const terminal = terminalOf(output, { stdin, env: { ...environment, ...env } });
      return finished(await runCallbook(args, terminal), output);
    },
    async runProcess(args, { stdin = '', env } = {}) {
      const child = start(args, env);
      const output = { stdout: '', stderr: '' };
      child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
      child.stdin.end(stdin);
      const code = await new Promise<number | null>((resolve) => {
        child.on('close', resolve);
      });
      return finished(code, output);
    },
    start,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

/** What a process sees whose streams are pipes. */
function terminalOf(
  output: { stdout: string; stderr: string },
  { stdin, env }: { readonly stdin: string; readonly env: Terminal['env'] },
): Terminal {
  return {
    env,
    stdin: Readable.from(stdin === '' ? [] : [stdin]),
    interactive: false,
    showsProgress: false,
    stopped: new AbortController().signal,
    out: (text) => {
      output.stdout += typeof text === 'string' ? text : Buffer.from(text).toString();
    },
    err: (text) => {
      output.stderr += text;
    },
    ask: () => Promise.reject(new Error('nobody is there to be asked')),
  };
}

function finished(
  code: number | null,
  output: { readonly stdout: string; readonly stderr: string },
): Finished {
  const lines = output.stdout.split('\n').filter((line) => line.startsWith('{'));
  const json = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { code, ...output, json };
}
