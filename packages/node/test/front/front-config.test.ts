/** `front.yaml`: what it may say, each fault with its line, and the files that it names. */
import { execFileSync } from 'node:child_process';
import { chmod, cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createZoneKeys } from '@callbook/dns';
import { DirectoryError } from '@callbook/protocol';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { configCommand } from '../../src/commands/config.ts';
import { checkFrontConfig } from '../../src/front/check-front-config.ts';
import { readFrontConfig } from '../../src/front/front-config.ts';
import { writeSecretFile } from '../../src/key-file.ts';
import { runCommand } from '../configuration/run-command.ts';

const page = join(import.meta.dirname, '../../../../docs/operators/scale.md');
const text = `sharedDatabase: { urlFile: database }
keys: { zone: zone-keys }
dns:
  listen:
    - { address: 127.0.0.1, port: 5300 }
  cookies: { secrets: cookie-secrets }
  tls:
    listen: [{ address: 127.0.0.1, port: 8530 }]
    certificate: dns.pem
    privateKey: dns.key
api:
  listen: { address: 127.0.0.1, port: 8443 }
  certificate: api.pem
  privateKey: api.key
metrics: { listen: { address: 127.0.0.1, port: 9464 } }
`;
const secret = 'a-password-that-nobody-shall-read';
let good: string;

beforeAll(async () => {
  good = await mkdtemp(join(tmpdir(), 'callbook-front-config-'));
  const at = (name: string): string => join(good, name);
  await writeFile(at('front.yaml'), text);
  const url = `postgresql://alpha:${secret}@db.example:5432/callbook`;
  await writeSecretFile(at('database'), new TextEncoder().encode(url));
  await createZoneKeys(at('zone-keys'), 13);
  await writeSecretFile(at('cookie-secrets'), new TextEncoder().encode(`${'ab'.repeat(16)}\n`));
  for (const name of ['dns', 'api']) {
    const how = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=alpha';
    const files = ['-keyout', at(`${name}.key`), '-out', at(`${name}.pem`)];
    execFileSync('openssl', [...how.split(' '), ...files], { stdio: 'ignore' });
    await chmod(at(`${name}.key`), 0o600);
  }
});

afterAll(async () => await rm(good, { recursive: true, force: true }));

/** A copy of the good folder, changed. */
async function spoilt(spoil: (folder: string) => Promise<unknown>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-front-config-'));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  await cp(good, folder, { recursive: true, preserveTimestamps: true });
  await spoil(folder);
  return join(folder, 'front.yaml');
}

const edit =
  (from: string, to: string) =>
  async (folder: string): Promise<void> => {
    const file = join(folder, 'front.yaml');
    expect(text).toContain(from);
    await writeFile(file, text.replace(from, to));
  };

async function faultsOf(file: string): Promise<string[]> {
  const { faults } = await checkFrontConfig(file, {});
  expect(faults.every(({ fix }) => fix.length > 5)).toBe(true);
  expect(JSON.stringify(faults)).not.toContain(secret);
  return faults.map(({ setting, line, code }) => `${line ?? '-'} ${setting} ${code}`);
}

const invalid = 'config_setting_invalid';

describe('the configuration of a front end', () => {
  it('has no fault where all is right, and absolute paths', async () => {
    expect(await faultsOf(join(good, 'front.yaml'))).toEqual([]);
    const { sharedDatabase, keys, dns, api } = await readFrontConfig(join(good, 'front.yaml'), {});
    const paths = [sharedDatabase.urlFile, keys.zone, dns.cookies!.secrets, dns.tls!.certificate];
    const names = ['database', 'zone-keys', 'cookie-secrets', 'dns.pem', 'api.key'];
    expect([...paths, api!.privateKey]).toEqual(names.map((name) => join(good, name)));
  });

  it('is on its page as it may be written, with every setting', async () => {
    const [, example] = /<!-- front\.yaml -->\n\n```yaml\n([\s\S]*?)```/.exec(
      await readFile(page, 'utf8'),
    )!;
    const file = await spoilt(async (at) => await writeFile(join(at, 'front.yaml'), example!));
    const config = await readFrontConfig(file, {});
    expect(Object.keys(config.sharedDatabase)).toHaveLength(6);
    expect(Object.keys(config.dns)).toHaveLength(7);
    expect(Object.keys(config)).toHaveLength(6);
  });

  it('takes the URL from the environment, as a member does', async () => {
    const file = await spoilt(edit('{ urlFile: database }', '{ table: callbook }'));
    const env = { CALLBOOK_DATABASE_URL: 'postgresql://db.example/callbook' };
    const { sharedDatabase } = await readFrontConfig(file, env);
    expect(sharedDatabase.urlFile).toMatch(/^env:/);
  });
});

