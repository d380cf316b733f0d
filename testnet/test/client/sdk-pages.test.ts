/**
 * Every example of the SDK's pages is run as it stands there: the blocks of a page are one script for
 * Node, beside a testnet. All of them compile too, as strictly as this repository does.
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
    const script = await scriptOf(page);
    expect(script).toMatch(/createDirectory\(\{ charterNote(?:, wallet)? \}\)/);
    const path = join(lab.folder, nameOf(page));
    await writeFile(path, script);
    const ran = await runCommand('node', ['--conditions=@callbook/source', path], {
      cwd: lab.folder,
      env: { ...environment(lab.folder), NODE_EXTRA_CA_CERTS: '.testnet/ca.pem' },
    });
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
  },
  60_000,
);

it('the examples compile', async () => {
  const files = await Promise.all(
    pages.map(async (page) => {
      await writeFile(join(lab.folder, nameOf(page)), await scriptOf(page));
      return nameOf(page);
    }),
  );
  // Scripts have names that only a reader uses.
  const compilerOptions = { noEmit: true, noUnusedLocals: false, declaration: false };
  const project = {
    extends: join(repository, 'tsconfig.base.json'),
    compilerOptions: { ...compilerOptions, isolatedDeclarations: false },
    files,
  };
  await writeFile(join(lab.folder, 'tsconfig.json'), JSON.stringify(project));
  const env = environment(lab.folder);
  const compiled = await runCommand('tsc', ['-p', '.'], { cwd: lab.folder, env });
  expect(compiled, compiled.stdout).toMatchObject({ code: 0 });
}, 120_000);

async function scriptOf(page: string): Promise<string> {
  const text = await readFile(join(repository, page), 'utf8');
  return Array.from(text.matchAll(/^```ts\n(.*?)^```$/gms), ([, block]) => block).join('\n');
}

function nameOf(page: string): string {
  return `${page.replaceAll(/\W+/g, '-')}.mts`;
}
