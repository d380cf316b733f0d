/**
 * DNS over TLS (RFC 7858): connections like those of TCP, once their handshake is done. A new certificate
 * is for the connections that come; those that are open go on with the one they have seen.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createServer } from 'node:tls';
import type { Server } from 'node:tls';
import { dnsError } from '../errors.ts';
import { ConnectionCrowd } from './connection-crowd.ts';
import type { LateResponder } from './responder.ts';
import type { Listener, ListenAddress } from './dns-server.ts';
import { serveConnection } from './stream-connection.ts';
import { handshakeMsMax, handshakesMax, streamConnectionsMax } from './stream-limits.ts';
import { listenOn } from './tcp-listener.ts';

/** PEM texts: the certificate, followed by those that lead to its authority, and its private key. */
export interface TlsCertificate {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface TlsListener extends Listener {
  /** Code: `dns_certificate_unusable`; the one in use stays. */
  replaceCertificate(next: TlsCertificate): void;
}

/**
 * Binds and answers; without a certificate every handshake fails until there is one. Rejects with the
 * socket's own error when the address cannot be bound; code: `dns_certificate_unusable`.
 */
export async function startTlsListener(
  at: ListenAddress,
  certificate: TlsCertificate | undefined,
  respond: LateResponder,
): Promise<TlsListener> {
  const crowd = new ConnectionCrowd(streamConnectionsMax);
  const server = orUnusable(() =>
    createServer({
      ...(certificate && contextOf(certificate)),
      // RFC 7858 §3.2 and the registry of ALPN: "dot". Clients without ALPN are served as well.
      ALPNProtocols: ['dot'],
      handshakeTimeout: handshakeMsMax,
      noDelay: true,
    }),
  );
  // Those in the handshake are not in the crowd yet.
  const open = new Set<Socket>();
  server.maxConnections = streamConnectionsMax + handshakesMax;
  server.on('connection', (connection: Socket) => {
    open.add(connection);
    connection.on('close', () => open.delete(connection));
  });
  server.on('secureConnection', (connection) => {
    crowd.add(connection);
    const onQuery = (): void => crowd.touch(connection);
    serveConnection(connection, { transport: 'tls', respond, onQuery });
  });
  return listenerOf({ server, open, port: await listenOn(server, at) });
}

function listenerOf(bound: {
  readonly server: Server;
  readonly open: ReadonlySet<Socket>;
  readonly port: number;
}): TlsListener {
  const { server, open, port } = bound;
  return {
    port,
    replaceCertificate: (next) => orUnusable(() => server.setSecureContext(contextOf(next))),
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const connection of open) connection.destroy();
      await closed;
    },
  };
}

interface ContextSettings {
  readonly cert: string;
  readonly key: string;
  readonly minVersion: 'TLSv1.2';
}

/** RFC 9325 §3.1.1: TLS 1.0 and 1.1 "MUST NOT" be negotiated. */
function contextOf({ certificate, privateKey }: TlsCertificate): ContextSettings {
  return { cert: certificate, key: privateKey, minVersion: 'TLSv1.2' };
}

/** OpenSSL's words may quote what it could not read: they go along as the cause only. */
function orUnusable<Result>(use: () => Result): Result {
  try {
    return use();
  } catch (cause) {
    throw dnsError(
      'dns_certificate_unusable',
      'certificate and private key are not PEM texts of a matching pair',
      { cause },
    );
  }
}
