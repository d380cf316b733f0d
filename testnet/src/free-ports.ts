/**
 * Ports for testnets and daemons beside other federations. They are below those that the kernel gives to
 * connections by itself (32768 and up), which would take one between the look and the use. A row of ports is
 * kept by a socket on a port of its own as long as this process lives: so nobody else gets ports that are
 * founded on but not used yet, or whose member is being started again.
 */
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { startTestnet } from './testnet.ts';
import type { StartOptions, Testnet } from './testnet.ts';

const attemptsMax = 100;
const portsInRow = 10;
const portFirst = 20_000;
const rowCount = 1000;
/** Of the sockets that keep rows, one for each. */
const keeperFirst = 31_000;

/** As `startTestnet`, on ports chosen by chance among 20000 to 29999 that are nobody's. */
export async function startOnFreePorts(options: Omit<StartOptions, 'portBase'>): Promise<Testnet> {
  const { memberCount, roomFor = 0 } = options;
  return await startTestnet({ ...options, portBase: await freePortBase(memberCount + roomFor) });
}

/** The first of rows of ten ports that are this process's: one for the testnet, and one for each member. */
export async function freePortBase(memberCount: number): Promise<number> {
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const row = Math.floor(Math.random() * (rowCount - memberCount));
    if (await keepRows(row, memberCount + 1)) return portFirst + portsInRow * row;
  }
  throw new Error('no free ports');
}

/** Keeps all of these rows, or none. */
async function keepRows(first: number, count: number): Promise<boolean> {
  const rows = Array.from({ length: count }, (_, place) => first + place);
  const keepers = await Promise.all(rows.map(async (row) => await listenOn(keeperFirst + row)));
  const portBase = portFirst + portsInRow * first;
  const ports = Array.from({ length: portsInRow * count }, (_, place) => portBase + place);
  const areKept = !keepers.includes(undefined) && (await areFree(ports));
  if (!areKept) for (const keeper of keepers) keeper?.close();
  return areKept;
}

async function areFree(ports: readonly number[]): Promise<boolean> {
  const probes = await Promise.all(ports.map(listenOn));
  await Promise.all(
    probes.map(async (probe) => probe && (await new Promise((closed) => probe.close(closed)))),
  );
  return !probes.includes(undefined);
}

/** Undefined where somebody else listens. */
async function listenOn(port: number): Promise<Server | undefined> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => resolve(server.unref()));
  });
}
