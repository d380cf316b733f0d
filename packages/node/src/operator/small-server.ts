/**
 * A server of plain HTTP for those who run a member, on a listener of its own: few connections, short
 * requests without bodies, answers that nobody keeps.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { orListenFailed } from '../listen-failed.ts';

export interface SmallAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface SmallServer extends AsyncDisposable {
  /** URL of what it serves. */
  readonly address: string;
}

export type SmallRequest = Pick<IncomingMessage, 'method' | 'url' | 'headers'>;

/** A scraper sends a line and a few heads. */
const requestMsMax = 5_000;
const connectionsMax = 64;

const failed: SmallAnswer = {
  status: 500,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: 'the member could not say\n',
};

/** Listens until disposed of; `what` names it in errors. Code: `listen_failed`. */
export async function startSmallServer(
  listen: { readonly address: string; readonly port: number },
  what: string,
  answer: (request: SmallRequest) => Promise<SmallAnswer>,
): Promise<SmallServer> {
  const server = createServer((request, response) => {
    request.resume();
    void answer(request)
      // It goes to whoever reads: why, they see in the log and by the command `status`.
      .catch(() => failed)
      .then((said) => write(response, said));
  });
  server.requestTimeout = requestMsMax;
  server.maxConnections = connectionsMax;
  server.listen({ host: listen.address, port: listen.port });
  await orListenFailed(what, once(server, 'listening'));
  const { port } = server.address() as AddressInfo;
  const host = listen.address.includes(':') ? `[${listen.address}]` : listen.address;
  return {
    address: `http://${host}:${port}/`,
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function write(response: ServerResponse, { status, headers, body }: SmallAnswer): void {
  response.writeHead(status, {
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(body);
}
