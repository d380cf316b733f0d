/**
 * A process that serves the zone of a filled store as a member does, until it is told to stop: what
 * the DNS bench asks. Takes the store's folder, the folder of zone keys, a number of workers and a port.
 */
import { openLevelStore } from '@callbook/replication';
import { startZoneServer } from '@callbook/node';
import { benchZone } from './dns-zone.ts';
import { openSyntheticReplica } from './synthetic-federation.ts';

const [storeFolder, zoneKeysFolder, workers, port] = process.argv.slice(2);
const store = await openLevelStore(storeFolder!, { cacheBytes: 64 << 20, sharedByThreads: true });
const replica = await openSyntheticReplica('alpha', store, { memberCount: 1 });
const server = await startZoneServer({
  listen: [{ address: '127.0.0.1', port: Number(port) }],
  workers: Number(workers),
  answerTableMebibytes: 64,
  replica,
  storeFolder: storeFolder!,
  zoneKeysFolder: zoneKeysFolder!,
  zone: benchZone,
});
process.once('SIGTERM', () => void stop());

async function stop(): Promise<void> {
  await server[Symbol.asyncDispose]();
  await replica[Symbol.asyncDispose]();
  await store.close();
}
