/**
 * Every command that the documentation shows is run as it stands there, in order, by a shell, on a
 * testnet of the page's own. Only the ports differ, and `npx`, which a folder without packages lacks.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { environment, openLab, runCommand } from './lab.ts';
import type { Lab } from './lab.ts';

const repository = join(import.meta.dirname, '../..');
const portBaseInPages = 7400;

/** What a page shows that is not for a shell on a running testnet, and where it is run instead. */
const runElsewhere: Readonly<Record<string, string>> = {
  'npm start': 'testnet/test/federation.test.ts starts the same testnet',
  'npm test': 'this very run',
};

describe.each(['README.md', 'docs/guide/cli.md'])('the commands of %s', (page) => {
  it('run as they stand', async () => {
    const script = scriptOf(await readFile(join(repository, page), 'utf8'));
    expect(script).toContain('callbook register');
    await using lab = await openLab(3);
    const ran = await runCommand('bash', ['-c', forLab(script, lab)], {
      cwd: lab.folder,
      env: { ...environment(lab.folder), CALLBOOK_CONFIG: undefined },
    });
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
  }, 90_000);
});

function scriptOf(page: string): string {
  const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block!);
  return blocks
    .join('')
    .split('\n')
    .filter((line) => !(line in runElsewhere))
    .join('\n');
}

function forLab(script: string, { testnet }: Lab): string {
  const shift = testnet.layout.rootPort - portBaseInPages;
  const moved = script
    .replaceAll('npx callbook', 'callbook')
    .replaceAll(/(-p |localhost:)(74\d\d)\b/g, (_, before: string, port: string) => {
      return `${before}${Number(port) + shift}`;
    });
  return `set -eu -o pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT\n${moved}`;
}
