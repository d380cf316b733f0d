/** Connections to other members: kept, and closed by the other side without notice. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { MemberConnections } from '../../src/oblivious/member-connections.ts';

const fixture = (name: string) =>
  readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
const cert = fixture('localhost-certificate.pem');

/** Answers the first request of a connection, and breaks it off with the second. */
async function startForgetful(): Promise<{ api: string; count: () => number }> {
  const used = new WeakSet<Socket>();
  let count = 0;
  const server = createServer({ cert, key: fixture('localhost-key.pem') });
  server.on('request', (request, response) => {
    count += 1;
    if (used.has(request.socket)) {
      request.socket.destroy();
      return;
    }
    used.add(request.socket);
    response.writeHead(200, { 'content-type': 'text/plain' }).end('here');
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { api: `https://localhost:${(server.address() as AddressInfo).port}`, count: () => count };
}

it('asks again over a new connection when a kept one turns out to be closed', async () => {
  const { api, count } = await startForgetful();
  using connections = new MemberConnections([cert]);
  for (let asked = 0; asked < 4; asked++) {
    const { status } = await connections.ask({ api, path: '/x', answerBytesMax: 100 });
    expect(status).toBe(200);
  }
  expect(count()).toBeGreaterThan(4);
});

it('gives up at once where a new connection is closed', async () => {
  const server = createServer({ cert, key: fixture('localhost-key.pem') });
  let count = 0;
  server.on('request', ({ socket }) => {
    count += 1;
    socket.destroy();
  });
  server.listen(0, 'localhost');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  using connections = new MemberConnections([cert]);
  const api = `https://localhost:${(server.address() as AddressInfo).port}`;
  await expect(connections.ask({ api, path: '/x', answerBytesMax: 100 })).rejects.toThrow();
  expect(count).toBe(1);
});
