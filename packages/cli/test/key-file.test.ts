/** Key files alone: what a crash and a second writer leave behind. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { KeyStore, type KeyRecord } from '../src/key-file.ts';

const record: KeyRecord = {
  identifier: 'tel:+34912345678',
  createdAt: '2026-01-01T00:00:00.000Z',
  seed: new Uint8Array(32).fill(1),
  labelEpoch: 0,
  holding: null,
  pending: null,
  replacement: null,
  requests: 0,
  refused: null,
};

let directory: string;
let keys: KeyStore;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'callbook-keys-'));
  keys = new KeyStore(join(directory, 'keys'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

it('reads back what it wrote', async () => {
  await keys.create(record);
  expect(await keys.read(record.identifier)).toEqual(record);
  expect(await keys.readAll()).toEqual([record]);
});

it('never overwrites a file with a new one', async () => {
  await keys.create(record);
  const other = { ...record, seed: new Uint8Array(32).fill(2) };
  await expect(keys.create(other)).rejects.toMatchObject({ code: 'key_file_exists' });
  expect(await keys.read(record.identifier)).toEqual(record);
});

it('leaves no temporary file behind, and reads none that a crash left', async () => {
  await keys.create(record);
  await keys.update({ ...record, labelEpoch: 1 });
  expect(await readdir(join(directory, 'keys'))).toHaveLength(1);
  await writeFile(`${keys.pathOf(record.identifier)}.abcdef.new`, 'half a rec');
  expect(await keys.readAll()).toHaveLength(1);
});

it('says nothing of the content of a file that it cannot read', async () => {
  await keys.create(record);
  const path = keys.pathOf(record.identifier);
  const text = await readFile(path, 'utf8');
  for (const broken of [
    '',
    '# only a comment\n',
    text.slice(0, -20),
    text.replace('"v":1', '"v":2'),
  ]) {
    await writeFile(path, broken);
    const error: unknown = await keys.read(record.identifier).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'key_file_malformed' });
    expect((error as Error).cause).toBeUndefined();
  }
});

it('puts a released file aside, so that the number may be claimed afresh', async () => {
  await keys.create(record);
  const aside = await keys.retire(record);
  expect(await keys.read(record.identifier)).toBeUndefined();
  expect(await readFile(aside, 'utf8')).toContain('# public key: ');
  await keys.create(record);
});
