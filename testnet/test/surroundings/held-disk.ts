/**
 * A disk of one member's own, which a test can let fail: mounted in a mount namespace that a process holds, so
 * that it is gone with that process whatever happens. Needs root.
 */
import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { cp, mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import type { MemberLayout } from '../../src/layout.ts';
import { daemonCommand } from '../../src/member-process.ts';

const run = promisify(execFile);

const diskBytes = 48 << 20;
const blockBytes = 65_536;

export abstract class HeldDisk implements AsyncDisposable {
  readonly #holder: ChildProcess;
  readonly #folder: string;

  protected constructor(holder: ChildProcess, folder: string) {
    this.#holder = holder;
    this.#folder = folder;
  }

  /** Has a process hold what `mount` puts in the place of the folder. */
  protected static async hold(mount: string): Promise<ChildProcess> {
    const script = `${mount} && echo mounted && exec sleep 600`;
    const holder = spawn('unshare', ['--mount', '--propagation=private', 'sh', '-c', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    return holder;
  }

  protected async copyFolder(): Promise<this> {
    await cp(this.#folder, this.seen, { recursive: true, preserveTimestamps: true });
    return this;
  }

  /** Runs a command that sees the disk where the member does; returns what it printed. */
  protected async within(...command: string[]): Promise<string> {
    return (await run('nsenter', [...this.#inside, ...command])).stdout;
  }

  get #inside(): string[] {
    return [`--mount=/proc/${this.#holder.pid}/ns/mnt`];
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
    const child = spawn('nsenter', [...this.#inside, ...command], options);
    closeSync(log);
    return child;
  }

  /** From now on nothing can be written, while the member runs. */
  abstract fail(): Promise<void>;

  /** Does what can be done while the member runs. */
  abstract mendWhileInUse(): Promise<void>;

  /** Does the rest when nobody uses it any more. */
  abstract mend(): Promise<void>;

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#holder, 'exit');
    this.#holder.kill('SIGKILL');
    await ended;
  }
}

/** A disk that becomes full: a tmpfs. */
export class SmallDisk extends HeldDisk {
  /** Puts a disk with what is in the folder in the place of the folder, for processes that are started on it. */
  static async under(folder: string): Promise<HeldDisk> {
    const options = `size=${diskBytes},mode=700`;
    const holder = await HeldDisk.hold(`mount -t tmpfs -o ${options} none ${folder}`);
    return await new SmallDisk(holder, folder).copyFolder();
  }

  async fail(): Promise<void> {
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

  async mendWhileInUse(): Promise<void> {
    await rm(join(this.seen, 'filled'));
  }

  async mend(): Promise<void> {}
}

/**
 * A disk on which the kernel finds an error and which can only be read from then on, files that are open
 * included: ext4 in a file, behind a loop device.
 */
export class FaultyDisk extends HeldDisk {
  readonly #mount: readonly string[];
  readonly #image: string;

  private constructor(
    holder: ChildProcess,
    { folder, image, mount }: { folder: string; image: string; mount: readonly string[] },
  ) {
    super(holder, folder);
    this.#image = image;
    this.#mount = mount;
  }

  /** Puts a disk with what is in the folder in the place of the folder, for processes that are started on it. */
  static async under(folder: string): Promise<HeldDisk> {
    const image = join(await mkdtemp(join(tmpdir(), 'callbook-disk-')), 'image');
    await writeFile(image, '');
    await truncate(image, diskBytes);
    await run('mkfs.ext4', ['-q', image]);
    const mount = ['mount', '-o', 'loop,errors=remount-ro', image, folder];
    const holder = await HeldDisk.hold(`${mount.join(' ')} && chmod 700 ${folder}`);
    return await new FaultyDisk(holder, { folder, image, mount }).copyFolder();
  }

  async fail(): Promise<void> {
    await writeFile(`/sys/fs/ext4/${basename(await this.#device())}/trigger_fs_error`, '1');
  }

  async #device(): Promise<string> {
    return (await this.within('findmnt', '-no', 'SOURCE', this.#mount.at(-1)!)).trim();
  }

  async mendWhileInUse(): Promise<void> {}

  async mend(): Promise<void> {
    await this.within('umount', this.#mount.at(-1)!);
    // 1: errors were found, and mended.
    await this.within('sh', '-c', `e2fsck -fy ${this.#image} || [ $? = 1 ]`);
    await this.within(...this.#mount);
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await rm(join(this.#image, '..'), { recursive: true });
  }
}
