/**
 * The npm packages as files, and their installation into a folder that is not this repository: with the
 * versions of the lock file, which are those that were tested, and by npm itself.
 */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { publishedPackages, repository } from './build.ts';
import { runProgram } from './program.ts';

/** Packs what has been built; returns the files, by the name of the package. */
export async function packPackages(folder: string): Promise<ReadonlyMap<string, string>> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const workspaces = publishedPackages.flatMap((name) => ['-w', `packages/${name}`]);
  const args = ['pack', '--json', '--loglevel=error', '--pack-destination', folder, ...workspaces];
  const packed = JSON.parse(await runProgram('npm', args, { cwd: repository })) as unknown;
  // An object by name, or a list: as the version of npm likes it.
  const files = Object.values(packed as Record<string, { name: string; filename: string }>);
  return new Map(files.map(({ name, filename }) => [name, join(folder, basename(filename))]));
}

interface LockedPackage {
  readonly dev?: boolean;
  readonly link?: boolean;
}

/**
 * Installs packed files into an empty folder. Nothing that only developers need is installed, and no package
 * runs a script: all that are native bring what they were built to.
 */
export async function installPackages(
  files: ReadonlyMap<string, string>,
  folder: string,
): Promise<void> {
  const dependencies = Object.fromEntries([...files].map(([name, path]) => [name, `file:${path}`]));
  const manifest = { name: 'callbook-installation', private: true, dependencies };
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest, null, 2));
  const lock = {
    name: manifest.name,
    lockfileVersion: 3,
    requires: true,
    packages: { '': manifest, ...(await lockedPackages()) },
  };
  await writeFile(join(folder, 'package-lock.json'), JSON.stringify(lock, null, 2));
  const args = ['install', '--prefer-offline', '--omit=dev', '--ignore-scripts'];
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  await runProgram('npm', [...args, ...quiet], { cwd: folder });
}

/** What is locked for those who run Callbook; our own packages come as files. */
async function lockedPackages(): Promise<Record<string, LockedPackage>> {
  const text = await readFile(join(repository, 'package-lock.json'), 'utf8');
  const { packages } = JSON.parse(text) as { packages: Record<string, LockedPackage> };
  const kept = Object.entries(packages).filter(
    ([path, { dev = false, link = false }]) => path.startsWith('node_modules/') && !dev && !link,
  );
  return Object.fromEntries(kept);
}
