/** Whether the configured addresses can be listened on or, where the member runs, are. */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { configuredListens } from '../configuration/check-config.ts';
import type { ConfiguredListen } from '../configuration/check-config.ts';
import type { Finding, Patient } from './doctor.ts';
import { isInUse } from './sockets-in-use.ts';
import { reachable, tcpProblem } from './tcp-probe.ts';

type Found = Omit<Finding, 'check'>;

/** One finding an address. */
export async function checkPorts({ config, isRunning }: Patient): Promise<Found[]> {
  const fixed = configuredListens(config).filter(({ port }) => port !== 0);
  return await Promise.all(fixed.map(async (at) => (isRunning ? await ours(at) : await free(at))));
}

async function ours(at: ConfiguredListen): Promise<Found> {
  const problem = await tcpProblem(reachable(at.address), at.port);
  if (problem === undefined) return { state: 'ok', found: `${nameOf(at)}: the member listens` };
  const next = 'look at the log of the member, and restart it when its configuration has changed';
  return {
    state: 'fail',
    found: `${nameOf(at)}: the member runs, nobody listens (${problem})`,
    next,
  };
}

async function free(at: ConfiguredListen): Promise<Found> {
  const udp = at.transport === 'tcp' ? undefined : await udpProblem(at);
  const tried = udp ?? (await bindProblem(at));
  const problem = tried === 'EACCES' && (await isTaken(at)) ? 'EADDRINUSE' : tried;
  if (problem === undefined) return { state: 'ok', found: `${nameOf(at)}: free` };
  return { ...stepFor(problem, at), found: `${nameOf(at)}: ${sayings[problem] ?? problem}` };
}

async function isTaken(at: ConfiguredListen): Promise<boolean> {
  if (await isInUse('tcp', at)) return true;
  return at.transport !== 'tcp' && (await isInUse('udp', at));
}

const sayings: Readonly<Record<string, string>> = {
  EADDRINUSE: 'taken by another process (EADDRINUSE)',
  EADDRNOTAVAIL: 'this machine has no such address (EADDRNOTAVAIL)',
  EACCES: 'free; this user may not listen there, the systemd unit may',
};

function stepFor(problem: string, { setting, port }: ConfiguredListen): Omit<Found, 'found'> {
  switch (problem) {
    case 'EADDRINUSE':
      return {
        state: 'fail',
        next: `ss --listening --numeric --processes 'sport = :${port}' says which; stop it, or change ${setting}`,
      };
    case 'EADDRNOTAVAIL':
      return {
        state: 'fail',
        next: `ip address says which there are; set ${setting} to one of them, behind NAT the inner one`,
      };
    case 'EACCES':
      return { state: 'ok' };
    default:
      return {
        state: 'fail',
        next: `set ${setting} to an address and port that can be listened on`,
      };
  }
}

function nameOf({ address, port, transport, setting }: ConfiguredListen): string {
  return `${address} port ${port}/${transport === 'tcp' ? 'tcp' : 'udp+tcp'} (${setting})`;
}

async function bindProblem({ address, port }: ConfiguredListen): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
    server.listen({ host: address, port, exclusive: true }, () =>
      server.close(() => resolve(undefined)),
    );
  });
}

async function udpProblem({ address, port }: ConfiguredListen): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close();
      resolve(error.code ?? 'unknown');
    });
    socket.bind({ address, port, exclusive: true }, () => socket.close(() => resolve(undefined)));
  });
}
