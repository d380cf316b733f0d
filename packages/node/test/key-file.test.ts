import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSecretKey, writeSecretFile } from '../src/key-file.ts';

let folder: string;
const key = new Uint8Array(32).fill(7);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callbook-keys-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

describe('a key file', () => {
  it('is written for its owner alone and read back', async () => {
    const path = join(folder, 'log.key');
    await writeSecretFile(path, key);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readSecretKey(path)).toEqual(key);
  });

  it('is never overwritten', async () => {
    const path = join(folder, 'log.key');
    await writeSecretFile(path, key);
    await expect(writeSecretFile(path, new Uint8Array(32))).rejects.toMatchObject({
      code: 'EEXIST',
    });
    expect(await readSecretKey(path)).toEqual(key);
  });

  it.each([0o640, 0o604, 0o660])('that others can read or write (%o) is refused', async (mode) => {
    const path = join(folder, 'log.key');
    await writeSecretFile(path, key);
    await chmod(path, mode);
    await expect(readSecretKey(path)).rejects.toMatchObject({ code: 'key_file_exposed' });
  });

  it.each([0, 31, 33])('of %i bytes is refused', async (size) => {
    const path = join(folder, 'log.key');
    await writeFile(path, new Uint8Array(size), { mode: 0o600 });
    await expect(readSecretKey(path)).rejects.toMatchObject({ code: 'key_file_malformed' });
  });

  it('that is missing is named', async () => {
    await expect(readSecretKey(join(folder, 'none'))).rejects.toMatchObject({
      code: 'key_file_unreadable',
    });
  });
});
