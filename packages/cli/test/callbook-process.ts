/** Runs the real `callbook` process against a test federation, with directories of its own. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { authorityPath } from '../../client/test/test-federation.ts';

const main = join(import.meta.dirname, '../src/main.ts');
/** Every command is a process of its own with a home of its own: what they compile is shared. */
const compiledCode = join(import.meta.dirname, '../../../node_modules/.cache/callbook-compiled');

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Standard output as one JSON value a line. */
  readonly json: Record<string, unknown>[];
}

export interface Home extends AsyncDisposable {
  readonly path: string;
  readonly outboxPath: string;
  configure(charterNote: string, more?: object): Promise<void>;
  run(args: readonly string[], options?: { stdin?: string; env?: object }): Promise<Finished>;
  start(args: readonly string[]): ChildProcessWithoutNullStreams;
}

/** Makes an empty home directory with a configuration for it. */
export async function makeHome(): Promise<Home> {
  const path = await mkdtemp(join(tmpdir(), 'callbook-cli-'));
  const config = join(path, 'client.json');
  const start = (args: readonly string[], env: object = {}): ChildProcessWithoutNullStreams =>
    spawn(process.execPath, ['--conditions=@callbook/source', main, ...args], {
      env: {
        HOME: path,
        PATH: process.env['PATH'],
        CALLBOOK_CONFIG: config,
        NODE_COMPILE_CACHE: compiledCode,
        ...env,
      },
    });
  return {
    path,
    outboxPath: join(path, 'outbox.jsonl'),
    async configure(charterNote, more = {}) {
      await writeFile(join(path, 'charter.txt'), charterNote);
      const fields = { charter: 'charter.txt', ca: authorityPath, ...more };
      await writeFile(config, JSON.stringify(fields));
    },
    start,
    async run(args, options = {}) {
      const child = start(args, options.env);
      const output = { stdout: '', stderr: '' };
      child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
      child.stdin.end(options.stdin ?? '');
      const code = await new Promise<number | null>((resolve) => {
        child.on('close', resolve);
      });
      const lines = output.stdout.split('\n').filter((line) => line.startsWith('{'));
      const json = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
      return { code, ...output, json };
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}
