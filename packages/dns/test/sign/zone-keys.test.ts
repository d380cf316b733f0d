/** Key files: modes, never replaced, and what is wrong with bad ones. */
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createZoneKeys, dsRecord, loadZoneKeys, parseDsRecord, zoneDs } from '@callbook/dns';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'callbook-zone-keys-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

describe('createZoneKeys', () => {
  it.each([13, 15] as const)('writes two files of mode 0600 (algorithm %i)', async (algorithm) => {
    const keys = await createZoneKeys(join(directory, 'zone'), algorithm);
    expect(keys.ksk.algorithm).toBe(algorithm);
    expect(keys.ksk.publicKey).not.toEqual(keys.zsk.publicKey);
    expect((await readdir(join(directory, 'zone'))).sort()).toEqual(['ksk.pem', 'zsk.pem']);
    for (const name of ['ksk.pem', 'zsk.pem'])
      expect((await stat(join(directory, 'zone', name))).mode & 0o777).toBe(0o600);
  });

  it('keeps what is there and makes what is missing', async () => {
    const first = await createZoneKeys(directory, 13);
    await rm(join(directory, 'zsk.pem'));
    const second = await createZoneKeys(directory, 13);
    expect(second.ksk.publicKey).toEqual(first.ksk.publicKey);
    expect(second.zsk.publicKey).not.toEqual(first.zsk.publicKey);
    expect(dsRecord('example', second)).toBe(dsRecord('example', first));
  });

  it('agrees with another process that makes the same keys', async () => {
    const [one, other] = await Promise.all([
      createZoneKeys(directory, 15),
      createZoneKeys(directory, 15),
    ]);
    expect(one.ksk.publicKey).toEqual(other.ksk.publicKey);
    expect(one.zsk.publicKey).toEqual(other.zsk.publicKey);
  });

  it('says so when it cannot write', async () => {
    await writeFile(join(directory, 'file'), '');
    await expect(createZoneKeys(join(directory, 'file', 'zone'), 13)).rejects.toMatchObject({
      code: 'dns_key_unwritable',
    });
  });
});

describe('loadZoneKeys', () => {
  it('names the file that is missing', async () => {
    await expect(loadZoneKeys(directory)).rejects.toMatchObject({
      code: 'dns_key_missing',
      details: { key: 'ksk' },
    });
  });

  it('refuses a file that others can read', async () => {
    await createZoneKeys(directory, 13);
    await chmod(join(directory, 'zsk.pem'), 0o640);
    await expect(loadZoneKeys(directory)).rejects.toMatchObject({
      code: 'dns_key_exposed',
      message: 'zsk.pem has mode 0640, at most 0600',
    });
  });

  it.each([
    ['text that is no key', 'secret text'],
    ['a key of another algorithm', undefined],
  ])('refuses %s without repeating it', async (_what, content) => {
    await createZoneKeys(directory, 13);
    const path = join(directory, 'ksk.pem');
    const { generateKeyPairSync } = await import('node:crypto');
    const x25519 = generateKeyPairSync('x25519').privateKey.export({
      format: 'pem',
      type: 'pkcs8',
    });
    await writeFile(path, content ?? x25519);
    const failure: unknown = await loadZoneKeys(directory).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'dns_key_malformed' });
    expect(JSON.stringify(failure)).not.toContain('secret');
    expect(await readFile(path, 'utf8')).toBeTruthy();
  });
});

describe('dsRecord', () => {
  it('is a line that parseDsRecord reads', async () => {
    const keys = await createZoneKeys(directory, 13);
    const line = dsRecord('E164.example', keys);
    expect(line.endsWith(` IN DS ${zoneDs('e164.EXAMPLE', keys)}`)).toBe(true);
    expect(line).toMatch(/^E164\.example\. 3600 IN DS \d+ 13 2 [\dA-F]{64}$/);
    expect(parseDsRecord(line)).toMatchObject({ type: 'DS', algorithm: 13, digestType: 2 });
  });

  it('refuses an apex that is no name', async () => {
    const keys = await createZoneKeys(directory, 13);
    expect(() => dsRecord('a..b', keys)).toThrow(
      expect.objectContaining({ code: 'dns_zone_setting_invalid' }),
    );
  });
});
