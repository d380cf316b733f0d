/**
 * A channel by SIP MESSAGE (RFC 3428) through one proxy, which trusts our certificate or address, or asks
 * for a digest: for SIP addresses, and for numbers where the proxy is a gateway. TLS or TCP with a
 * connection a message; over UDP the same octets are repeated as RFC 3261 §17.1.2 has it, which a server
 * takes once, since they are one transaction. A proxy that asks for a digest has not taken the message, so
 * that the answer, a transaction of its own, sends it for the first time.
 */
import { createSocket } from 'node:dgram';
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { channelAnswerMsMax, channelError } from './channel.ts';
import type { Channel, ChannelMessage } from './channel.ts';
import { answerSipChallenge } from './sip-digest.ts';
import type { SipLogin } from './sip-digest.ts';
import { encodeSipMessage, parseSipResponse, requestUri, sipBranch } from './sip-message.ts';
import type { SipResponse } from './sip-message.ts';

export interface SipOptions {
  readonly transport: 'tls' | 'tcp' | 'udp';
  readonly host: string;
  readonly port: number;
  /** Who sends, `sip:` and an address. */
  readonly from: string;
  /** Domain of the numbers' URIs at the proxy; its host without it. */
  readonly gatewayDomain?: string;
  /** For a proxy that asks for a digest; the name without quotes and backslashes. */
  readonly login?: SipLogin;
  /** PEM of the authority behind the proxy's certificate; the system's authorities without it. */
  readonly ca?: string;
  readonly answerMsMax?: number;
}

/** RFC 3261 §17.1.1.1. */
const t1Ms = 500;
const t2Ms = 4000;

/** Requests for one message: the first, its answer to a challenge, and one more for a nonce that is over. */
const requestsMax = 3;

/** Opens a channel to one SIP proxy. */
export function sipChannel(options: SipOptions): Channel {
  return {
    submit: async (message) => {
      const { status } = await converse(message, options);
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

async function converse(message: ChannelMessage, options: SipOptions): Promise<SipResponse> {
  const { transport, from, host, gatewayDomain = host } = options;
  using answers = new Answers(options);
  using wire = transport === 'udp' ? datagrams(options, answers) : stream(options, answers);
  const sentBy = await answers.unlessFailed(wire.sentBy);
  const name = transport.toUpperCase();
  const fixed = { message, transport: name, from, gatewayDomain, sentBy };
  let response: SipResponse | undefined;
  for (let sequence = 1; ; sequence++) {
    const authorization = response && authorize(response, message, { ...options, gatewayDomain });
    const request = encodeSipMessage({ ...fixed, sequence, authorization });
    const answer = answers.next(sipBranch(message, sequence));
    wire.send(request);
    response = await answers.unlessFailed(answer);
    if (!mayAnswer(response, sequence, options)) return response;
  }
}

/** RFC 3261 §22.1: who was refused tries no second time, unless only the nonce was over. */
function mayAnswer({ challenge }: SipResponse, sequence: number, { login }: SipOptions): boolean {
  if (challenge === undefined || login === undefined) return false;
  return sequence === 1 || (challenge.isStale && sequence < requestsMax);
}

function authorize(
  { status, challenge }: SipResponse,
  message: ChannelMessage,
  { gatewayDomain, login }: SipOptions & { readonly gatewayDomain: string },
): string {
  const uri = requestUri(message, gatewayDomain);
  // New for each message, and each of its nonces has one answer.
  const request = { uri, login: login!, clientNonce: message.sendId };
  const field = status === 407 ? 'Proxy-Authorization' : 'Authorization';
  return `${field}: ${answerSipChallenge(challenge!, request)}`;
}

/** A way to the proxy. */
interface Wire extends Disposable {
  /** Our address and port, once it can be written to. */
  readonly sentBy: Promise<string>;
  send(request: Buffer): void;
}

function stream({ host, port, transport, ca }: SipOptions, answers: Answers): Wire {
  const socket =
    transport === 'tls'
      ? connectTls({ host, port, ...(ca !== undefined && { ca }) })
      : connectTcp({ host, port });
  const { promise, resolve } = Promise.withResolvers<string>();
  const connected = transport === 'tls' ? 'secureConnect' : 'connect';
  socket.once(connected, () => resolve(sentByOf(socket)));
  let received = Buffer.alloc(0);
  socket.on('data', (octets: Buffer) => {
    received = answers.take(Buffer.concat([received, octets]));
  });
  socket.on('error', (cause) => answers.fail('the connection failed', cause));
  socket.once('close', () => answers.fail('the connection was closed'));
  return {
    sentBy: promise,
    send: (request) => void socket.write(request),
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

function datagrams({ host, port }: SipOptions, answers: Answers): Wire {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.on('message', (octets) => void answers.take(octets));
  socket.on('error', (cause) => answers.fail('the socket failed', cause));
  socket.connect(port, host, () => {
    const { address, port: ownPort } = socket.address();
    resolve(hostPort(address, ownPort));
  });
  let repeat: NodeJS.Timeout | undefined;
  const send = (request: Buffer, pauseMs: number): void => {
    socket.send(request);
    // §17.1.2.2, timer E: the pause doubles up to T2; after a provisional response it is T2.
    const nextMs = answers.isProceeding ? t2Ms : Math.min(2 * pauseMs, t2Ms);
    repeat = setTimeout(() => send(request, nextMs), pauseMs);
  };
  return {
    sentBy: promise,
    send: (request) => {
      clearTimeout(repeat);
      send(request, t1Ms);
    },
    [Symbol.dispose]: () => {
      clearTimeout(repeat);
      socket.close();
    },
  };
}

/** The final responses to our transactions, one after another, or why there was none. */
class Answers implements Disposable {
  isProceeding = false;
  /** From a request until its final response, nobody but the proxy knows. */
  #isOpen = false;
  #branch = '';
  #resolve: (response: SipResponse) => void = () => {};
  readonly #failure = Promise.withResolvers<never>();
  readonly #deadline: NodeJS.Timeout;

  constructor({ answerMsMax = channelAnswerMsMax }: SipOptions) {
    // It may fail once more when nobody waits any longer.
    this.#failure.promise.catch(() => {});
    this.#deadline = setTimeout(
      () => this.fail(`the proxy has not answered within ${answerMsMax} ms`),
      answerMsMax,
    );
  }

  async unlessFailed<T>(step: Promise<T>): Promise<T> {
    return await Promise.race([this.#failure.promise, step]);
  }

  /** The final response to the request that is sent in this very step. */
  next(branch: string): Promise<SipResponse> {
    const { promise, resolve } = Promise.withResolvers<SipResponse>();
    this.#branch = branch;
    this.#resolve = resolve;
    this.#isOpen = true;
    this.isProceeding = false;
    return promise;
  }

  /** Takes every whole response and returns the octets that are left. */
  take(octets: Buffer<ArrayBuffer>): Buffer<ArrayBuffer> {
    let rest = octets;
    for (let found = parseSipResponse(rest); found; found = parseSipResponse(rest)) {
      if (found === 'malformed') {
        this.fail('the proxy did not speak SIP');
        return Buffer.alloc(0);
      }
      rest = rest.subarray(found.size);
      if (found.response.branch !== this.#branch) continue;
      if (found.response.status < 200) {
        this.isProceeding = true;
        continue;
      }
      this.#isOpen = false;
      this.#resolve(found.response);
    }
    return rest;
  }

  fail(reason: string, cause?: unknown): void {
    const code = this.#isOpen ? 'channel_outcome_unknown' : 'channel_refused';
    this.#failure.reject(channelError(code, reason, cause));
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
