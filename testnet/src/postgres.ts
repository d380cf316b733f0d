/**
 * PostgreSQL as Debian has it, with a data folder of its own and a socket in it: nothing that runs on this
 * machine already is touched. It will not run as root, so it runs as `postgres` then.
 */
import { execFile, execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, chown, cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

const programs = '/usr/lib/postgresql/15/bin';
const startMsMax = 30_000;
const pollMs = 50;

export class Postgres implements AsyncDisposable {
  /** For `store`: a connection by the socket, as the superuser of this database alone. */
  readonly url: string;
  readonly #folder: string;
  readonly #as: { readonly uid?: number; readonly gid?: number };
  #child: ChildProcess | undefined;

  private constructor(folder: string, as: { readonly uid?: number; readonly gid?: number }) {
    this.#folder = folder;
    this.#as = as;
    this.url = `postgresql:///postgres?host=${encodeURIComponent(folder)}&user=callbook`;
  }

  static isInstalled(): boolean {
    return existsSync(join(programs, 'postgres'));
  }

  /** Makes an empty database and starts it. */
  static async start(): Promise<Postgres> {
    const folder = await mkdtemp(join(tmpdir(), 'callbook-pg-'));
    const as = unprivileged();
    if (as.uid !== undefined) await chown(folder, as.uid, as.gid!);
    await chmod(folder, 0o700);
    const postgres = new Postgres(folder, as);
    const data = postgres.#data;
    const settings = ['--no-sync', '--auth=trust', '--username=callbook', '--encoding=UTF8'];
    await run(join(programs, 'initdb'), ['-D', data, ...settings], { ...as, cwd: folder });
    await postgres.restart();
    return postgres;
  }

  /** Of the process that started all others of it. */
  get processId(): number {
    return this.#child!.pid!;
  }

  get #data(): string {
    return join(this.#folder, 'data');
  }

  /** Starts what was stopped; resolves when it answers. */
  async restart(): Promise<void> {
    const settings = {
      listen_addresses: '',
      unix_socket_directories: this.#folder,
      // A page of the operating system's memory survives the process, which is all that a test kills.
      fsync: 'off',
      max_connections: '60',
      shared_buffers: '128MB',
    };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const child = spawn(join(programs, 'postgres'), ['-D', this.#data, ...args], {
      ...this.#as,
      cwd: this.#folder,
      stdio: 'ignore',
    });
    this.#child = child;
    const deadlineMs = performance.now() + startMsMax;
    while (!(await this.#answers())) {
      if (child.exitCode !== null || performance.now() > deadlineMs) {
        throw new Error('PostgreSQL has not started');
      }
      await sleep(pollMs);
    }
  }

  async #answers(): Promise<boolean> {
    try {
      await this.query('SELECT 1');
      return true;
    } catch {
      return false;
    }
  }

  /** Runs statements by `psql`; returns what they print. */
  async query(text: string): Promise<string> {
    const args = ['-X', '-q', '-A', '-t', '-h', this.#folder, '-U', 'callbook', '-d', 'postgres'];
    const { stdout } = await run(join(programs, 'psql'), [...args, '-c', text], {
      cwd: this.#folder,
      ...this.#as,
    });
    return stdout.trim();
  }

  /** Ends it at once, as a machine that fails does: what it has told to be committed is there again later. */
  async kill(): Promise<void> {
    await this.#stop('SIGQUIT');
  }

  /** Stops it in order. */
  async stop(): Promise<void> {
    await this.#stop('SIGINT');
  }

  async #stop(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
    this.#child = undefined;
  }

  /** Stops it, copies what it has, and starts it again. */
  async backUp(): Promise<void> {
    await this.stop();
    await rm(this.#backup, { recursive: true, force: true });
    await cp(this.#data, this.#backup, { recursive: true, preserveTimestamps: true });
    await this.#own(this.#backup);
    await this.restart();
  }

  /** Stops it, puts back what `backUp` has copied, and starts it again. */
  async restore(): Promise<void> {
    await this.stop();
    await rm(this.#data, { recursive: true });
    await cp(this.#backup, this.#data, { recursive: true });
    await this.#own(this.#data);
    await this.restart();
  }

  get #backup(): string {
    return join(this.#folder, 'backup');
  }

  async #own(folder: string): Promise<void> {
    const { uid, gid } = this.#as;
    if (uid !== undefined) await run('chown', ['-R', `${uid}:${gid}`, folder]);
    await run('chmod', ['-R', 'u=rwX,go=', folder]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function unprivileged(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: string): number =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}
