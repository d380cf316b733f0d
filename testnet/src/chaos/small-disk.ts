/**
 * A disk that a test can fill: a tmpfs in the place of one member's data, in a mount namespace of this
 * process's own, so that it is gone with the process whatever happens. It is full when it is made no larger
 * than what is on it. Needs root.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdir, statfs } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Memory is taken only for what is written. */
const diskSize = '8g';
const shrinkAttemptsMax = 20;
const inNamespace = 'CALLBOOK_CHAOS_NAMESPACE';

/**
 * Runs this program again in a mount namespace; returns its exit status, or undefined when this is
 * the run inside.
 */
export function enterMountNamespace(): number | undefined {
  if (process.env[inNamespace] !== undefined) return undefined;
  const node = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const { status, error } = spawnSync('unshare', ['--mount', '--propagation=private', ...node], {
    stdio: 'inherit',
    env: { ...process.env, [inNamespace]: '1' },
  });
  if (error !== undefined) throw new Error(`unshare cannot be run: ${error.message}`);
  return status ?? 1;
}

export class SmallDisk implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Mounts an empty disk at `folder`. */
  static async mount(folder: string): Promise<SmallDisk> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const options = `size=${diskSize},mode=700`;
    await run('mount', ['-t', 'tmpfs', '-o', options, 'callbook-chaos', folder]);
    return new SmallDisk(folder);
  }

  /** Leaves no space. */
  async fill(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const { blocks, bfree, bsize } = await statfs(this.#folder);
      try {
        return await this.#resize(String((blocks - bfree) * bsize));
      } catch (error) {
        // Something was written meanwhile: it cannot be made smaller than what is on it.
        if (attempt === shrinkAttemptsMax) throw error;
      }
    }
  }

  /** Gives the space back. */
  async clear(): Promise<void> {
    await this.#resize(diskSize);
  }

  async #resize(size: string): Promise<void> {
    await run('mount', ['-o', `remount,size=${size}`, this.#folder]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run('umount', ['--lazy', this.#folder]);
  }
}
