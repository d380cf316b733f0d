/**
 * Builds what is published: every package from its sources alone, so that nothing of an earlier build is
 * packed, and the web page. The tree is used as a compiler uses it: only `dist` folders are written.
 */
import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { builtPage } from '@callbook/web/build';
import { runProgram } from './program.ts';

/** The folder that has this repository in it. */
export const repository: string = join(import.meta.dirname, '..');

/** In the order of what they import; `web` has no code for Node. */
const compiledPackages: readonly string[] = [
  'protocol',
  'replication',
  'dns',
  'api',
  'node',
  'client',
  'sip',
  'auditor',
  'cli',
];

export const publishedPackages: readonly string[] = [...compiledPackages, 'web'];

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly files?: readonly string[];
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export async function manifestOf(name: string): Promise<Manifest> {
  const path = join(repository, 'packages', name, 'package.json');
  return JSON.parse(await readFile(path, 'utf8')) as Manifest;
}

/** The one version of all packages. */
export async function packageVersion(): Promise<string> {
  return (await manifestOf('node')).version;
}

/** Compiles all packages into their `dist` folders and puts the page into `packages/web/dist`. */
export async function buildPackages(say: (line: string) => void): Promise<void> {
  say(`compiling ${compiledPackages.length} packages`);
  for (const name of compiledPackages) {
    for (const built of ['dist', 'tsconfig.tsbuildinfo']) {
      await rm(join(repository, 'packages', name, built), { recursive: true, force: true });
    }
  }
  const folders = compiledPackages.map((name) => `packages/${name}`);
  const compiler = join(repository, 'node_modules/typescript/bin/tsc');
  await runProgram(process.execPath, [compiler, '-b', ...folders], { cwd: repository });
  say('building the web page');
  const page = await builtPage(join(repository, 'node_modules/.cache/callbook-page'));
  const target = join(repository, 'packages/web/dist');
  await rm(target, { recursive: true, force: true });
  await cp(page, target, { recursive: true });
}
