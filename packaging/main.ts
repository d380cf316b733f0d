/**
 * `npm run package`: builds everything and makes, below `dist/packages`, the npm packages and the Debian
 * package. Says what it is doing.
 */
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildPackages } from './build.ts';
import { buildDebianPackage } from './debian-package.ts';
import { packPackages } from './npm-packages.ts';

const { values } = parseArgs({
  options: { out: { type: 'string', default: 'dist/packages' }, help: { type: 'boolean' } },
});

if (values.help) {
  console.log('npm run package -- [--out FOLDER]    npm packages and the Debian package');
} else {
  const startedMs = performance.now();
  const say = (line: string): void => {
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(0).padStart(4);
    console.error(`${seconds} s  ${line}`);
  };
  const out = resolve(values.out);
  await buildPackages(say);
  say('packing for npm');
  const files = await packPackages(join(out, 'npm'));
  const debian = await buildDebianPackage(files, { folder: out, say });
  say('done');
  for (const path of [...files.values(), debian]) console.log(relative('', path));
}
