/**
 * Loaded into a member before its own code: writes down all that the member sees, in plain text. That is
 * every HTTP request that reaches it and every answer it gives, every request it sends to another
 * member and what comes back, and every message that it opens with a key of its own. It changes nothing.
 */
import crypto from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname, join } from 'node:path';

const folder = process.env['CALLBOOK_TAP_FOLDER']!;
const configFile = process.argv[process.argv.indexOf('--config') + 1] ?? '';
const file = join(folder, `${basename(dirname(configFile))}.jsonl`);
let count = 0;

/** One line: what was seen of one exchange; `from` is the address of whoever asked. */
function note(seen: { exchange: string; from?: string; head?: unknown; octets?: Buffer }): void {
  const { exchange, from = '', head = '', octets = Buffer.alloc(0) } = seen;
  const line = { exchange, from, head, octets: octets.toString('base64') };
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}

/** Notes the octets that a stream of received ones is given. */
function tapPush(exchange: string, message: IncomingMessage, from?: string): void {
  const push = message.push.bind(message);
  message.push = (chunk: unknown, ...rest: never[]) => {
    if (chunk instanceof Uint8Array) noteOctets(exchange, chunk, from);
    return push(chunk, ...rest);
  };
}

/** Notes the octets that somebody is sent. */
function tapWrite(exchange: string, message: ClientRequest | ServerResponse, from?: string): void {
  for (const name of ['write', 'end'] as const) {
    const original = message[name].bind(message) as (...given: unknown[]) => never;
    message[name] = (chunk?: unknown, ...rest: unknown[]) => {
      if (chunk instanceof Uint8Array || typeof chunk === 'string') {
        noteOctets(exchange, Buffer.from(chunk as string), from);
      }
      return original(chunk, ...rest);
    };
  }
}

function noteOctets(exchange: string, octets: Uint8Array, from?: string): void {
  note({ exchange, octets: Buffer.from(octets), ...(from === undefined ? {} : { from }) });
}

subscribe('http.server.request.start', (message) => {
  const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
  const exchange = `in ${++count} ${request.method} ${request.url}`;
  const from = request.socket.remoteAddress ?? '';
  note({ exchange, from, head: [request.url, request.rawHeaders] });
  tapPush(exchange, request, from);
  tapWrite(exchange, response, from);
});

const sent = new WeakMap<ClientRequest, string>();
subscribe('http.client.request.start', (message) => {
  const { request } = message as { request: ClientRequest };
  const exchange = `out ${++count} ${request.method} ${request.path}`;
  sent.set(request, exchange);
  note({ exchange, head: [request.host, request.path, request.getHeaders()] });
  tapWrite(exchange, request);
});
subscribe('http.client.response.finish', (message) => {
  const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
  tapPush(sent.get(request) ?? 'out', response);
});

const createDecipheriv = crypto.createDecipheriv.bind(crypto) as unknown as (
  ...given: never[]
) => crypto.Decipheriv;
crypto.createDecipheriv = ((...given: never[]) => {
  const decipher = createDecipheriv(...given);
  const update = decipher.update.bind(decipher) as (...octets: unknown[]) => unknown;
  decipher.update = ((...octets: unknown[]) => {
    const opened = update(...octets);
    if (opened instanceof Uint8Array) noteOctets(`opened ${++count}`, opened);
    return opened;
  }) as never;
  return decipher;
}) as never;
syncBuiltinESMExports();
