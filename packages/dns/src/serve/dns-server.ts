/**
 * Sockets of the server: UDP and TCP on the same address and port, for each address it is to listen
 * on. Port 0 finds one that is free for both. DNS over TLS has addresses of its own.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { DirectoryError } from '@callbook/protocol';
import { dnsError } from '../errors.ts';
import type { LateResponder } from './responder.ts';
import { startTcpListener } from './tcp-listener.ts';
import { startTlsListener } from './tls-listener.ts';
import type { TlsCertificate, TlsListener } from './tls-listener.ts';
import { startUdpListener } from './udp-listener.ts';

export interface ListenAddress {
  /** IPv4 or IPv6. */
  readonly address: string;
  /** 0 for any free one. */
  readonly port: number;
}

/** A bound socket that answers. */
export interface Listener extends AsyncDisposable {
  readonly port: number;
}

export interface DnsServer extends AsyncDisposable {
  /** As asked for, with the ports that were found. */
  readonly addresses: readonly ListenAddress[];
  /** Of DNS over TLS, likewise. */
  readonly tlsAddresses: readonly ListenAddress[];
  /**
   * For connections that come from now on; open ones go on. Code: `dns_certificate_unusable`; the one
   * in use stays.
   */
  replaceCertificate(next: TlsCertificate): void;
}

/** A port that is free for UDP may be taken for TCP; then another is tried. */
const freePortAttemptsMax = 20;
const freePortPauseMs = 5;

export interface DnsServerOptions {
  readonly listen: readonly ListenAddress[];
  readonly respond: LateResponder;
  /** Binds what answers datagrams; by `node:dgram` and `respond` in this thread unless told. */
  readonly startDatagrams?: (at: ListenAddress) => Promise<Listener>;
  /** DNS over TLS, answered in this thread. A certificate that is not there yet is handed in later. */
  readonly tls?: {
    readonly listen: readonly ListenAddress[];
    readonly certificate: TlsCertificate | undefined;
  };
}

/**
 * Listens and answers until disposed. Codes: `dns_listen_failed`, `dns_certificate_unusable`; nothing
 * stays bound then.
 */
export async function startDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  const { respond, tls } = options;
  await using listeners = new AsyncDisposableStack();
  const addresses: ListenAddress[] = [];
  for (const at of options.listen) {
    const pair = await startPair(at, options);
    for (const listener of pair) listeners.use(listener);
    addresses.push({ address: at.address, port: pair[0]!.port });
  }
  const tlsListeners: TlsListener[] = [];
  const tlsAddresses: ListenAddress[] = [];
  for (const at of tls?.listen ?? []) {
    const listener = listeners.use(await startTls(at, tls!.certificate, respond));
    tlsListeners.push(listener);
    tlsAddresses.push({ address: at.address, port: listener.port });
  }
  const open = listeners.move();
  return {
    addresses,
    tlsAddresses,
    replaceCertificate: (next) => {
      for (const listener of tlsListeners) listener.replaceCertificate(next);
    },
    [Symbol.asyncDispose]: async () => await open.disposeAsync(),
  };
}

async function startTls(
  at: ListenAddress,
  certificate: TlsCertificate | undefined,
  respond: LateResponder,
): Promise<TlsListener> {
  try {
    return await startTlsListener(at, certificate, respond);
  } catch (cause) {
    throw cause instanceof DirectoryError ? cause : listenFailed(at, cause);
  }
}

async function startPair(
  at: ListenAddress,
  options: DnsServerOptions,
): Promise<readonly Listener[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await bindPair(at, options);
    } catch (cause) {
      const isTaken = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (at.port === 0 && isTaken && attempt < freePortAttemptsMax) {
        await sleep(freePortPauseMs);
        continue;
      }
      if (cause instanceof DirectoryError) throw cause;
      throw listenFailed(at, cause);
    }
  }
}

function listenFailed({ port }: ListenAddress, cause: unknown): DirectoryError {
  const errno = (cause as NodeJS.ErrnoException).code ?? 'unknown';
  return dnsError('dns_listen_failed', `port ${port} cannot be bound: ${errno}`, {
    cause,
    details: { port, errno },
  });
}

async function bindPair(
  at: ListenAddress,
  options: DnsServerOptions,
): Promise<readonly Listener[]> {
  const { respond, startDatagrams = async (free) => await startUdpListener(free, respond) } =
    options;
  const udp = await startDatagrams(at);
  try {
    return [udp, await startTcpListener({ address: at.address, port: udp.port }, respond)];
  } catch (cause) {
    await udp[Symbol.asyncDispose]();
    throw cause;
  }
}
