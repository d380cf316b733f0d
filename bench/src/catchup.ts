/**
 * How fast a member that is far behind takes a long log in, everything included but the socket: pages
 * decoded, tree, signatures, fold, view, index, store. Held against bare verification on all cores at
 * once. The mix of the log is in `catchup-log.ts`.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { writeCatchupLogs } from './catchup-log.ts';
import type { CatchupResult } from './catchup-member.ts';
import { measured } from './measurement.ts';
import type { Measurement } from './measurement.ts';

const entriesDefault = 100_000;
/** The daemon's own. */
const nodeFlags = createRequire(import.meta.url)('@callbook/node/node-flags.json') as string[];

/** Measures a catch-up of so many entries. */
export async function benchCatchup(
  say: (line: string) => void,
  entries: number = entriesDefault,
): Promise<Measurement[]> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-bench-'));
  try {
    say(`signing a log of ${entries} entries`);
    const signatures = await writeCatchupLogs(folder, entries);
    say('catching up, in turns with bare verification');
    const member = new URL('catchup-member.ts', import.meta.url).pathname;
    const flags = ['--conditions=@callbook/source', ...nodeFlags];
    const args = [...flags, member, folder, String(entries)];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const result = JSON.parse(stdout) as CatchupResult;
    const perSecond = signatures / result.catchupSeconds;
    return [
      measured({
        name: 'catch-up',
        value: perSecond,
        unit: 'signatures/s',
        against: { what: 'raw verification, sodium-native, all cores', value: result.rawPerSecond },
        goal: '>= 0.5',
      }),
      measured({
        name: 'catch-up, CPU of all threads',
        value: result.cpuMicroseconds,
        unit: 'µs/entry',
        against: { what: 'one signature check, sodium-native', value: result.checkMicroseconds },
      }),
      measured({
        name: 'catch-up, memory',
        value: result.rssMiB,
        unit: 'MiB resident, peak',
        goal: '<= 512',
      }),
      measured({
        name: 'catch-up, memory without mapped files',
        value: result.anonymousMiB,
        unit: 'MiB resident',
      }),
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
}
