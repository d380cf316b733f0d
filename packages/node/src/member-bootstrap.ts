/**
 * Fills the store of a member that begins with nothing, by a snapshot where the logs of the others are
 * long. Meanwhile there is no DNS and no API; in the API's place `/readyz` says `joining`, so that
 * whoever watches the member sees why.
 */
import { createServer } from 'node:https';
import type { ServerResponse } from 'node:http';
import type { TlsCertificate } from '@callbook/dns';
import { DirectoryError } from '@callbook/protocol';
import { bootstrapStore } from '@callbook/replication';
import type { BootstrapOptions } from '@callbook/replication';
import type { Logger } from 'pino';
import type { NodeConfig } from './config.ts';
import type { NodeErrorCode } from './errors.ts';
import { meshAddress } from './member-network.ts';

const connectionsMax = 16;
const requestMsMax = 5000;

/** Errors: `join_failed`, `listen_failed`, and those of replication. */
export async function fillStore(
  config: NodeConfig,
  replica: BootstrapOptions['replica'],
  parts: { readonly certificate: TlsCertificate | undefined; readonly log: Logger },
): Promise<void> {
  const { certificate, log } = parts;
  const { bootstrap: how = 'auto' } = config;
  await using status = new AsyncDisposableStack();
  const outcome = await bootstrapStore({
    ...(await meshAddress(config)),
    replica,
    how,
    onJoining: async () => {
      log.info('joining');
      if (certificate !== undefined) status.use(await serveStatus(config.api, certificate));
    },
    onRefused: (member, code) => log.warn({ member, code }, 'snapshot_refused'),
  });
  if (outcome === 'joined') log.info('joined');
  if (outcome !== 'failed') return;
  log.error({ how }, 'join_failed');
  // By the logs it takes longer and needs nobody's word.
  if (how === 'auto') return;
  throw new DirectoryError<NodeErrorCode>('join_failed', 'no quorum agrees on a snapshot');
}

async function serveStatus(
  api: NodeConfig['api'],
  { certificate: cert, privateKey: key }: TlsCertificate,
): Promise<AsyncDisposable> {
  const server = createServer({ cert, key }, (request, response) => {
    if (request.url === '/healthz') answer(response, 200, { status: 'ok' });
    else answer(response, 503, notReady);
  });
  server.requestTimeout = requestMsMax;
  server.maxConnections = connectionsMax;
  const { address, port } = api.listen;
  await new Promise<void>((resolve, reject) => {
    const fail = (cause: unknown): void =>
      reject(
        new DirectoryError<NodeErrorCode>('listen_failed', 'the API cannot listen', { cause }),
      );
    server.once('error', fail);
    server.listen({ host: address, port }, resolve);
  });
  return {
    [Symbol.asyncDispose]: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

const notReady = {
  type: 'about:blank',
  status: 503,
  code: 'not_ready',
  detail: 'the member is not ready; reasons says why',
  reasons: ['joining'],
};

function answer(response: ServerResponse, status: number, body: object): void {
  const type = status === 200 ? 'application/json' : 'application/problem+json';
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}
