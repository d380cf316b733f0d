/**
 * A process that serves the zone of a filled store until it is told to stop: what the DNS bench
 * asks. Prints its port first; on SIGTERM its CPU time and memory, and ends.
 */
import {
  createDirectoryZone,
  createResponder,
  generateZoneKeys,
  startDnsServer,
} from '@callbook/dns';
import { openLevelStore } from '@callbook/replication';
import { openSyntheticReplica } from './synthetic-federation.ts';

export interface ServerFigures {
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

const [folder] = process.argv.slice(2);
const store = await openLevelStore(folder!, { cacheBytes: 64 << 20 });
const replica = await openSyntheticReplica('alpha', store, 1);
const zone = createDirectoryZone({
  apex: 'e164.alpha.test',
  nameservers: [{ name: 'ns.e164.alpha.test', addresses: ['127.0.0.1'] }],
  contact: 'hostmaster@alpha.test',
  charterHash: () => replica.membership.charters.current.hash,
  source: replica.bindings,
  keys: generateZoneKeys(13),
  clock: { nowMs: () => Date.now() },
});
const server = await startDnsServer({
  listen: [{ address: '127.0.0.1', port: 0 }],
  respond: createResponder([zone]),
});
console.log(JSON.stringify({ port: server.addresses[0]!.port }));
process.on('SIGUSR2', () => {
  const { user, system } = process.cpuUsage();
  const figures: ServerFigures = {
    cpuSeconds: (user + system) / 1e6,
    residentBytes: process.memoryUsage.rss(),
  };
  console.log(JSON.stringify(figures));
});
process.once('SIGTERM', () => process.exit(0));
