/**
 * A small disk of one member's own: a tmpfs in a mount namespace that a process holds, so that it is gone with
 * that process whatever happens. Needs root.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { cp, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { MemberLayout } from '../../src/layout.ts';
import { daemonCommand } from '../../src/member-process.ts';

const blockBytes = 65_536;

export class HeldDisk implements AsyncDisposable {
  readonly #holder: ChildProcess;
  readonly #folder: string;

  private constructor(holder: ChildProcess, folder: string) {
    this.#holder = holder;
    this.#folder = folder;
  }

  /** Puts a disk with what is in the folder in the place of the folder, for processes that are started on it. */
  static async under(folder: string): Promise<HeldDisk> {
    const size = 'size=48m,mode=700';
    const script = `mount -t tmpfs -o ${size} none ${folder} && echo mounted && exec sleep 600`;
    const holder = spawn('unshare', ['--mount', '--propagation=private', 'sh', '-c', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    const disk = new HeldDisk(holder, folder);
    await cp(folder, disk.seen, { recursive: true, preserveTimestamps: true });
    return disk;
  }

  /** Where this process finds it. */
  get seen(): string {
    return `/proc/${this.#holder.pid}/root${this.#folder}`;
  }

  /** Starts a member that sees the disk; what it says goes there too. */
  start({ configFile }: MemberLayout): ChildProcess {
    const { args, env } = daemonCommand();
    const log = openSync(join(this.seen, 'said'), 'a', 0o600);
    const command = [process.execPath, ...args, 'serve', '--config', configFile];
    const options = { stdio: ['ignore', log, log] as ('ignore' | number)[], env };
    const inside = [`--mount=/proc/${this.#holder.pid}/ns/mnt`, ...command];
    const child = spawn('nsenter', inside, options);
    closeSync(log);
    return child;
  }

  /** Leaves no room. */
  async fill(): Promise<void> {
    const file = await open(join(this.seen, 'filled'), 'a');
    try {
      for (let bytes = blockBytes; bytes >= 1;) {
        const isRoom = await file.write(Buffer.alloc(bytes)).then(
          ({ bytesWritten }) => bytesWritten === bytes,
          () => false,
        );
        if (!isRoom) bytes = Math.floor(bytes / 2);
      }
    } finally {
      await file.close();
    }
  }

  async clear(): Promise<void> {
    await rm(join(this.seen, 'filled'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#holder, 'exit');
    this.#holder.kill('SIGKILL');
    await ended;
  }
}
