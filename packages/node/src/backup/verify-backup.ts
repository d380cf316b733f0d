/**
 * Verifies a backup: that every file is there with its size and hash, and that the store opens from them and
 * has the own log that the manifest names. LevelDB writes where it opens, so it opens links.
 */
import { copyFile, link, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { DirectoryError } from '@callbook/protocol';
import { openLevelStore, readLogState, schemaOf, storeSchema } from '@callbook/replication/replica';
import type { ReplicationErrorCode } from '@callbook/replication';
import { pickCryptography } from '../cryptography.ts';
import { damaged } from './backup-manifest.ts';
import type { FoundBackup } from './backup-manifest.ts';
import { hashFile } from './copied-file.ts';

const cacheBytes: number = 8 << 20;

/** Errors: `backup_damaged`, `store_newer`. */
export async function verifyBackup(
  { folder, manifest }: FoundBackup,
  onBytes: (count: number) => void = () => undefined,
): Promise<void> {
  if (manifest.store.oldestReader > storeSchema.version)
    throw new DirectoryError<ReplicationErrorCode>(
      'store_newer',
      `the backup is of version ${manifest.store.version}, this program reads up to ${storeSchema.version}`,
    );
  for (const { path, size, sha256 } of manifest.files) {
    const found = await hashFile(join(folder, path), size).catch((cause: unknown) => {
      throw damaged(folder, `has no file ${path} that can be read`, cause);
    });
    if (found !== sha256) throw damaged(folder, `has another ${path} than was written`);
    onBytes(size);
  }
  await verifyStore({ folder, manifest });
}

async function verifyStore({ folder, manifest }: FoundBackup): Promise<void> {
  const opened = await linked({ folder, manifest });
  try {
    const { store: schema, ownLog } = manifest;
    const store = await openLevelStore(opened, { cacheBytes });
    try {
      const { size, root } = readLogState(store, ownLog.origin, await pickCryptography());
      const isSame = size === ownLog.size && root.toBase64() === ownLog.root;
      if (!isSame) throw damaged(folder, 'has another own log than its manifest says');
      if (schemaOf(store).version !== schema.version)
        throw damaged(folder, 'has a store of another version than its manifest says');
    } finally {
      await store.close();
    }
  } catch (cause) {
    if (cause instanceof DirectoryError && cause.code.startsWith('backup_')) throw cause;
    throw damaged(folder, 'has a store that cannot be opened', cause);
  } finally {
    await rm(opened, { recursive: true, force: true });
  }
}

/** A folder with the files of the store: links beside the backup, or copies where it cannot be written. */
async function linked({ folder, manifest }: FoundBackup): Promise<string> {
  const names = manifest.files
    .filter(({ path }) => path.startsWith('store/'))
    .map(({ path }) => basename(path));
  const beside = join(dirname(folder), `.verifying-${process.pid}`);
  try {
    await mkdir(beside, { mode: 0o700 });
    for (const name of names) await link(join(folder, 'store', name), join(beside, name));
    return beside;
  } catch {
    await rm(beside, { recursive: true, force: true }).catch(() => undefined);
    const elsewhere = await mkdtemp(join(tmpdir(), 'callbook-verify-'));
    for (const name of names) await copyFile(join(folder, 'store', name), join(elsewhere, name));
    return elsewhere;
  }
}
