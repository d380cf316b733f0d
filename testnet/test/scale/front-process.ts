/** A front end as a process of its own, as an operator runs it. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { daemonCommand } from '../../src/member-process.ts';
import { freePort } from '../../src/peer-process.ts';
import { linesOf } from './member-elsewhere.ts';

export interface FrontProcessOptions {
  /** Of its log. */
  readonly folder: string;
  readonly configFile: string;
  /** As configured. */
  readonly dnsPort: number;
  readonly metricsPort: number;
}

export class FrontProcess implements AsyncDisposable, FrontProcessOptions {
  readonly folder: string;
  readonly configFile: string;
  readonly dnsPort: number;
  readonly metricsPort: number;
  readonly #logFile: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<number>;

  private constructor(options: FrontProcessOptions) {
    const { folder, configFile, dnsPort, metricsPort } = options;
    this.folder = folder;
    this.configFile = configFile;
    this.dnsPort = dnsPort;
    this.metricsPort = metricsPort;
    this.#logFile = join(folder, 'front.log');
    const log = openSync(this.#logFile, 'a', 0o600);
    const { args, env } = daemonCommand();
    const command = [...args, 'serve', '--role', 'front', '--config', configFile];
    this.#child = spawn(process.execPath, command, { stdio: ['ignore', log, log], env });
    closeSync(log);
    this.#ended = new Promise((resolve) => {
      this.#child.once('error', () => resolve(1));
      this.#child.once('exit', (code) => resolve(code ?? 1));
    });
  }

  /** Writes its `front.yaml` into a folder of its own, and starts it. */
  static async start(folder: string, settings: Record<string, unknown>): Promise<FrontProcess> {
    const [dnsPort, metricsPort] = [await freePort(), await freePort()];
    const configFile = join(folder, 'front.yaml');
    const config = {
      dns: {
        listen: [{ address: '127.0.0.1', port: dnsPort }],
        workers: 1,
        answerTableMebibytes: 1,
        rateLimit: { responsesPerSecond: 0 },
      },
      metrics: { listen: { address: '127.0.0.1', port: metricsPort } },
      ...settings,
    };
    await writeFile(configFile, stringify(config), { mode: 0o600 });
    return FrontProcess.startWith({ folder, configFile, dnsPort, metricsPort });
  }

  /** Starts one whose `front.yaml` is there. */
  static startWith(options: FrontProcessOptions): FrontProcess {
    return new FrontProcess(options);
  }

  /** Resolves with its exit code. */
  get ended(): Promise<number> {
    return this.#ended;
  }

  /** Tells it to stop; resolves with its exit code. */
  async stop(): Promise<number> {
    this.#child.kill('SIGTERM');
    return await this.#ended;
  }

  /** The value of a metric; undefined while it is not told. */
  async metric(name: string): Promise<number | undefined> {
    const text = await fetch(`http://127.0.0.1:${this.metricsPort}/metrics`)
      .then(async (response) => await response.text())
      .catch(() => '');
    const line = text.split('\n').find((one) => one.startsWith(`${name} `));
    return line === undefined ? undefined : Number(line.slice(name.length + 1));
  }

  async log(): Promise<{ msg: string; code?: string }[]> {
    return await linesOf(this.#logFile);
  }

  /** All that it has written. */
  async said(): Promise<string> {
    return await readFile(this.#logFile, 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGTERM');
    const stubborn = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    await this.#ended;
    clearTimeout(stubborn);
  }
}
