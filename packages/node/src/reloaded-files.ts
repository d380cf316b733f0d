/**
 * Notices that files have changed, by looking at them: a renewal may replace a file, its folder or the
 * target of a link, which `fs.watch` sees or does not see as the system likes.
 */
import { stat } from 'node:fs/promises';

const pollMsDefault = 10_000;

export interface ReloadOptions {
  /** Told once of each change that could not be taken; it is tried again at each look all the same. */
  readonly onFailure: (error: unknown) => void;
  readonly pollMs?: number;
}

/** Calls `reload` whenever one of the files differs from what was last loaded, until disposed of. */
export function startReloading(
  paths: readonly string[],
  reload: () => Promise<void>,
  options: ReloadOptions,
): Disposable {
  const loading = { loaded: stampsOf(paths), failed: '' };
  let isLooking = false;
  const look = async (): Promise<void> => {
    const stamps = await stampsOf(paths);
    if (stamps === (await loading.loaded)) return;
    try {
      await reload();
      loading.loaded = Promise.resolve(stamps);
    } catch (error) {
      if (stamps !== loading.failed) options.onFailure(error);
      loading.failed = stamps;
    }
  };
  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    void look().finally(() => (isLooking = false));
  }, options.pollMs ?? pollMsDefault).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
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
