/**
 * A telephone for a testnet: a page of the testnet's own, beside those of the members, that shows what they
 * have sent instead of SMS and mail, so that a whole tour works in one browser. No member has it or knows of
 * it, and only pages of its own address read from it: what it shows are codes.
 */
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describeTestnet } from '../description.ts';
import { loopback } from '../layout.ts';
import type { TestnetLayout } from '../layout.ts';

/** Of the outbox, what is read and shown at most: the newest. */
const outboxBytesMax: number = 256 * 1024;
const messagesMax = 40;

const files: Readonly<Record<string, { readonly name: string; readonly type: string }>> = {
  '/': { name: 'handset.html', type: 'text/html; charset=utf-8' },
  '/handset.js': { name: 'handset.js', type: 'text/javascript; charset=utf-8' },
  '/handset.css': { name: 'handset.css', type: 'text/css; charset=utf-8' },
};

const headers = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
};

/** Serves the handset of a testnet until disposed of. */
export async function startHandset(layout: TestnetLayout): Promise<AsyncDisposable> {
  const { handsetPort } = layout;
  const hosts = ['localhost', loopback].map((name) => `${name}:${handsetPort}`);
  const server = createServer((request, response) => {
    answer(request, { layout, hosts }).then(
      ({ status, type, body }) =>
        response.writeHead(status, { ...headers, 'content-type': type }).end(body),
      () => refuse(response),
    );
  });
  server.listen({ host: loopback, port: handsetPort });
  await once(server, 'listening');
  return {
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
}

const nothing: Answer = { status: 404, type: 'text/plain', body: '' };
const json = 'application/json; charset=utf-8';

async function answer(
  { url, headers: { host } }: IncomingMessage,
  { layout, hosts }: { readonly layout: TestnetLayout; readonly hosts: readonly string[] },
): Promise<Answer> {
  // A name of somebody else's that leads here (DNS rebinding) is not this page's.
  if (!hosts.includes(host ?? '')) return nothing;
  if (url === '/messages') {
    const body = JSON.stringify(await newestMessages(layout.outboxFile));
    return { status: 200, type: json, body };
  }
  if (url === '/members') {
    const { members } = await describeTestnet(layout);
    const body = JSON.stringify(members.map(({ name, web }) => ({ name, web })));
    return { status: 200, type: json, body };
  }
  const file = Object.hasOwn(files, url ?? '') ? files[url!]! : undefined;
  if (file === undefined) return nothing;
  const body = await readFile(join(import.meta.dirname, file.name));
  return { status: 200, type: file.type, body };
}

function refuse(response: ServerResponse): void {
  response.writeHead(503, headers).end();
}

/** The last messages in the outbox, newest first; a line that is only half written is left for later. */
async function newestMessages(path: string): Promise<unknown[]> {
  await using outbox = await open(path);
  const { size } = await outbox.stat();
  const from = Math.max(0, size - outboxBytesMax);
  const { buffer, bytesRead } = await outbox.read({
    buffer: Buffer.alloc(size - from),
    position: from,
  });
  const lines = buffer.toString('utf8', 0, bytesRead).split('\n').slice(0, -1);
  const whole = from === 0 ? lines : lines.slice(1);
  return whole
    .slice(-messagesMax)
    .reverse()
    .map((line): unknown => JSON.parse(line));
}
