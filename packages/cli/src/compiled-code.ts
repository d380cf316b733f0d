/**
 * Keeps what Node has compiled in the user's cache directory: a command then starts in half the
 * time. Nothing here may fail or say a word: without the folder everything works, only slower.
 */
import { lstatSync, mkdirSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { xdgDirectory } from './xdg.ts';

/**
 * Uses `compiled` in the cache directory, and what NODE_COMPILE_CACHE names instead where it is set.
 * It is code like any: a folder that anybody else owns or may write to is left alone.
 */
export function keepCompiledCode(env: Readonly<Record<string, string | undefined>>): void {
  // Windows has no owner to compare and keeps profiles apart by itself.
  const user = process.getuid?.();
  if (env['NODE_COMPILE_CACHE'] !== undefined || user === undefined) return;
  const folder = join(xdgDirectory(env, 'XDG_CACHE_HOME', '.cache'), 'compiled');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { uid, mode } = lstatSync(folder);
    if (uid !== user || (mode & 0o022) !== 0) return;
    enableCompileCache(folder);
  } catch {
    // There is no home, or it is read-only.
  }
}
