/**
 * A short soak with a seed of the commit's, as `npm run soak` makes it.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { runMsMax, runOfCommit } from '../run-of-commit.ts';

it(
  'loses nothing and tells nothing wrong while members are killed, their disks full and their clocks wrong',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'callbook-soak-test-'));
    onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
    const out = join(folder, 'soak.svg');
    const ran = await runOfCommit('soak', ['--json', '--minutes', '0.4', '--out', out]);
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    const report = JSON.parse(ran.stdout) as {
      readonly answered: Readonly<Record<string, number>>;
      readonly faults: Readonly<Record<string, number>>;
      readonly acknowledged: number;
      readonly members: readonly object[];
    };
    // Of every kind there were some.
    expect(Math.min(...Object.values(report.answered)), ran.stdout).toBeGreaterThan(0);
    expect(report.answered['udp']).toBeGreaterThan(100);
    expect(report.acknowledged).toBeGreaterThan(20);
    expect(Object.keys(report.faults).sort()).toEqual(['clock', 'fill-disk', 'kill']);
    expect(report.members).toHaveLength(5);
    expect(await readFile(out, 'utf8')).toMatch(/^<svg [\s\S]*alpha[\s\S]*<\/svg>\n$/);
  },
  runMsMax,
);
