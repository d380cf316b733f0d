/** Secrets from files, variables and systemd's credentials, and which of them wins. */
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { stringify, parse } from 'yaml';
import { readConfig } from '../../src/config.ts';
import { secretSettings } from '../../src/configuration/secret-sources.ts';
import { readSecretFile, readSecretKey, writeSecretFile } from '../../src/key-file.ts';

const page = readFileSync(
  join(import.meta.dirname, '../../../../docs/operators/configuration.md'),
  'utf8',
);
const example = parse(/```yaml\n([\s\S]*?)```/.exec(page)![1]!) as Record<string, unknown>;
const smtpPassword = (config: Awaited<ReturnType<typeof readConfig>>): string =>
  config.challenges.channels!.smtp!.login!.passwordFile;

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callbook-secrets-'));
  file = join(folder, 'node.yaml');
  await writeFile(file, stringify(example));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

describe('a secret', () => {
  it('is in the file that the configuration names unless the environment says otherwise', async () => {
    expect(smtpPassword(await readConfig(file, {}))).toBe(join(folder, 'smtp.password'));
  });

  it('comes from a variable, and the configuration never holds it', async () => {
    vi.stubEnv('CALLBOOK_SMTP_PASSWORD', 'correct horse');
    const config = await readConfig(file);
    expect(JSON.stringify(config)).not.toContain('correct horse');
    expect(Buffer.from(await readSecretFile(smtpPassword(config))).toString()).toBe(
      'correct horse',
    );
  });

  it('of a key stands in a variable as base64url, and anything else is no key', async () => {
    const key = Uint8Array.from({ length: 32 }, (_, i) => i + 200);
    vi.stubEnv('CALLBOOK_LOG_KEY', Buffer.from(key).toString('base64url'));
    const { keys } = await readConfig(file);
    expect(await readSecretKey(keys.log)).toEqual(key);
    vi.stubEnv('CALLBOOK_LOG_KEY', 'no key');
    await expect(readSecretKey(keys.log)).rejects.toMatchObject({ code: 'key_file_malformed' });
    await expect(writeSecretFile(keys.log, key)).rejects.toMatchObject({
      code: 'output_unwritable',
    });
  });

  it('comes from the file that a variable names', async () => {
    const config = await readConfig(file, { CALLBOOK_SMTP_PASSWORD_FILE: '/run/secrets/smtp' });
    expect(smtpPassword(config)).toBe('/run/secrets/smtp');
  });

  it('is refused when two variables name it', async () => {
    const env = { CALLBOOK_SMTP_PASSWORD: 'a', CALLBOOK_SMTP_PASSWORD_FILE: '/b' };
    await expect(readConfig(file, env)).rejects.toMatchObject({ code: 'config_setting_invalid' });
  });

  it('comes from a credential, whose access list shows as rights of the group', async () => {
    const credential = join(folder, 'callbook.vrf-key');
    await writeFile(credential, new Uint8Array(32), { mode: 0o440 });
    vi.stubEnv('CREDENTIALS_DIRECTORY', folder);
    const { keys } = await readConfig(file);
    expect(keys.vrf).toBe(credential);
    expect(keys.log).toBe(join(folder, 'log.key'));
    expect(await readSecretKey(keys.vrf)).toHaveLength(32);
    await chmod(credential, 0o444);
    await expect(readSecretKey(keys.vrf)).rejects.toMatchObject({ code: 'key_file_exposed' });
  });

  it('need not stand in the file, and opens no channel that does not', async () => {
    const { keys, challenges: _, ...rest } = example;
    const { log: _log, ...others } = keys as Record<string, string>;
    const without = { ...rest, keys: others, challenges: { outbox: 'o' } };
    await writeFile(file, stringify(without));
    const env = { CALLBOOK_LOG_KEY_FILE: '/l', CALLBOOK_SMTP_PASSWORD: 'x' };
    const config = await readConfig(file, env);
    expect(config.keys.log).toBe('/l');
    expect(config.challenges.channels).toEqual({});
    await expect(readConfig(file, {})).rejects.toThrow('keys.log: is missing');
  });

  it.each(secretSettings)('$place has its names on the page', ({ variable, credential, form }) => {
    expect(page).toContain(form === 'pem' ? `\`${variable}_FILE\`` : `\`${variable}\``);
    expect(page).toContain(`\`${credential}\``);
  });
});
