/**
 * `node packaging/set-version.ts 0.2.0`: one version for all workspaces, and for what each of them asks of the
 * others. The lock file follows with the next `npm install`.
 */
import { globSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const repository = join(import.meta.dirname, '..');
const [version = ''] = process.argv.slice(2);

if (/^\d+\.\d+\.\d+(?:-[a-z0-9.]+)?$/.test(version)) {
  const paths = globSync('{packages/*,testnet,bench,examples/*}/package.json', { cwd: repository });
  for (const path of paths) await setVersion(join(repository, path));
  console.log(`${paths.length} packages have version ${version}; now: npm install`);
} else {
  console.error('a version has the form 1.2.3');
  process.exitCode = 2;
}

async function setVersion(path: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  const ofOthers = text.replaceAll(/("@callbook\/[a-z]+": )"[^"]+"/g, `$1"${version}"`);
  await writeFile(path, ofOthers.replace(/("version": )"[^"]+"/, `$1"${version}"`));
}
