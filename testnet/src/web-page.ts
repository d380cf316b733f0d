/**
 * The web page that a testnet's members serve: built from the sources as they are, and linked to from the
 * testnet's folder, where the members' configurations look for it.
 */
import { rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { builtPage } from '@callbook/web/build';

const cacheFolder = join(import.meta.dirname, '../../node_modules/.cache/callbook-page');

/** Builds the page where its sources have changed, and links to it at `path`. */
export async function linkPage(path: string): Promise<void> {
  const folder = await builtPage(cacheFolder);
  await rm(path, { force: true });
  await symlink(folder, path);
}
