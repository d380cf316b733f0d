/**
 * Sockets of the server: UDP and TCP on the same address and port, for each address it is to listen
 * on. Port 0 finds one that is free for both. Listeners are alike, so that other transports are one
 * more of them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { DirectoryError } from '@callbook/protocol';
import { dnsError } from '../errors.ts';
import type { Responder } from './responder.ts';
import { startTcpListener } from './tcp-listener.ts';
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
}

/** A port that is free for UDP may be taken for TCP; then another is tried. */
const freePortAttemptsMax = 20;
const freePortPauseMs = 5;

export interface DnsServerOptions {
  readonly listen: readonly ListenAddress[];
  readonly respond: Responder;
  /** Binds what answers datagrams; by `node:dgram` and `respond` in this thread unless told. */
  readonly startDatagrams?: (at: ListenAddress) => Promise<Listener>;
}

/** Listens and answers until disposed. Code: `dns_listen_failed`; nothing stays bound then. */
export async function startDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  await using listeners = new AsyncDisposableStack();
  const addresses: ListenAddress[] = [];
  for (const at of options.listen) {
    const pair = await startPair(at, options);
    for (const listener of pair) listeners.use(listener);
    addresses.push({ address: at.address, port: pair[0]!.port });
  }
  const open = listeners.move();
  return { addresses, [Symbol.asyncDispose]: async () => await open.disposeAsync() };
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
      const errno = (cause as NodeJS.ErrnoException).code ?? 'unknown';
      throw dnsError('dns_listen_failed', `port ${at.port} cannot be bound: ${errno}`, {
        cause,
        details: { port: at.port, errno },
      });
    }
  }
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
