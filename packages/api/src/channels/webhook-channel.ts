/**
 * A channel to any gateway by one HTTPS request a message. The body is signed, so that the gateway
 * knows who asks; the send id is repeated as `Idempotency-Key`, so that a gateway which retries inside
 * sends once. Each message has a connection of its own: a kept one that the other side has just closed
 * looks like a message whose fate is unknown. Redirections are not followed: the body holds a code.
 */
import { createHmac } from 'node:crypto';
import { request } from 'node:https';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Clock } from '@callbook/protocol';
import { channelAnswerMsMax, channelError } from './channel.ts';
import type { Channel, ChannelMessage } from './channel.ts';

export interface WebhookOptions {
  /** `https:` only. */
  readonly url: string;
  /** Key of the signature, as many bytes as wanted. */
  readonly secret: Uint8Array;
  readonly clock: Clock;
  /** PEM of the authority behind the gateway's certificate; the system's authorities without it. */
  readonly ca?: string;
  readonly answerMsMax?: number;
}

/** Opens a channel that posts each message as JSON `{to, text, code?, sendId, validSeconds?}`. */
export function webhookChannel(options: WebhookOptions): Channel {
  return {
    submit: async (message) => await post(message, options),
    onReceipt: () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}

/** `t=<seconds>,v1=<hex>`: HMAC-SHA256 over the seconds, a full stop and the body. */
export function webhookSignature(secret: Uint8Array, seconds: number, body: string): string {
  const mac = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${mac}`;
}

async function post(message: ChannelMessage, options: WebhookOptions): Promise<void> {
  const { to, text, code, sendId, validSeconds } = message;
  const body = JSON.stringify({ to, text, code, sendId, validSeconds });
  const seconds = Math.floor(options.clock.nowMs() / 1000);
  const outgoing = request(options.url, {
    method: 'POST',
    agent: false,
    ...(options.ca !== undefined && { ca: options.ca }),
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'idempotency-key': sendId,
      'callbook-signature': webhookSignature(options.secret, seconds, body),
    },
  });
  const status = await exchange(outgoing, body, options.answerMsMax ?? channelAnswerMsMax);
  if (status >= 200 && status < 300) return;
  // RFC 9110 §15.6.4: a 503 was not acted upon. 408 and the other 5xx leave it open.
  const isRefusal = status < 500 ? status !== 408 : status === 503;
  const errorCode = isRefusal ? 'channel_refused' : 'channel_outcome_unknown';
  throw channelError(errorCode, `the gateway answered ${status}`);
}

async function exchange(outgoing: ClientRequest, body: string, msMax: number): Promise<number> {
  let isWritten = false;
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const fail = (reason: string, cause?: unknown): void =>
    reject(channelError(isWritten ? 'channel_outcome_unknown' : 'channel_refused', reason, cause));
  const deadline = setTimeout(() => {
    fail(`the gateway has not answered within ${msMax} ms`);
    outgoing.destroy();
  }, msMax);
  outgoing.once('error', (cause) => fail('the connection failed', cause));
  // Node buffers what is written before the handshake; so it is written after it.
  outgoing.once('socket', (socket) =>
    socket.once('secureConnect', () => {
      isWritten = true;
      outgoing.end(body);
    }),
  );
  outgoing.once('response', (response: IncomingMessage) => {
    response.once('error', () => {});
    // Nothing of the answer but its status is of use.
    response.destroy();
    resolve(response.statusCode ?? 500);
  });
  try {
    return await promise;
  } finally {
    clearTimeout(deadline);
  }
}
