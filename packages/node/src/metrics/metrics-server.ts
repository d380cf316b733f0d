/** Serves the metrics, and nothing else, to whoever reaches the address: it should be the operator. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { DirectoryPort } from '@callbook/api';
import { DirectoryError } from '@callbook/protocol';
import type { Mesh, Replica } from '@callbook/replication';
import type { NodeConfig } from '../config.ts';
import type { NodeErrorCode } from '../errors.ts';
import type { ZoneServer } from '../zone-server.ts';
import type { MemberMetrics } from './member-metrics.ts';

/** A scraper sends a line and a few heads. */
const requestMsMax = 5_000;
const connectionsMax = 64;

/** Listens until disposed of; throws `listen_failed`. */
async function startMetricsServer(
  listen: { readonly address: string; readonly port: number },
  text: () => string,
): Promise<AsyncDisposable> {
  const server = createServer((request, response) => {
    request.resume();
    const isKnown = request.method === 'GET' && request.url === '/metrics';
    response.writeHead(isKnown ? 200 : 404, {
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
      'cache-control': 'no-store',
    });
    response.end(isKnown ? text() : 'there is /metrics\n');
  });
  server.requestTimeout = requestMsMax;
  server.maxConnections = connectionsMax;
  server.listen({ host: listen.address, port: listen.port });
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new DirectoryError<NodeErrorCode>(
      'listen_failed',
      'the metrics cannot be served on their configured address',
      { cause },
    );
  }
  return {
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Serves a member's metrics where the configuration wants them. */
export async function startMemberMetrics(
  { metrics: at }: NodeConfig,
  metrics: MemberMetrics,
  parts: {
    readonly zone: Pick<ZoneServer, 'traffic'>;
    readonly mesh: Pick<Mesh, 'connected'>;
    readonly replica: Pick<Replica, 'ownLog'>;
    readonly directory: Pick<DirectoryPort, 'readiness'>;
  },
): Promise<AsyncDisposable | undefined> {
  const { zone, mesh, replica, directory } = parts;
  if (at === undefined) return undefined;
  return await startMetricsServer(at.listen, () =>
    metrics.text({
      datagrams: () => zone.traffic().datagrams,
      streamQueries: () => zone.traffic().otherQueries,
      isReady: () => directory.readiness().ready,
      connectedCount: () => mesh.connected().length,
      ownLogSize: () => replica.ownLog.log.size,
    }),
  );
}
