/**
 * An SMS centre on Net::SMPP. What it does with a number is said by the number's last digit
 * (testnet/interop/gateways/smsc.pl). It knows no TLS, so that a relay of octets stands in front of it
 * where TLS is wanted, as operators put one in front of theirs.
 */
import { appendFile, readFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';
import { freePort, startPeer } from '../../../src/peer-process.ts';
import type { Peer, PeerCertificate } from '../../../src/peer-process.ts';

const script = join(import.meta.dirname, '../../../interop/gateways/smsc.pl');

export interface SmsCentre extends Peer {
  /** Every PDU that has come, by name, oldest first. */
  events(): Promise<string[]>;
  freeze(): void;
  thaw(): void;
  /** Kills it, and starts it on the same port when `start` is called. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** Starts a centre that appends what it takes to `inbox`, one line of JSON a message. */
export async function startSmsCentre(folder: string, inbox: string): Promise<SmsCentre> {
  const port = await freePort();
  const eventsFile = join(folder, 'events');
  await appendFile(eventsFile, '');
  const command = ['perl', script, `${port}`, inbox, eventsFile];
  // Not asked whether it listens: it serves one connection, the member's.
  const start = async () => await startPeer(command, { cwd: folder, ready: 'listening' });
  let running = await start();
  return {
    port,
    events: async () => (await readFile(eventsFile, 'utf8')).split('\n').slice(0, -1),
    freeze: () => running.freeze(),
    thaw: () => running.thaw(),
    kill: async () => await running[Symbol.asyncDispose](),
    start: async () => void (running = await start()),
    [Symbol.asyncDispose]: async () => await running[Symbol.asyncDispose](),
  };
}

/** Relays octets between TLS and a port of this machine. */
export async function startTlsFront(
  targetPort: number,
  { certificate, privateKey }: PeerCertificate,
): Promise<Peer> {
  const [cert, key] = [await readFile(certificate), await readFile(privateKey)];
  const sockets = new Set<Socket>();
  const server: Server = createTlsServer({ cert, key }, (outside) => {
    const inside = createConnection({ host: '127.0.0.1', port: targetPort });
    for (const [from, to] of [
      [outside, inside],
      [inside, outside],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
  });
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
