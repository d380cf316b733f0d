/**
 * The API's server over TLS: HTTP/2 for who offers it, which DNS over HTTPS recommends (RFC 8484 §5.2), else
 * HTTP/1.1, on one port (ALPN). What HTTP/1.1 has limits for in node, HTTP/2 gets here: streams at once, the
 * time that one may take, and the time that a connection may be silent.
 */
import { constants, createSecureServer } from 'node:http2';
import type { Http2SecureServer, Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { SecureContextOptions } from 'node:tls';
import type { ApiLimits } from './limits.ts';

/** Streams of one connection at once: what clients commonly use (RFC 9113 §6.5.2 wants 100 at least). */
const streamsMax = 128;
/** Header fields of one request, as over HTTP/1.1. */
const headerBytesMax: number = 16 * 1024;
/** A connection on which nothing happens is closed after this. */
const silentMsMax = 60_000;

export interface TlsServerOptions {
  readonly tls: SecureContextOptions;
  readonly limits: ApiLimits;
  /** How often node looks for requests over HTTP/1.1 that take too long. */
  readonly checkEveryMs: number;
}

/** Returns the server, not yet listening. */
export function createTlsServer(
  { tls, limits, checkEveryMs }: TlsServerOptions,
  onRequest: (request: Http2ServerRequest, response: Http2ServerResponse) => void,
): Http2SecureServer {
  const server = createSecureServer(
    {
      ...tls,
      allowHTTP1: true,
      requestTimeout: limits.requestMsMax,
      connectionsCheckingInterval: checkEveryMs,
      settings: { maxConcurrentStreams: streamsMax, maxHeaderListSize: headerBytesMax },
    } as Parameters<typeof createSecureServer>[0],
    onRequest,
  );
  server.on('session', (session) => {
    session.setTimeout(silentMsMax, () => session.close());
  });
  server.on('stream', (stream) => {
    // A body may take as long as over HTTP/1.1, and its answer as long again.
    const late = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), 2 * limits.requestMsMax);
    late.unref();
    stream.once('close', () => clearTimeout(late));
  });
  return server;
}
