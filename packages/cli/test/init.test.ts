/** A configuration from a charter, made without one, and never over another. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  authorityPath,
  startFederation,
  type TestFederation,
} from '../../client/test/test-federation.ts';
import { makeHome, type Home } from './callbook-process.ts';

let home: Home;
let federation: TestFederation;
let charter: string;
const none = { env: { CALLBOOK_CONFIG: undefined } };
const at = (name: string): string => join(home.path, name);

beforeEach(async () => {
  home = await makeHome();
  federation = await startFederation();
  charter = at('from-a-friend.txt');
  await writeFile(charter, federation.charterNote);
});
afterEach(async () => {
  await federation[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

describe('init', () => {
  it('makes a configuration where it is looked for, and every command finds it', async () => {
    expect(await home.run(['members'], none)).toMatchObject({ code: 2 });
    const made = await home.run(['init', charter, '--ca', authorityPath, '--json'], none);
    const config = at('.config/callbook/config.json');
    expect(made).toMatchObject({
      code: 0,
      json: [{ config, members: ['alpha', 'beta', 'gamma'] }],
    });
    expect((await stat(config)).mode & 0o777).toBe(0o600);
    const listed = await home.run(['members', '--json'], none);
    expect(listed).toMatchObject({ code: 0, json: [{ state: 'ready' }, {}, {}] });
  });

  it('overwrites nothing', async () => {
    await home.run(['init', charter], none);
    const config = at('.config/callbook/config.json');
    const before = await readFile(config, 'utf8');
    const again = await home.run(['init', charter, '--country', 'es'], none);
    expect(again).toMatchObject({ code: 2 });
    expect(again.stderr).toContain('config_exists');
    expect(await readFile(config, 'utf8')).toBe(before);
    const named = ['--config', at('second/config.json')];
    const other = ['init', '-', '--country', 'es', ...named];
    const made = await home.run(other, { ...none, stdin: federation.charterNote });
    expect(made).toMatchObject({ code: 0 });
    const fields = JSON.parse(await readFile(at('second/config.json'), 'utf8')) as object;
    expect(fields).toEqual({ charter: 'charter.txt', country: 'ES' });
  });

  it('takes the charter with a given hash, and no other', async () => {
    const wrong = await home.run(['init', charter, '--hash', 'ab'.repeat(32)], none);
    expect(wrong).toMatchObject({ code: 3 });
    expect(wrong.stderr).toContain('charter_foreign');
    const made = await home.run(['init', charter, '--json'], none);
    const { charterHash } = made.json[0] as { charterHash: string };
    const named = ['--config', at('second/config.json')];
    const right = await home.run(['init', charter, '--hash', charterHash, ...named], none);
    expect(right).toMatchObject({ code: 0 });
  });

  it('takes nothing that is no charter, and writes nothing then', async () => {
    await writeFile(charter, federation.charterNote.replace('alpha', 'alphe'));
    const changed = await home.run(['init', charter], none);
    expect(changed).toMatchObject({ code: 3 });
    expect(changed.stderr).toContain('charter_invalid');
    expect(await home.run(['init', at('nowhere')], none)).toMatchObject({ code: 1 });
    await expect(stat(at('.config'))).rejects.toThrow('ENOENT');
  });
});
