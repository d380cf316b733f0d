/**
 * The witness over HTTP, for a proxy with TLS on the same machine: `POST /add-checkpoint`, bodies of at
 * most 64 KiB, within a few seconds.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import { noteBytesMax } from '../limits.ts';
import type { Witness } from './witness.ts';

export interface WitnessServer extends AsyncDisposable {
  readonly port: number;
}

/** Listens; port 0 takes a free one. */
export async function startWitnessServer(
  witness: Witness,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<WitnessServer> {
  const server = createServer(
    { requestTimeout: 10_000, headersTimeout: 5000 },
    (request, response) => {
      answer(witness, request).then(
        ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body),
        () => response.writeHead(503).end(),
      );
    },
  );
  server.maxConnections = 64;
  await listening(server, host, port);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(
  witness: Witness,
  request: IncomingMessage,
): Promise<{ readonly status: number; readonly type: string; readonly body: string }> {
  const type = 'text/plain; charset=utf-8';
  if (request.method !== 'POST' || request.url !== '/add-checkpoint') {
    return { status: 404, type, body: 'route_unknown\n' };
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > noteBytesMax) return { status: 413, type, body: 'body_too_large\n' };
    chunks.push(chunk);
  }
  return witness.addCheckpoint(Buffer.concat(chunks).toString('utf8'));
}

async function listening(server: Server, host: string, port: number): Promise<void> {
  const ready = Promise.withResolvers<void>();
  server.once('error', ready.reject);
  server.listen(port, host, ready.resolve);
  await ready.promise;
}
