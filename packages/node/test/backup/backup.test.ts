/** Backups of a store that is being written, by the command's own code over a real admin socket. */
import { randomBytes } from 'node:crypto';
import {
  chown,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backupsIn, findBackup, nextBackupName } from '../../src/backup/backup-manifest.ts';
import { makeBackup } from '../../src/backup/make-backup.ts';
import type { BackupOptions, BackupProgress, MadeBackup } from '../../src/backup/make-backup.ts';
import { progressLine } from '../../src/backup/progress-lines.ts';
import { readLastBackup } from '../../src/backup/last-backup.ts';
import { restoreBackup } from '../../src/backup/restore-backup.ts';
import { readConfig } from '../../src/config.ts';
import { verifyBackup } from '../../src/backup/verify-backup.ts';
import { openLevelStore } from '@callbook/replication';
import type { Store } from '@callbook/replication';
import { backedUpMember } from './backed-up-member.ts';
import type { BackedUpMember, RunningStore } from './backed-up-member.ts';

let member: BackedUpMember;
let to: string;
beforeEach(async () => {
  member = await backedUpMember();
  to = join(member.folder, 'backups');
});
afterEach(async () => await member[Symbol.asyncDispose]());

const back = async (more: Partial<BackupOptions> = {}): Promise<MadeBackup> => {
  const { config, configFile } = member;
  return await makeBackup({ config, configFile, to, ...more });
};
const verify = async (folder: string): Promise<void> =>
  await verifyBackup(await findBackup(folder));
const code = (expected: string): unknown => expect.objectContaining({ code: expected });

/** Rows that the replica does not look at, enough for many tables. */
async function fill(store: Store, batch: number): Promise<void> {
  const rows = Array.from({ length: 512 }, (_nothing, n) => ({
    rowKey: Buffer.from(`zz${String((batch * 512 + n) * 7919).padStart(12, '0')}`),
    value: randomBytes(400),
  }));
  await store.batch(rows, { durable: true });
}

async function filled(running: RunningStore, batches = 24): Promise<void> {
  for (let batch = 0; batch < batches; batch += 1) await fill(running.store, batch);
}

async function rowCount(folder: string): Promise<number> {
  const store = await openLevelStore(folder, { cacheBytes: 1 << 20 });
  const from = { gte: Buffer.from('zz'), lt: Buffer.from('z{') };
  const rows = await store.range({ ...from, countMax: 1_000_000 });
  await store.close();
  return rows.length;
}

