/**
 * `npm run check`: everything about the tree that needs no running: types, lint, format, unused
 * code, direction of imports, documentation, and that every public name of the SDK has a sentence in
 * the reference. Runs all of them and reports each that fails.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { brokenDocumentation } from './documentation.ts';
import { brokenLayers } from './layers.ts';

const root = join(import.meta.dirname, '..');

interface Step {
  readonly name: string;
  /** Returns what is wrong, or an empty string. */
  run(): string;
}

const steps: readonly Step[] = [
  { name: 'types', run: () => command('tsc', ['-p', 'tsconfig.json']) },
  { name: 'types of the page', run: () => command('tsc', ['-p', 'packages/web/tsconfig.json']) },
  {
    name: 'types of the example',
    run: () => command('tsc', ['-p', 'examples/web-phone/tsconfig.json']),
  },
  { name: 'lint', run: () => command('oxlint', ['--type-aware', '--deny-warnings', '.']) },
  { name: 'format', run: () => command('prettier', ['--check', '--log-level=warn', '.']) },
  { name: 'unused', run: () => command('knip', []) },
  { name: 'layers', run: () => brokenLayers().join('\n') },
  { name: 'documentation', run: () => brokenDocumentation().join('\n') },
  { name: 'reference', run: () => command('typedoc', ['--emit', 'none']) },
];

let broken = 0;
for (const { name, run } of steps) {
  const startedMs = performance.now();
  const found = run();
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`${found === '' ? 'ok    ' : 'broken'} ${name} (${seconds} s)`);
  if (found !== '') {
    broken++;
    console.log(found);
  }
}
process.exitCode = broken === 0 ? 0 : 1;

function command(name: string, args: readonly string[]): string {
  const executable = join(root, 'node_modules/.bin', name);
  const { status, stdout, stderr } = spawnSync(executable, args, { cwd: root, encoding: 'utf8' });
  return status === 0 ? '' : `${stdout}${stderr}`.trim() || `${name} ended with status ${status}`;
}
