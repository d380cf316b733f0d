/** TLS for a program that has none: what comes in by TCP goes on by TLS, with no certificate to show. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:tls';

export interface TlsWrap extends AsyncDisposable {
  /** On 127.0.0.1. */
  readonly port: number;
}

export async function wrapInTls(to: {
  readonly host: string;
  readonly port: number;
  readonly ca: string;
}): Promise<TlsWrap> {
  const open = new Set<Socket>();
  const server = createServer((plain) => {
    const secure = connect(to);
    for (const [socket, other] of [
      [plain, secure],
      [secure, plain],
    ] as const) {
      open.add(socket);
      socket.on('error', () => other.destroy()).on('close', () => other.destroy());
      socket.pipe(other);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, 'close');
    },
  };
}