describe('a backup', () => {
  it('is whole, and restores, though the store was written meanwhile', async () => {
    await using running = await member.start();
    await filled(running);
    let batch = 24;
    const done = new AbortController();
    const writing = (async () => {
      while (!done.signal.aborted) await fill(running.store, batch++);
    })();
    const progress: BackupProgress[] = [];
    const made = await back({ onProgress: (at) => progress.push(at) });
    done.abort();
    await writing;
    await verify(made.folder);
    expect(made.manifest).toMatchObject({
      member: 'alpha',
      memberCount: 3,
      charterVersion: 1,
      withKeys: false,
      ownLog: { origin: member.origin, size: running.replica.storedLog(member.origin)!.size },
    });
    expect(progress.at(-1)!.bytesDone).toBe(progress.at(-1)!.bytesTotal);
    expect(made.bytes).toBe(progress.at(-1)!.bytesTotal);
    // Nothing holds on to what LevelDB replaces.
    expect(await readdir(member.config.dataDir)).not.toContain('backup-pins');
    const last = await readLastBackup(member.config.dataDir);
    expect(last).toMatchObject({ at: made.manifest.madeAt, bytes: made.bytes });
    const dataDir = join(member.folder, 'restored');
    await restoreBackup({ config: { ...member.config, dataDir }, from: to });
    const rows = await rowCount(join(dataDir, 'store'));
    expect(rows % 512).toBe(0);
    expect(rows / 512).toBeGreaterThanOrEqual(24);
    expect(rows / 512).toBeLessThanOrEqual(batch);
  });

  it('is made of a member that does not run', async () => {
    await member.start().then(async (running) => {
      await filled(running, 2);
      await running[Symbol.asyncDispose]();
    });
    const made = await back();
    await verify(to);
    expect(made.manifest.ownLog.size).toBeGreaterThan(0);
    expect(await readdir(member.config.dataDir)).not.toContain('backup-pins');
  });

  it('has no secrets unless they are asked for', async () => {
    await using parts = new AsyncDisposableStack();
    parts.use(await member.start());
    const paths = ({ manifest }: MadeBackup): string[] =>
      manifest.files.map(({ path }) => path).filter((path) => !path.startsWith('store/'));
    const without = await back();
    expect(paths(without)).toEqual([
      'configuration/node.yaml',
      'charters/charter-1.note',
      'zone-keys/keys-00000001.json',
    ]);
    const withKeys = await back({ withKeys: true });
    expect(paths(withKeys).toSorted()).toEqual(
      [
        ...paths(without),
        ...['log.key', 'peer.key', 'vrf.key', 'api.pem', 'api.key'].map((name) => `keys/${name}`),
        'zone-keys/0123456789abcdef.pem',
      ].toSorted(),
    );
    for (const folder of [to, withKeys.folder, join(withKeys.folder, 'keys')])
      expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(join(withKeys.folder, 'keys/log.key'))).mode & 0o777).toBe(0o600);
  });

  it('copies what is new, and links the tables that the backup before has', async () => {
    await using running = await member.start();
    await filled(running);
    await running.store.compact(Buffer.from('a'), Buffer.from('{'));
    const first = await back();
    await fill(running.store, 100);
    const second = await back();
    expect(second.copiedBytes).toBeLessThan(first.copiedBytes / 4);
    expect(second.bytes).toBeGreaterThan(first.bytes);
    const full = await back({ isFull: true });
    expect(full.copiedBytes).toBe(full.bytes);
    await rm(first.folder, { recursive: true });
    await verify(second.folder);
    const dataDir = join(member.folder, 'restored');
    await restoreBackup({ config: { ...member.config, dataDir }, from: second.folder });
    expect(await rowCount(join(dataDir, 'store'))).toBe(25 * 512);
  });

  it('is one of as many as are kept, and no clock makes an old one the newest', async () => {
    await using parts = new AsyncDisposableStack();
    parts.use(await member.start());
    const names: string[] = [];
    for (let made = 0; made < 4; made += 1) names.push(basename((await back({ keep: 2 })).folder));
    expect(await backupsIn(to)).toEqual(names.slice(2));
    expect(nextBackupName(names[3], 0)).toBe('000005-1970-01-01T00-00-00Z');
  });

  it('is begun only when no other is being made, and after one that was killed', async () => {
    await using running = await member.start();
    const { pinId } = await running.desk.begin(process.pid);
    await expect(back()).rejects.toThrow(code('backup_running'));
    await running.desk.end(pinId, undefined);
    expect(await readLastBackup(member.config.dataDir)).toBeUndefined();
    // No process has this number: the largest that Linux gives is 2^22.
    await running.desk.begin(2 ** 22 + 1);
    await back();
  });

  it('is not kept when a table of the store has changed on the disk', async () => {
    await using running = await member.start();
    await filled(running);
    await running.store.compact(Buffer.from('a'), Buffer.from('{'));
    await back();
    const store = join(member.config.dataDir, 'store');
    const tables = (await readdir(store)).filter((name) => name.endsWith('.ldb')).sort();
    const table = join(store, tables[0]!);
    const bytes = await readFile(table);
    bytes[1000]! ^= 1;
    await writeFile(table, bytes);
    await expect(back()).rejects.toThrow(code('store_damaged'));
    expect((await backupsIn(to)).length).toBe(1);
    expect(await readdir(to)).not.toContain('.unfinished');
  });

  it('says what is wrong with the place for it', async () => {
    await using parts = new AsyncDisposableStack();
    parts.use(await member.start());
    await writeFile(to, 'a file');
    await expect(back()).rejects.toThrow(code('backup_failed'));
    // Not even root may make a folder there.
    await expect(back({ to: '/sys/callbook' })).rejects.toThrow(code('folder_unwritable'));
  });
});

