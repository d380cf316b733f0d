/** Whether something answers at an address, by TCP or TLS, in bounded time. */
import { hash } from 'node:crypto';
import { connect } from 'node:net';
import { connect as connectTls, getCACertificates } from 'node:tls';
import type { TLSSocket } from 'node:tls';

const probeMsMax = 5000;

/** Returns undefined once connected; else the system's code, or `ETIMEDOUT`. */
export async function tcpProblem(host: string, port: number): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (problem: string | undefined): void => {
      socket.destroy();
      resolve(problem);
    };
    socket.setTimeout(probeMsMax, () => end('ETIMEDOUT'));
    socket.once('connect', () => end(undefined));
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? 'unreachable'));
  });
}

export interface TlsProbe {
  /** Why there is no connection, or why its certificate is not to be trusted; undefined when all is well. */
  readonly problem: string | undefined;
  /** SHA-256 of the key in the certificate that was shown, hexadecimal; undefined without a connection. */
  readonly keyHash: string | undefined;
}

/** Shakes hands; `ca` is trusted beside what browsers know, and not what this machine alone does. */
export async function probeTls(
  { host, port, name }: { readonly host: string; readonly port: number; readonly name: string },
  ca: string | undefined,
): Promise<TlsProbe> {
  const authorities = { ca: [...getCACertificates('bundled'), ...(ca === undefined ? [] : [ca])] };
  // An IP address is no name for SNI (RFC 6066 §3).
  const servername = /^[\d.]+$|:/.test(name) ? {} : { servername: name };
  return await new Promise((resolve) => {
    const options = { host, port, ...servername, ...authorities, rejectUnauthorized: false };
    const socket: TLSSocket = connectTls(options);
    const end = (probe: TlsProbe): void => {
      socket.destroy();
      resolve(probe);
    };
    const failed = (problem: string): void => end({ problem, keyHash: undefined });
    socket.setTimeout(probeMsMax, () => failed('ETIMEDOUT'));
    socket.once('error', (error: NodeJS.ErrnoException) => failed(error.code ?? 'no TLS'));
    socket.once('secureConnect', () => {
      const key = socket
        .getPeerX509Certificate()
        ?.publicKey.export({ format: 'der', type: 'spki' });
      const keyHash = key === undefined ? undefined : hash('sha256', key, 'hex');
      // What Node calls an error here is a code, whatever its type says.
      const problem = socket.authorized ? undefined : String(socket.authorizationError);
      end({ problem, keyHash });
    });
  });
}

/** Where a server that listens on a configured address is met: one on every address by the loopback one. */
export function reachable(address: string): string {
  if (address === '0.0.0.0') return '127.0.0.1';
  return address === '::' ? '::1' : address;
}
