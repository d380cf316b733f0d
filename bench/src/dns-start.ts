/**
 * How long a member's daemon takes from its start to its first answer in DNS, with its code compiled
 * by an earlier start, as it is after every restart: the production daemon with the files of a testnet.
 */
import { recordTypes } from '@callbook/dns/wire';
import { startTestnet } from '@callbook/testnet';
import { ServerProcess } from './dns-server-process.ts';
import { measured, median } from './measurement.ts';
import type { Measurement } from './measurement.ts';
import { daemonCommand } from './daemon-command.ts';

const runCount = 5;
const portBase = 28_600;

/** Founds a federation of one in a folder and starts its member several times. */
export async function benchDaemonStart(
  folder: string,
  say: (line: string) => void,
): Promise<Measurement> {
  const options = { folder, memberCount: 1, portBase, fresh: false, say };
  await using testnet = await startTestnet(options);
  const { configFile, dnsPort, zone } = testnet.layout.members[0]!;
  await testnet.members[0]!.stop();
  const command = {
    name: 'the daemon',
    ...daemonCommand(['serve', '--config', configFile]),
    port: dnsPort,
  };
  const startsMs: number[] = [];
  for (let run = 0; run < runCount; run += 1) {
    await using daemon = await ServerProcess.start(command, { name: zone, type: recordTypes.SOA });
    startsMs.push(daemon.startMs);
  }
  say(`starts of the daemon: ${startsMs.map(Math.round).join(', ')} ms`);
  const name = 'dns, start of the daemon to first answer';
  return measured({ name, value: median(startsMs), unit: 'ms', goal: '<= 2000' });
}