describe('progress', () => {
  it('says rate and time left', () => {
    const at = { bytesDone: 100 << 20, bytesTotal: 300 << 20, elapsedMs: 2000 };
    expect(progressLine(at)).toBe('100 of 300 MiB, 50 MiB/s, 4 s left');
  });
});

describe('a backup that is damaged', () => {
  let made: MadeBackup;
  beforeEach(async () => {
    await using running = await member.start();
    await filled(running, 4);
    made = await back({ withKeys: true });
  });
  const store = async (pattern: RegExp): Promise<string> => {
    const names = await readdir(join(made.folder, 'store'));
    return join(
      made.folder,
      'store',
      names.find((name) => pattern.test(name))!,
    );
  };
  const refused = async (): Promise<void> => {
    await expect(verify(made.folder)).rejects.toThrow(code('backup_damaged'));
    const config = { ...member.config, dataDir: join(member.folder, 'restored') };
    await expect(restoreBackup({ config, from: to })).rejects.toThrow(code('backup_damaged'));
    await expect(stat(join(config.dataDir, 'store'))).rejects.toThrow('ENOENT');
  };

  it('is refused with a changed byte', async () => {
    const path = await store(/\.(ldb|log)$/);
    const bytes = await readFile(path);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(path, bytes);
    await refused();
  });

  it('is refused when a file is cut, or missing', async () => {
    await truncate(await store(/^MANIFEST/), 10);
    await refused();
    await rm(await store(/^MANIFEST/));
    await refused();
  });

  it('is refused when its manifest is cut, of another format, or leads out of the folder', async () => {
    const path = join(made.folder, 'manifest.json');
    const text = await readFile(path, 'utf8');
    for (const changed of [
      text.slice(0, -10),
      text.replace('"format": 1', '"format": 2'),
      text.replace('"store/CURRENT"', '"store/../../CURRENT"'),
    ]) {
      expect(changed).not.toBe(text);
      await writeFile(path, changed);
      await refused();
    }
  });

  it('is refused when the manifest names another own log', async () => {
    const path = join(made.folder, 'manifest.json');
    const manifest = JSON.parse(await readFile(path, 'utf8')) as { ownLog: { size: number } };
    manifest.ownLog.size += 1;
    await writeFile(path, JSON.stringify(manifest));
    await refused();
  });
});

