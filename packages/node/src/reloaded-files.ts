/**
 * Files that are read again when they have changed, which is noticed by looking at them: a renewal may replace a
 * file, its folder or the target of a link, which `fs.watch` sees or does not see as the system likes.
 */
import { stat } from 'node:fs/promises';

const pollMsDefault = 10_000;

export interface FollowOptions {
  /** Told once of each change that could not be taken; it is tried again at each look all the same. */
  readonly onFailure: (error: unknown) => void;
  readonly pollMs?: number;
}

export class ReloadedFiles<T> {
  readonly #paths: readonly string[];
  readonly #read: () => Promise<T>;
  #loaded: string;
  #failed = '';
  /** What they came to when they were read first. */
  readonly first: T;

  private constructor(
    paths: readonly string[],
    read: () => Promise<T>,
    { loaded, first }: { readonly loaded: string; readonly first: T },
  ) {
    this.#paths = paths;
    this.#read = read;
    this.#loaded = loaded;
    this.first = first;
  }

  /** Reads the files for the first time by `read`, whose errors it throws. */
  static async open<T>(
    paths: readonly string[],
    read: () => Promise<T>,
  ): Promise<ReloadedFiles<T>> {
    // Before they are read: what changes while they are, or before somebody follows them, is seen then.
    const loaded = await stampsOf(paths);
    return new ReloadedFiles(paths, read, { loaded, first: await read() });
  }

  /** Has `take` take what the files come to whenever one of them has changed, until disposed of. */
  follow(
    take: (next: T) => void,
    { onFailure, pollMs = pollMsDefault }: FollowOptions,
  ): Disposable {
    let isLooking = false;
    const timer = setInterval(() => {
      if (isLooking) return;
      isLooking = true;
      void this.#look(take, onFailure).finally(() => (isLooking = false));
    }, pollMs).unref();
    return { [Symbol.dispose]: () => clearInterval(timer) };
  }

  async #look(take: (next: T) => void, onFailure: (error: unknown) => void): Promise<void> {
    const stamps = await stampsOf(this.#paths);
    if (stamps === this.#loaded) return;
    try {
      take(await this.#read());
      this.#loaded = stamps;
    } catch (error) {
      if (stamps !== this.#failed) onFailure(error);
      this.#failed = stamps;
    }
  }
}

/** Two files are replaced one after the other: a stamp taken before reading is never too new. */
async function stampsOf(paths: readonly string[]): Promise<string> {
  const stamps = await Promise.all(paths.map(stampOf));
  return stamps.join(' ');
}

async function stampOf(path: string): Promise<string> {
  try {
    const { mtimeMs, size, ino } = await stat(path);
    return `${mtimeMs}/${size}/${ino}`;
  } catch {
    return 'missing';
  }
}
