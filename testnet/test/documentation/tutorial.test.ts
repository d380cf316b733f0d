/**
 * The tutorial as a reader follows it: its programs are saved under the names in their first lines, its
 * commands run in order, and what they print is what the page shows.
 */
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { environment, openLab, runCommand } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { programsOf, scriptForLab, scriptOf } from '../page-script.ts';

const repository = join(import.meta.dirname, '../../..');

it('the tutorial does what it says', async () => {
  const page = await readFile(join(repository, 'docs/guide/tutorial.md'), 'utf8');
  await using lab = await openLab(3);
  await symlink(join(repository, 'node_modules'), join(lab.folder, 'node_modules'));
  const programs = programsOf(page);
  expect(programs.size).toBe(5);
  await saveIn(lab, programs);
  // The lab is the testnet that `npm start` starts, and the folder holds the programs already.
  const script = scriptOf(page).replace('npm start\n', '').replace('mkdir hello && ', '');
  const ran = await runCommand('bash', ['-c', scriptForLab(script, lab)], {
    cwd: lab.folder,
    env: { ...environment(lab.folder), CALLBOOK_CONFIG: undefined },
  });
  expect(ran, ran.stderr).toMatchObject({ code: 0 });
  // Commands that the reader runs say more, in between.
  const printed = ran.stdout.split('\n');
  const shown = [...page.matchAll(/^```text\n([\s\S]*?)\n```$/gm)].flatMap(([, lines]) =>
    lines!.split('\n'),
  );
  expect(shown.length).toBeGreaterThan(5);
  expect(printed.filter((line) => shown.includes(line))).toEqual(shown);
  expect(await compile(lab, [...programs.keys()])).toBe('');
}, 170_000);

async function saveIn(lab: Lab, programs: ReadonlyMap<string, string>): Promise<void> {
  const folder = join(lab.folder, 'hello');
  await mkdir(folder);
  await Promise.all([...programs].map(([name, text]) => writeFile(join(folder, name), text)));
  await writeFile(join(lab.folder, 'package.json'), '{"type":"module"}');
}

/** Returns what the compiler finds wrong. */
async function compile(lab: Lab, files: readonly string[]): Promise<string> {
  const cwd = join(lab.folder, 'hello');
  const compilerOptions = { noEmit: true, declaration: false, isolatedDeclarations: false };
  const base = join(repository, 'tsconfig.base.json');
  const project = JSON.stringify({ extends: base, compilerOptions, files });
  await writeFile(join(cwd, 'tsconfig.json'), project);
  const { stdout } = await runCommand('tsc', ['-p', '.'], { cwd, env: environment(lab.folder) });
  return stdout;
}