describe('the configuration of a front end is told, with the line,', () => {
  it.each<[string, (folder: string) => Promise<unknown>, string[]]>([
    ['that it is no YAML', edit('keys: {', 'keys: {{'), ['3 the file config_malformed']],
    [
      'all that is wrong in it at once',
      async (at) =>
        await writeFile(
          join(at, 'front.yaml'),
          text
            .replace('urlFile: database', 'urlFile: database, pollMilliseconds: 1')
            .replace('zone: zone-keys', 'zones: zone-keys')
            .replace('port: 5300', 'port: 530000'),
        ),
      [
        `1 sharedDatabase.pollMilliseconds ${invalid}`,
        `2 keys.zone ${invalid}`,
        `2 keys.zones ${invalid}`,
        `5 dns.listen.0.port ${invalid}`,
      ],
    ],
    ['a setting of members alone', edit('keys:', 'dataDir: data\nkeys:'), [`2 dataDir ${invalid}`]],
    [
      'that it stands by',
      edit('urlFile: database', 'urlFile: database, standby: true'),
      [`1 sharedDatabase.standby ${invalid}`],
    ],
    [
      'that others may write it',
      async (at) => await chmod(join(at, 'front.yaml'), 0o666),
      ['- the file config_exposed'],
    ],
    [
      'that others may read the URL',
      async (at) => await chmod(join(at, 'database'), 0o644),
      ['1 sharedDatabase.urlFile key_file_exposed'],
    ],
    [
      'that the URL is none',
      async (at) => await writeFile(join(at, 'database'), 'mysql://db.example/callbook'),
      ['1 sharedDatabase.urlFile database_url_malformed'],
    ],
    [
      'that there is no URL',
      async (at) => await rm(join(at, 'database')),
      ['1 sharedDatabase.urlFile key_file_unreadable'],
    ],
    [
      'that there are no zone keys',
      async (at) => await rm(join(at, 'zone-keys'), { recursive: true }),
      ['2 keys.zone dns_key_missing'],
    ],
    [
      'that a certificate is missing',
      async (at) => await rm(join(at, 'dns.pem')),
      ['9 dns.tls.certificate certificate_unreadable'],
    ],
    [
      'that certificate and key do not belong together',
      async (at) => await cp(join(at, 'dns.key'), join(at, 'api.key')),
      ['13 api.certificate certificate_unfit'],
    ],
    [
      'that one port has two servers',
      edit('port: 9464', 'port: 8443'),
      ['15 metrics.listen listen_failed'],
    ],
  ])('%s', async (_what, spoil, faults) => {
    expect(await faultsOf(await spoilt(spoil))).toEqual(faults);
  });

  it('where it is read to be served, by its first fault', async () => {
    const file = await spoilt(edit('port: 5300', 'port: many'));
    const error = await readFrontConfig(file, {}).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DirectoryError);
    expect(error).toMatchObject({ code: invalid, message: expect.stringMatching(/^line 5: dns/) });
    const absent = await readFrontConfig(`${file}.none`, {}).catch((thrown: unknown) => thrown);
    expect(absent).toMatchObject({ code: 'config_unreadable' });
  });

  it('by `config check --role front`, which fails then', async () => {
    onTestFinished(() => void (process.exitCode = undefined));
    const check = async (file: string): Promise<string> =>
      await runCommand(configCommand, ['check', '--role', 'front', '--config', file]);
    expect(await check(join(good, 'front.yaml'))).toContain('every setting is usable');
    expect(process.exitCode).toBeUndefined();
    const file = await spoilt(edit('urlFile', 'urlfile'));
    expect(await check(file)).toContain(`${file}:1: sharedDatabase.urlfile: is not a setting`);
    expect(process.exitCode).toBe(1);
  });
});
