/**
 * How long a member's daemon takes from its start to its first answer in DNS, and how much memory it
 * holds when nobody asks for anything: the production daemon with the files of a testnet, a million
 * bindings in its store, and its code compiled by an earlier start, as it is after every restart.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { recordTypes } from '@callbook/dns/wire';
import { memoryStore, openLevelStore } from '@callbook/replication';
import { startTestnet } from '@callbook/testnet';
import { daemonCommand } from './daemon-command.ts';
import { ServerProcess } from './dns-server-process.ts';
import { fillWithNumbers, numberName } from './dns-zone.ts';
import { measured, median } from './measurement.ts';
import type { Measurement } from './measurement.ts';
import { openSyntheticReplica } from './synthetic-federation.ts';

const runCount = 5;
const portBase = 28_600;
const bindingCount = 1_000_000;
/** What the start has left is collected within seconds; then a member is idle. */
const idleAfterMs = 20_000;

/** Founds a federation of one, fills its member's store and starts the member several times. */
export async function benchStart(say: (line: string) => void): Promise<Measurement[]> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-bench-'));
  try {
    const options = {
      folder: join(folder, 'testnet'),
      memberCount: 1,
      portBase,
      fresh: false,
      say,
    };
    await using testnet = await startTestnet(options);
    const member = testnet.layout.members[0]!;
    await testnet.members[0]!.stop();
    say(`writing ${bindingCount} bindings`);
    const store = await openLevelStore(join(member.folder, 'data/store'), { cacheBytes: 64 << 20 });
    const registered = memoryStore();
    const replica = await openSyntheticReplica('alpha', registered, { memberCount: 1 });
    await fillWithNumbers(bindingCount, { store, replica, registered });
    await replica[Symbol.asyncDispose]();
    await store.close();
    const command = {
      name: 'the daemon',
      ...daemonCommand(['serve', '--config', member.configFile]),
      port: member.dnsPort,
    };
    const startsMs: number[] = [];
    let residentBytes = 0;
    for (let run = 0; run < runCount; run += 1) {
      // Each time a number that no earlier start has read.
      const name = numberName(bindingCount - 1 - run * 1000);
      await using daemon = await ServerProcess.start(command, { name, type: recordTypes.NAPTR });
      startsMs.push(daemon.startMs);
      if (run < runCount - 1) continue;
      await sleep(idleAfterMs);
      residentBytes = daemon.wholeResidentBytes();
    }
    say(`starts of the daemon: ${startsMs.map(Math.round).join(', ')} ms`);
    return [
      measured({
        name: 'start, the daemon with 10^6 bindings to first DNS answer',
        value: median(startsMs),
        unit: 'ms',
        goal: '<= 2000',
      }),
      measured({
        name: 'start, resident memory of the daemon when it is idle',
        value: residentBytes / 1e6,
        unit: 'MB',
        goal: '<= 200',
      }),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
