/**
 * One member as a process of its own, running the production daemon. Its log goes to a file; when
 * it ends by itself, the testnet says so and points there.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MemberLayout } from './layout.ts';

const stopMsMax = 10_000;
const pollEveryMs = 100;
/** A machine that is busy may need seconds for an answer. */
const askMsMax = 5000;

export class MemberProcess implements AsyncDisposable {
  readonly layout: MemberLayout;
  readonly logFile: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<number>;
  #exitCode: number | undefined;
  #isStopped = false;
  #signal: NodeJS.Signals | null = null;

  /** `variables` are set for the process, beside those of this one. */
  constructor(layout: MemberLayout, variables: NodeJS.ProcessEnv = {}) {
    this.layout = layout;
    this.logFile = join(layout.folder, 'node.log');
    const log = openSync(this.logFile, 'a', 0o600);
    const { args, env } = daemonCommand();
    this.#child = spawn(process.execPath, [...args, 'serve', '--config', layout.configFile], {
      stdio: ['ignore', log, log],
      env: { ...env, ...variables },
    });
    closeSync(log);
    this.#ended = new Promise((resolve) => {
      this.#child.once('error', () => resolve(1));
      this.#child.once('exit', (code, signal) => {
        this.#signal = signal;
        resolve(code ?? 1);
      });
    });
    void this.#ended.then((code) => (this.#exitCode = code));
  }

  /** Process id, for tests that stop it the hard way. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Resolves when the process has ended. */
  get ended(): Promise<number> {
    return this.#ended;
  }

  /** Whether it was told to stop; else it has ended by itself, or by a signal from elsewhere. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Resolves once the member says that it is ready; throws when it ends or takes too long. */
  async untilReady(deadlineMs: number): Promise<void> {
    await this.#until('/readyz', deadlineMs);
  }

  /** Resolves once the member answers; alone it does, but is not ready to log entries. */
  async untilAlive(deadlineMs: number): Promise<void> {
    await this.#until('/healthz', deadlineMs);
  }

  /** The oblivious keys of all members as it knows them; undefined while it cannot be asked. */
  async obliviousKeys(): Promise<string | undefined> {
    return await ask(this.layout, '/v1/oblivious-keys');
  }

  async #until(probe: string, deadlineMs: number): Promise<void> {
    for (;;) {
      if ((await ask(this.layout, probe)) !== undefined) return;
      if (this.#exitCode !== undefined) throw new Error(await this.lastWords('ended'));
      if (Date.now() > deadlineMs) throw new Error(await this.lastWords('is not ready'));
      await sleep(pollEveryMs);
    }
  }

  /** Stops the process by a signal and waits; SIGTERM that is not obeyed becomes SIGKILL. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    if (this.#exitCode !== undefined) return;
    this.#isStopped = true;
    this.#child.kill(signal);
    const stubborn = setTimeout(() => this.#child.kill('SIGKILL'), stopMsMax);
    await this.#ended;
    clearTimeout(stubborn);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** What became of it, and the end of its log. */
  async lastWords(what: string): Promise<string> {
    const log = await readFile(this.logFile, 'utf8').catch(() => '');
    const lines = log.trim().split('\n').slice(-5).join('\n');
    const by = this.#signal === null ? '' : ` by ${this.#signal}`;
    return `member ${this.layout.name} ${what}${by}; see ${this.logFile}\n${lines}`;
  }
}

/** What it answers; undefined for an error, and for nothing. */
async function ask({ webPort }: MemberLayout, path: string): Promise<string | undefined> {
  try {
    const response = await fetch(`http://localhost:${webPort}${path}`, {
      signal: AbortSignal.timeout(askMsMax),
    });
    const text = await response.text();
    return response.ok ? text : undefined;
  } catch {
    return undefined;
  }
}

/** As the daemon's launcher would start it; one process less, so that signals meet the daemon. */
export function daemonCommand(): {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
} {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve('@callbook/node/package.json'));
  const flags = require('@callbook/node/node-flags.json') as string[];
  const memory = require('@callbook/node/node-environment.json') as Record<string, string>;
  return {
    args: [...flags, '--conditions=@callbook/source', join(folder, 'src/main.ts')],
    env: { ...process.env, ...memory },
  };
}
