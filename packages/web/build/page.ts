/**
 * Builds the page: once for each state of its sources, so that a testnet, or a test, that starts with an
 * unchanged tree finds it there. What is built is files alone: a member reads them from a folder.
 */
import { createHash } from 'node:crypto';
import { existsSync, globSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { addIntegrity } from './integrity.ts';
import { pageRoot, viteSettings } from './vite-settings.ts';

const repository = join(pageRoot, '../..');

/** What the page is made of; dependencies are as the lock file says. */
const sources = [
  'packages/web/{src,build}/**/*',
  'packages/web/index.html',
  'packages/{client,dns,protocol}/src/**/*',
  'package-lock.json',
];

/** Builds the page into a folder, which is emptied before. */
export async function buildPage(folder: string): Promise<void> {
  // Loaded for that alone: most starts find the page built.
  const { build } = await import('vite');
  await build(viteSettings(folder));
  await addIntegrity(folder);
}

/** Returns a folder with the page of the sources as they are, and builds it where there is none. */
export async function builtPage(cacheFolder: string): Promise<string> {
  const folder = join(cacheFolder, await sourcesDigest());
  if (existsSync(folder)) return folder;
  await mkdir(cacheFolder, { recursive: true });
  const building = await mkdtemp(join(cacheFolder, 'building-'));
  try {
    await buildPage(building);
    // Whole or not at all: if we crash before, only a folder that nobody reads is left.
    await rename(building, folder);
  } catch (error) {
    // Another process may have built the same in the meantime.
    if (!existsSync(folder)) throw error;
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  return folder;
}

async function sourcesDigest(): Promise<string> {
  const files = sources
    .flatMap((pattern) => globSync(pattern, { cwd: repository, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const digest = createHash('sha256');
  for (const file of files) {
    digest.update(`${file.slice(dirname(repository).length)}\0`).update(await readFile(file));
  }
  return digest.digest('hex').slice(0, 16);
}
