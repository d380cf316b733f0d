/**
 * Ports for testnets and daemons beside other federations. They are below those that the kernel gives to
 * connections by itself (32768 and up), which would take one between the look and the use.
 */
import { createServer } from 'node:net';
import { startTestnet } from './testnet.ts';
import type { StartOptions, Testnet } from './testnet.ts';

const attemptsMax = 20;
const portsInRow = 10;

/** As `startTestnet`, on ports chosen by chance among 20000 to 29999 that nobody listens on. */
export async function startOnFreePorts(options: Omit<StartOptions, 'portBase'>): Promise<Testnet> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startTestnet({ ...options, portBase: chancePortBase() });
    } catch (error) {
      const taken = error instanceof Error && error.message.includes('is taken');
      if (!taken || attempt === attemptsMax) throw error;
    }
  }
}

/** The first of rows of ten ports on which nobody listens: one for the testnet, and one for each member. */
export async function freePortBase(memberCount: number): Promise<number> {
  const count = portsInRow * (memberCount + 1);
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const portBase = chancePortBase();
    const ports = Array.from({ length: count }, (_, place) => portBase + place);
    const free = await Promise.all(ports.map(isFree));
    if (!free.includes(false)) return portBase;
  }
  throw new Error('no free ports');
}

function chancePortBase(): number {
  return 20_000 + portsInRow * Math.floor(Math.random() * 1000);
}

async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      probe.close(() => resolve(true));
    });
  });
}
