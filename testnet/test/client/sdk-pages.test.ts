/**
 * Every example of the SDK's pages is run as it stands there: the blocks of a page are one script for
 * Node, beside a testnet.
 */
import { globSync } from 'node:fs';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { environment, openLab, runCommand } from '../lab.ts';
import type { Lab } from '../lab.ts';

const repository = join(import.meta.dirname, '../../..');
const pages = globSync('docs/guide/sdk/*.md', { cwd: repository }).sort();
let lab: Lab;

beforeAll(async () => {
  lab = await openLab(3);
  await symlink(join(repository, 'node_modules'), join(lab.folder, 'node_modules'));
}, 60_000);
afterAll(async () => await lab[Symbol.asyncDispose]());

it.each(pages)(
  'the examples of %s run',
  async (page) => {
    const blocks = (await readFile(join(repository, page), 'utf8')).matchAll(
      /^```ts\n(.*?)^```$/gms,
    );
    const script = Array.from(blocks, ([, block]) => block).join('\n');
    expect(script).toContain('createDirectory({ charterNote })');
    const path = join(lab.folder, `${page.replaceAll(/\W+/g, '-')}.ts`);
    await writeFile(path, script);
    const ran = await runCommand('node', ['--conditions=@callbook/source', path], {
      cwd: lab.folder,
      env: { ...environment(lab.folder), NODE_EXTRA_CA_CERTS: '.testnet/ca.pem' },
    });
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
  },
  60_000,
);
