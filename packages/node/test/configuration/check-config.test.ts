/** `config check` against a folder of a member that is right, and that is spoilt in one way each. */
import { generateKeyPairSync } from 'node:crypto';
import { chmod, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { checkConfig } from '../../src/configuration/check-config.ts';
import { foundFolder } from './founded-folder.ts';

let good: string;

beforeAll(async () => {
  good = await mkdtemp(join(tmpdir(), 'callbook-check-'));
  await foundFolder(good);
});

afterAll(async () => await rm(good, { recursive: true, force: true }));

/** A copy of the good folder, changed. */
async function spoilt(spoil: (folder: string) => Promise<unknown>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-check-'));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  await cp(good, folder, { recursive: true, preserveTimestamps: true });
  await spoil(folder);
  return join(folder, 'node.yaml');
}

async function faultsOf(file: string): Promise<string[]> {
  const { faults } = await checkConfig(file, {});
  expect(faults.every(({ fix }) => fix.length > 10)).toBe(true);
  return faults.map(({ setting, line, code }) => `${line ?? '-'} ${setting} ${code}`);
}

const edit =
  (from: string, to: string) =>
  async (folder: string): Promise<void> => {
    const file = join(folder, 'node.yaml');
    const text = await readFile(file, 'utf8');
    expect(text).toContain(from);
    await writeFile(file, text.replace(from, to));
  };

describe('a configuration whose files are all right', () => {
  it('has no fault', async () => {
    expect(await faultsOf(join(good, 'node.yaml'))).toEqual([]);
  });
});

describe('a configuration is told, with the line,', () => {
  it.each<[string, (folder: string) => Promise<unknown>, string]>([
    [
      'that others may write it',
      async (at) => await chmod(join(at, 'node.yaml'), 0o666),
      '- the file config_exposed',
    ],
    [
      'that others may write its data',
      async (at) => await chmod(join(at, 'data'), 0o777),
      '2 dataDir data_folder_unusable',
    ],
    [
      'that its data folder is a file',
      edit('dataDir: data', 'dataDir: log.key'),
      '2 dataDir data_folder_unusable',
    ],
    [
      'that a charter is missing',
      async (at) => await rm(join(at, 'charters/charter-1.note')),
      '3 charters charter_unreadable',
    ],
    [
      'that a charter is cut off',
      async (at) => await writeFile(join(at, 'charters/charter-1.note'), '{"v'),
      '3 charters charter_refused',
    ],
    [
      'that the charter is foreign',
      edit('member: alpha', 'member: omega'),
      '1 member member_unknown',
    ],
    [
      'that others may read a key',
      async (at) => await chmod(join(at, 'log.key'), 0o640),
      '5 keys.log key_file_exposed',
    ],
    [
      'that a key is half written',
      async (at) => await writeFile(join(at, 'log.key'), 'x'),
      '5 keys.log key_file_malformed',
    ],
    [
      'that the log key is another',
      async (at) => await writeFile(join(at, 'log.key'), new Uint8Array(32)),
      '5 keys.log log_key_mismatch',
    ],
    [
      'that the VRF key is another',
      async (at) => await writeFile(join(at, 'vrf.key'), new Uint8Array(32)),
      '7 keys.vrf vrf_key_mismatch',
    ],
    [
      'that the peer key is none',
      async (at) => await writeFile(join(at, 'peer.key'), 'x'),
      '6 keys.peer peer_key_unusable',
    ],
    [
      'that there are no zone keys',
      async (at) => await rm(join(at, 'zone-keys'), { recursive: true }),
      '8 keys.zone dns_key_missing',
    ],
    [
      'that a certificate is missing',
      async (at) => await rm(join(at, 'api.pem')),
      '16 api.certificate certificate_unreadable',
    ],
    [
      'that a certificate is of another key',
      async (at) => await writeFile(join(at, 'api.key'), otherKey()),
      '16 api.certificate certificate_unfit',
    ],
    [
      'that a private key is none',
      async (at) => await writeFile(join(at, 'api.key'), 'x'),
      '16 api.certificate certificate_unfit',
    ],
    [
      'that two servers want one port',
      edit('/tcp/4001', '/tcp/8443'),
      '19 mesh.listen.0 listen_failed',
    ],
  ])('%s', async (_, spoil, expected) => {
    expect(await faultsOf(await spoilt(spoil))).toEqual([expected]);
  });

  it('all faults at once, in the order of the file', async () => {
    const file = await spoilt(async (at) => {
      await rm(join(at, 'api.pem'));
      await chmod(join(at, 'peer.key'), 0o604);
      await edit('member: alpha', 'member: omega')(at);
    });
    expect(await faultsOf(file)).toEqual([
      '1 member member_unknown',
      '6 keys.peer key_file_exposed',
      '16 api.certificate certificate_unreadable',
    ]);
  });

  it('what is wrong with a file that was written by half, and nothing is looked at then', async () => {
    const file = await spoilt(async (at) => {
      const path = join(at, 'node.yaml');
      await writeFile(path, (await readFile(path, 'utf8')).slice(0, 120));
    });
    const { config, faults } = await checkConfig(file, {});
    expect(config).toBeUndefined();
    expect(faults.map(({ problem }) => problem)).toContain('is missing');
  });
});

function otherKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ format: 'pem', type: 'pkcs8' });
}
