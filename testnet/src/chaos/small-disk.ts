/**
 * A disk that a test can fill: a tmpfs in the place of one member's data, in a mount namespace of this
 * process's own, so that it is gone with the process whatever happens. Needs root.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const diskMebibytes = 96;
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
  readonly #ballast: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#ballast = join(folder, 'ballast');
  }

  /** Mounts an empty disk at `folder`. */
  static async mount(folder: string): Promise<SmallDisk> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const size = `size=${diskMebibytes}m,mode=700`;
    await run('mount', ['-t', 'tmpfs', '-o', size, 'callbook-chaos', folder]);
    return new SmallDisk(folder);
  }

  /** Leaves no space. */
  async fill(): Promise<void> {
    const file = await open(this.#ballast, 'w');
    const piece = Buffer.alloc(64 << 10, 1);
    try {
      for (let size = piece.length; size > 0;) {
        try {
          await file.write(piece, 0, size);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
          size >>= 1;
        }
      }
    } finally {
      await file.close();
    }
  }

  /** Gives the space back. */
  async clear(): Promise<void> {
    await rm(this.#ballast, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run('umount', ['--lazy', this.#folder]);
  }
}
