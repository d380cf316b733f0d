/** An HTTP listener of the bridge: bounded in every way, open until disposed of. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { sipError } from '../errors.ts';
import { connectionsMax, headerBytesMax, requestMsMax } from '../limits.ts';

export type Answerer = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

export interface Listening extends AsyncDisposable {
  readonly port: number;
}

export interface ListenerOptions {
  readonly listen: { readonly address: string; readonly port: number };
  /** PEM; without it the listener speaks HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  readonly answer: Answerer;
  /** Hears of a defect; the request has had an answer without a word about it. */
  readonly onDefect: (error: unknown) => void;
}

/** Listens until disposed of; throws `listen_failed`. */
export async function startListener(options: ListenerOptions): Promise<Listening> {
  const { listen, tls } = options;
  const limits = { requestTimeout: requestMsMax, headersTimeout: requestMsMax };
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    void answerSafely(options, request, response);
  };
  const server: Server =
    tls === undefined
      ? createServer({ ...limits, maxHeaderSize: headerBytesMax }, answer)
      : createTlsServer({ ...limits, ...tls, maxHeaderSize: headerBytesMax }, answer);
  server.maxConnections = connectionsMax;
  server.listen({ host: listen.address, port: listen.port });
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw sipError('listen_failed', 'a configured address cannot be listened on', { cause });
  }
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answerSafely(
  { answer, onDefect }: ListenerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await answer(request, response);
  } catch (error) {
    onDefect(error);
    if (!response.headersSent) response.writeHead(500, { 'cache-control': 'no-store' });
    response.end();
  }
}

/** Reads a body whole; undefined when it is longer than `bytesMax`, or was cut off. */
export async function readBody(
  request: IncomingMessage,
  bytesMax: number,
): Promise<Buffer | undefined> {
  const { promise, resolve } = Promise.withResolvers<Buffer | undefined>();
  const parts: Buffer[] = [];
  let size = 0;
  request.on('data', (part: Buffer) => {
    size += part.length;
    if (size <= bytesMax) parts.push(part);
    else resolve(undefined);
  });
  request.once('end', () => resolve(size <= bytesMax ? Buffer.concat(parts) : undefined));
  request.once('error', () => resolve(undefined));
  request.once('close', () => resolve(undefined));
  return await promise;
}
