/**
 * Datagrams by `node:dgram`, in worker threads as well: the engine for every machine on which the fast
 * one does not run. This file finds the port and minds the workers; their loop is `dgram-worker.ts`.
 */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { isIP, isIPv6 } from 'node:net';
import { dnsError } from '../errors.ts';
import { datagramWorkersMax } from './datagram-engine.ts';
import type { DatagramEngine, DatagramEngineOptions } from './datagram-engine.ts';
import { WorkerCrew } from './worker-crew.ts';

/** A free port that was found may be gone when the workers bind it; then another is looked for. */
const freePortAttemptsMax = 5;

export const dgramEngine: DatagramEngine = {
  name: 'dgram',
  async start(options) {
    const { workers } = options;
    assert(workers >= 1 && workers <= datagramWorkersMax, 'number of workers is out of range');
    const { crew, port } = await startCrew(options);
    return {
      port,
      notify: (notice) => crew.notify(notice),
      counts: () => crew.counts(),
      [Symbol.asyncDispose]: async () => await crew.stop(),
    };
  },
};

async function startCrew(
  options: DatagramEngineOptions,
): Promise<{ crew: WorkerCrew; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    // Each worker binds by itself, and again after a crash, so the port must be known before. Bound
    // alone first, it is found out when somebody else has it, which a shared port would hide.
    const port = await probePort(options);
    const extra = { address: options.address, port, sharesPort: options.workers > 1 };
    const extras = Array.from({ length: options.workers }, () => extra);
    try {
      const crew = await WorkerCrew.start({
        engine: options,
        workerModule: 'dgram-worker',
        extras,
      });
      return { crew, port };
    } catch (cause) {
      const isTaken = causedByTakenPort(cause);
      if (!isTaken || options.port !== 0 || attempt === freePortAttemptsMax) throw cause;
    }
  }
}

async function probePort({ address, port }: DatagramEngineOptions): Promise<number> {
  if (isIP(address) === 0)
    throw dnsError('dns_listen_failed', 'an address is neither IPv4 nor IPv6');
  const isIpv6 = isIPv6(address);
  const socket = createSocket({ type: isIpv6 ? 'udp6' : 'udp4', ipv6Only: isIpv6 });
  try {
    const listening = once(socket, 'listening');
    socket.bind({ address, port, exclusive: true });
    await listening;
    return socket.address().port;
  } catch (cause) {
    const errno = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw dnsError('dns_listen_failed', `port ${port} cannot be bound: ${errno}`, {
      cause,
      details: { errno },
    });
  } finally {
    const closed = once(socket, 'close');
    socket.close();
    await closed;
  }
}

function causedByTakenPort(error: unknown): boolean {
  const { cause } = error as { readonly cause?: NodeJS.ErrnoException };
  return cause?.code === 'EADDRINUSE';
}
