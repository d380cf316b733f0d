/**
 * Datagrams by `recvmmsg` and `sendmmsg` through `node:ffi`: the fast engine, on Linux for x64 and
 * arm64. This file opens the sockets and minds the workers; their loop is `ffi-worker.ts`. Whether it
 * works on a machine is found out by `choose-engine.ts`.
 */
import assert from 'node:assert/strict';
import { dnsError } from '../errors.ts';
import { datagramWorkersMax } from './datagram-engine.ts';
import type { DatagramEngine } from './datagram-engine.ts';
import { openLibc } from './libc.ts';
import { openUdpSockets } from './udp-sockets.ts';
import { WorkerCrew } from './worker-crew.ts';

export const ffiEngine: DatagramEngine = {
  name: 'ffi',
  async start(options) {
    const { address, port, workers } = options;
    assert(workers >= 1 && workers <= datagramWorkersMax, 'number of workers is out of range');
    const libc = openLibc();
    if (libc === undefined)
      throw dnsError('dns_datagram_worker_failed', 'no C library can be called on this machine');
    const sockets = openUdpSockets(libc, { address, port, count: workers });
    try {
      const extras = sockets.descriptors.map((descriptor) => ({ descriptor }));
      const crew = await WorkerCrew.start({ engine: options, workerModule: 'ffi-worker', extras });
      return {
        port: sockets.port,
        notify: (notice) => crew.notify(notice),
        counts: () => crew.counts(),
        [Symbol.asyncDispose]: async () => {
          // Only when no worker is left: the number of a closed descriptor is soon another's.
          await crew.stop();
          sockets[Symbol.dispose]();
        },
      };
    } catch (cause) {
      sockets[Symbol.dispose]();
      throw cause;
    }
  },
};
