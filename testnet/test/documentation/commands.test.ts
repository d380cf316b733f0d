/**
 * Every command that the documentation shows is run as it stands there, in order, by a shell, on a
 * testnet of the page's own. Only the ports differ, and `npx`, which a folder without packages lacks.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { environment, openLab, runCommand } from '../lab.ts';
import { scriptForLab, scriptOf } from '../page-script.ts';

const repository = join(import.meta.dirname, '../../..');

/** What a page shows that is not for a shell on a running testnet, and where it is run instead. */
const runElsewhere: Readonly<Record<string, string>> = {
  'npm start': 'testnet/test/federation.test.ts starts the same testnet',
  'npm test': 'this very run',
};

describe.each(['README.md', 'docs/guide/cli.md', 'docs/guide/signers.md'])(
  'the commands of %s',
  (page) => {
    it('run as they stand', async () => {
      const script = forShell(scriptOf(await readFile(join(repository, page), 'utf8')));
      expect(script).toContain('callbook register');
      await using lab = await openLab(3);
      const ran = await runCommand('bash', ['-c', scriptForLab(script, lab)], {
        cwd: lab.folder,
        env: { ...environment(lab.folder), CALLBOOK_CONFIG: undefined },
      });
      expect(ran, ran.stderr).toMatchObject({ code: 0 });
    }, 170_000);
  },
);

const untilUnbound =
  'until dig +time=1 +tries=1 @127.0.0.1 -p 7401 SOA test. > /dev/null; do sleep 0.1; done';

function forShell(script: string): string {
  return (
    script
      .split('\n')
      .filter((line) => !(line in runElsewhere))
      // A reader sees that unbound has started; a busy machine may need more than the second.
      .map((line) => (line === 'sleep 1' ? untilUnbound : line))
      .join('\n')
  );
}
