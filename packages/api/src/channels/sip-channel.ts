/**
 * A channel by SIP MESSAGE (RFC 3428) through one proxy, which trusts our certificate or address: for
 * SIP addresses, and for numbers where the proxy is a gateway. TLS or TCP with a connection a message;
 * over UDP the same octets are repeated as RFC 3261 §17.1.2 has it, which a server takes once, since
 * they are one transaction.
 */
import { createSocket } from 'node:dgram';
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { channelAnswerMsMax, channelError } from './channel.ts';
import type { Channel, ChannelMessage } from './channel.ts';
import { encodeSipMessage, parseSipResponse, sipBranch } from './sip-message.ts';

export interface SipOptions {
  readonly transport: 'tls' | 'tcp' | 'udp';
  readonly host: string;
  readonly port: number;
  /** Who sends, `sip:` and an address. */
  readonly from: string;
  /** Domain of the numbers' URIs at the proxy; its host without it. */
  readonly gatewayDomain?: string;
  /** PEM of the authority behind the proxy's certificate; the system's authorities without it. */
  readonly ca?: string;
  readonly answerMsMax?: number;
}

/** RFC 3261 §17.1.1.1. */
const t1Ms = 500;
const t2Ms = 4000;

/** Opens a channel to one SIP proxy. */
export function sipChannel(options: SipOptions): Channel {
  return {
    submit: async (message) => {
      const status = await (options.transport === 'udp'
        ? submitDatagrams(message, options)
        : submitStream(message, options));
      if (status < 300) return;
      // RFC 3261 §21.4.9: a proxy that heard nothing in time does not know either.
      const isUnknown = status === 408 || status === 504;
      const code = isUnknown ? 'channel_outcome_unknown' : 'channel_refused';
      throw channelError(code, `the proxy answered ${status}`);
    },
    onReceipt: () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}

function requestFor(message: ChannelMessage, options: SipOptions, sentBy: string): Buffer {
  const { transport, from, host, gatewayDomain = host } = options;
  const name = transport.toUpperCase();
  return encodeSipMessage({ message, transport: name, from, gatewayDomain, sentBy });
}

async function submitStream(message: ChannelMessage, options: SipOptions): Promise<number> {
  const { host, port, transport, ca } = options;
  const socket =
    transport === 'tls'
      ? connectTls({ host, port, ...(ca !== undefined && { ca }) })
      : connectTcp({ host, port });
  const waiting = new FinalStatus(options);
  socket.once(transport === 'tls' ? 'secureConnect' : 'connect', () => {
    waiting.isSent = true;
    socket.write(requestFor(message, options, sentByOf(socket)));
  });
  let received = Buffer.alloc(0);
  socket.on('data', (octets: Buffer) => {
    received = Buffer.concat([received, octets]);
    received = waiting.take(received, sipBranch(message));
  });
  socket.once('error', (cause) => waiting.fail('the connection failed', cause));
  socket.once('close', () => waiting.fail('the connection was closed'));
  try {
    return await waiting.status;
  } finally {
    waiting[Symbol.dispose]();
    socket.destroy();
  }
}

async function submitDatagrams(message: ChannelMessage, options: SipOptions): Promise<number> {
  const { host, port } = options;
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  const waiting = new FinalStatus(options);
  let repeat: NodeJS.Timeout | undefined;
  socket.on('message', (octets) => void waiting.take(octets, sipBranch(message)));
  socket.once('error', (cause) => waiting.fail('the socket failed', cause));
  socket.connect(port, host, () => {
    const { address, port: ownPort } = socket.address();
    const request = requestFor(message, options, hostPort(address, ownPort));
    const send = (pauseMs: number): void => {
      waiting.isSent = true;
      socket.send(request);
      // §17.1.2.2, timer E: the pause doubles up to T2; after a provisional response it is T2.
      const nextMs = waiting.isProceeding ? t2Ms : Math.min(2 * pauseMs, t2Ms);
      repeat = setTimeout(() => send(nextMs), pauseMs);
    };
    send(t1Ms);
  });
  try {
    return await waiting.status;
  } finally {
    clearTimeout(repeat);
    waiting[Symbol.dispose]();
    socket.close();
  }
}

/** The first final response to our transaction, or why there was none. */
class FinalStatus implements Disposable {
  readonly status: Promise<number>;
  /** From here on nobody but the proxy knows. */
  isSent = false;
  isProceeding = false;
  readonly #resolve: (status: number) => void;
  readonly #reject: (error: Error) => void;
  readonly #deadline: NodeJS.Timeout;

  constructor({ answerMsMax = channelAnswerMsMax }: SipOptions) {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.status = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#deadline = setTimeout(
      () => this.fail(`the proxy has not answered within ${answerMsMax} ms`),
      answerMsMax,
    );
  }

  /** Takes every whole response and returns the octets that are left. */
  take(octets: Buffer<ArrayBuffer>, branch: string): Buffer<ArrayBuffer> {
    let rest = octets;
    for (let found = parseSipResponse(rest); found; found = parseSipResponse(rest)) {
      if (found === 'malformed') {
        this.fail('the proxy did not speak SIP');
        return Buffer.alloc(0);
      }
      rest = rest.subarray(found.size);
      if (found.response.branch !== branch) continue;
      if (found.response.status >= 200) this.#resolve(found.response.status);
      else this.isProceeding = true;
    }
    return rest;
  }

  fail(reason: string, cause?: unknown): void {
    const code = this.isSent ? 'channel_outcome_unknown' : 'channel_refused';
    this.#reject(channelError(code, reason, cause));
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#deadline);
  }
}

function sentByOf({ localAddress = '127.0.0.1', localPort = 5060 }: Socket): string {
  return hostPort(localAddress, localPort);
}

function hostPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