describe('a restore', () => {
  const restored = (): string => join(member.folder, 'restored');
  beforeEach(async () => {
    await using running = await member.start();
    await filled(running, 2);
    await back({ withKeys: true });
  });

  /** As `init` lays it out. */
  const inDataFolder = async (): Promise<BackedUpMember['config']> => {
    const text = await readFile(member.configFile, 'utf8');
    const file = join(member.folder, 'other.yaml');
    const vrf = `vrf: ${join(restored(), 'vrf.key')}`;
    const moved = text.replace('dataDir: data', `dataDir: ${restored()}`);
    await writeFile(file, moved.replace('vrf: vrf.key', vrf));
    return await readConfig(file);
  };

  it('overwrites nothing', async () => {
    await expect(restoreBackup({ config: member.config, from: to })).rejects.toThrow(
      code('data_folder_filled'),
    );
    await mkdir(restored());
    await writeFile(join(restored(), 'something'), '');
    const config = { ...member.config, dataDir: restored() };
    await expect(restoreBackup({ config, from: to })).rejects.toThrow(code('data_folder_filled'));
  });

  it('begins again where the first was cut short', async () => {
    await mkdir(join(restored(), 'store.restoring'), { recursive: true });
    await writeFile(join(restored(), 'store.restoring/CURRENT'), 'half');
    await restoreBackup({ config: { ...member.config, dataDir: restored() }, from: to });
    expect(await readdir(restored())).toEqual(['store']);
  });

  it('writes keys where there are none, and leaves those that are there', async () => {
    const config = { ...member.config, dataDir: restored() };
    await rm(config.keys.peer);
    await rm(config.keys.zone, { recursive: true });
    const { keysWritten } = await restoreBackup({ config, from: to });
    expect(keysWritten.map((path) => basename(path)).sort()).toEqual([
      '0123456789abcdef.pem',
      'keys-00000001.json',
      'peer.key',
    ]);
    expect((await stat(config.keys.peer)).mode & 0o777).toBe(0o600);
  });

  it('takes the keys from a backup that was locked away, and the store from the last', async () => {
    const safe = join(member.folder, 'safe');
    const nightly = join(member.folder, 'nightly');
    await back({ to: safe, withKeys: true });
    await back({ to: nightly });
    const config = { ...member.config, dataDir: restored() };
    await rm(config.keys.vrf);
    await rm(config.keys.zone, { recursive: true });
    await expect(restoreBackup({ config, from: nightly, keysFrom: nightly })).rejects.toThrow(
      code('backup_missing'),
    );
    const without = await restoreBackup({ config, from: nightly });
    expect(without.keysMissing).toEqual([config.keys.vrf, config.keys.zone]);
    await rm(restored(), { recursive: true });
    const made = await restoreBackup({ config, from: nightly, keysFrom: safe });
    expect(made.keysMissing).toEqual([]);
    expect(made.folder).toContain('nightly');
    expect(await stat(config.keys.vrf)).toMatchObject({ size: 32 });
  });

  it('gives what root restores to the user of the member', async () => {
    const config = { ...member.config, dataDir: restored() };
    await chown(config.keys.log, 65_534, 65_534);
    await rm(config.keys.vrf);
    await restoreBackup({ config, from: to });
    const names = await readdir(restored(), { recursive: true });
    const written = [restored(), ...names.map((name) => join(restored(), name)), config.keys.vrf];
    for (const path of written) expect((await stat(path)).uid, path).toBe(65_534);
  });

  it('does not take keys in the data folder for another store', async () => {
    const config = await inDataFolder();
    await mkdir(restored(), { mode: 0o700 });
    await copyFile(member.config.keys.vrf, config.keys.vrf);
    await restoreBackup({ config, from: to });
    expect((await readdir(restored())).sort()).toEqual(['store', 'vrf.key']);
  });

  it('is refused for another member, and where there is no backup', async () => {
    const config = { ...member.config, dataDir: restored() };
    await expect(
      restoreBackup({ config: { ...config, member: 'beta' }, from: to }),
    ).rejects.toThrow(code('backup_foreign'));
    await expect(restoreBackup({ config, from: member.folder })).rejects.toThrow(
      code('backup_missing'),
    );
  });

  it('is refused in a federation of one, unless what was logged since is given up', async () => {
    await using alone = await backedUpMember(1);
    const from = join(alone.folder, 'backups');
    const { config, configFile } = alone;
    await using parts = new AsyncDisposableStack();
    parts.use(await alone.start());
    await makeBackup({ config, configFile, to: from });
    const elsewhere = { ...config, dataDir: join(alone.folder, 'restored') };
    await expect(restoreBackup({ config: elsewhere, from })).rejects.toThrow(code('restore_alone'));
    await restoreBackup({ config: elsewhere, from, withoutMirrors: true });
  });

  it('says that the folder cannot be written', async () => {
    const config = { ...member.config, dataDir: '/sys/callbook' };
    await expect(restoreBackup({ config, from: to })).rejects.toThrow(code('folder_unwritable'));
  });
});
