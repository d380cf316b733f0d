/** Compiled code is kept for the next start where nobody else can put anything, and never in the way. */
import { chmod, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeHome, type Finished, type Home } from './callbook-process.ts';

let home: Home;

beforeEach(async () => {
  home = await makeHome();
});

afterEach(() => home[Symbol.asyncDispose]());

const at = (name: string): string => join(home.path, name);
const compiled = (): string => at('.cache/callbook/compiled');

/** Runs the command as a person's shell does, who has set nothing. */
async function help(env: Readonly<Record<string, string | undefined>> = {}): Promise<Finished> {
  return await home.runProcess(['--help'], { env: { NODE_COMPILE_CACHE: undefined, ...env } });
}

it('lies in the cache directory of the user, for nobody else', async () => {
  expect(await help()).toMatchObject({ code: 0, stderr: '' });
  expect((await stat(compiled())).mode & 0o777).toBe(0o700);
  const [version] = await readdir(compiled());
  const files = await readdir(join(compiled(), version!));
  expect(files.length).toBeGreaterThan(10);
  expect(await help()).toMatchObject({ code: 0, stderr: '' });
  await help({ XDG_CACHE_HOME: at('elsewhere') });
  expect(await readdir(at('elsewhere/callbook'))).toEqual(['compiled']);
});

it('is left alone in a folder that others may write to, or that is somewhere else', async () => {
  await mkdir(compiled(), { recursive: true });
  await chmod(compiled(), 0o777);
  expect(await help()).toMatchObject({ code: 0, stderr: '' });
  expect(await readdir(compiled())).toEqual([]);
  await mkdir(at('theirs'));
  await mkdir(at('linked/callbook'), { recursive: true });
  await symlink(at('theirs'), at('linked/callbook/compiled'));
  expect(await help({ XDG_CACHE_HOME: at('linked') })).toMatchObject({ code: 0, stderr: '' });
  expect(await readdir(at('theirs'))).toEqual([]);
});

it('is done without where there is no place for it', async () => {
  await writeFile(at('file'), '');
  expect(await help({ XDG_CACHE_HOME: at('file') })).toMatchObject({ code: 0, stderr: '' });
  expect(await help({ NODE_DISABLE_COMPILE_CACHE: '1' })).toMatchObject({ code: 0, stderr: '' });
});
