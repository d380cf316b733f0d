/**
 * A member of a federation of one with synthetic bindings, and a front end of its on PostgreSQL: the daemon's
 * own commands, each in a process of its own.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { recordTypes } from '@callbook/dns/wire';
import { memoryStore, openLevelStore } from '@callbook/replication';
import { startTestnet } from '@callbook/testnet';
import type { Postgres } from '@callbook/testnet';
import { daemonCommand } from './daemon-command.ts';
import { freePort, ServerProcess } from './dns-server-process.ts';
import { fillWithNumbers, numberName } from './dns-zone.ts';
import { openSyntheticReplica } from './synthetic-federation.ts';

export const frontName = 'front end';
export const memberName = 'level node';
export const firstQuestion = { name: numberName(0), type: recordTypes.NAPTR };
const portBase = 28_800;

export interface Pair extends AsyncDisposable {
  readonly member: ServerProcess;
  readonly front: ServerProcess;
}

/** Founds a federation of one, fills its member's store, and starts it and a front end. */
export async function startPair(parts: {
  readonly folder: string;
  readonly postgres: Postgres;
  readonly numberCount: number;
  readonly say: (line: string) => void;
}): Promise<Pair> {
  const { folder, postgres, numberCount, say } = parts;
  await using running = new AsyncDisposableStack();
  const founded = { folder: join(folder, 'testnet'), memberCount: 1, portBase, fresh: false, say };
  const testnet = running.use(await startTestnet(founded));
  const layout = testnet.layout.members[0]!;
  await testnet.members[0]!.stop();
  say(`writing ${numberCount} bindings`);
  await fill(join(layout.folder, 'data/store'), numberCount);
  await writeFile(join(layout.folder, 'database-url'), postgres.url, { mode: 0o600 });
  await configureMember(layout.configFile);
  const frontFile = join(layout.folder, 'front.yaml');
  const frontPort = await freePort();
  await writeFile(frontFile, JSON.stringify(frontConfig(frontPort)), { mode: 0o600 });
  const start = async (name: string, args: string[], port: number): Promise<ServerProcess> => {
    say(`starting the ${name}`);
    const command = { name, ...daemonCommand(['serve', ...args]), port };
    return running.use(await ServerProcess.start(command, firstQuestion));
  };
  const member = await start(memberName, ['--config', layout.configFile], layout.dnsPort);
  // It answers as soon as all is in the database.
  const front = await start(frontName, ['--role', 'front', '--config', frontFile], frontPort);
  const open = running.move();
  return { member, front, [Symbol.asyncDispose]: async () => await open.disposeAsync() };
}

async function fill(storeFolder: string, numberCount: number): Promise<void> {
  const store = await openLevelStore(storeFolder, { cacheBytes: 64 << 20 });
  const registered = memoryStore();
  const replica = await openSyntheticReplica('alpha', registered, { memberCount: 1 });
  await fillWithNumbers(numberCount, { store, replica, registered });
  await replica[Symbol.asyncDispose]();
  await store.close();
}

/** All queries come from one address. */
const dnsSettings = {
  workers: availableParallelism(),
  rateLimit: { responsesPerSecond: 0 },
};

async function configureMember(configFile: string): Promise<void> {
  const config = await readFile(configFile, 'utf8');
  const settings = Object.entries(dnsSettings).map(([name, value]) => {
    return `\n  ${name}: ${JSON.stringify(value)}`;
  });
  const configured = config.replace(/^dns:$/m, `dns:${settings.join('')}`);
  if (configured === config) throw new Error('the configuration has no group dns');
  await writeFile(configFile, `${configured}\nsharedDatabase: { urlFile: database-url }\n`);
}

/** YAML takes what JSON is. */
function frontConfig(port: number): Record<string, unknown> {
  return {
    sharedDatabase: { urlFile: 'database-url' },
    keys: { zone: 'zone-keys' },
    dns: { listen: [{ address: '127.0.0.1', port }], ...dnsSettings },
  };
}
