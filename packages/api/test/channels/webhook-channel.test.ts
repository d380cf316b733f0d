/** What is the webhook's own: who signs, what a status says, and that a code follows no redirection. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { webhookChannel, webhookSignature } from '../../src/index.ts';
import type { Channel } from '../../src/index.ts';
import { certificate, tlsOptions } from './faulty-gateways.ts';

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Written without end. */
  readonly isEndless?: boolean;
}

const secret = Buffer.from('the key of the signature');
const nowMs = 1_800_000_000_999;
const message = {
  to: 'tel:+4915123456789',
  text: 'Callbook code: 12345678\n\n@alpha.test #12345678',
  code: '12345678',
  sendId: 'AAAAAAAAAAAAAAAAAAAAAA',
  validSeconds: 600,
} as const;

async function gateway(answer: Answer): Promise<{ channel: Channel; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer(tlsOptions, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      received.push({ path: request.url!, headers: request.headers, body });
      const { status, headers = {}, isEndless = false } = answer;
      response.on('error', () => {});
      response.writeHead(status, headers);
      if (!isEndless) response.end('no such number +4915123456789');
      const writing = setInterval(() => isEndless && response.write('x'.repeat(1000)), 1);
      response.on('close', () => clearInterval(writing));
    });
  });
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const channel = webhookChannel({
    url: `https://localhost:${port}/send?account=1`,
    secret,
    clock: { nowMs: () => nowMs },
    ca: certificate,
  });
  return { channel, received };
}

const outcome = async (channel: Channel): Promise<string> =>
  await channel.submit(message).then(
    () => 'taken',
    (error: { code: string; message: string }) => {
      expect(error.message).not.toMatch(/4915123456789|12345678/);
      return error.code;
    },
  );

it('a message is one signed POST, which names itself', async () => {
  const { channel, received } = await gateway({ status: 202 });
  expect(await outcome(channel)).toBe('taken');
  expect(received).toHaveLength(1);
  const [{ path, headers, body }] = received as [Received];
  expect(path).toBe('/send?account=1');
  expect(JSON.parse(body)).toEqual(message);
  expect(headers['content-type']).toBe('application/json');
  expect(headers['idempotency-key']).toBe(message.sendId);
  // As docs/operators/configuration.md tells gateways to check it.
  const [, seconds, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(
    headers['callbook-signature'] as string,
  )!;
  expect(seconds).toBe('1800000000');
  const expected = createHmac('sha256', secret).update(`${seconds}.${body}`).digest();
  expect(timingSafeEqual(expected, Buffer.from(mac!, 'hex'))).toBe(true);
});

it('a signature is of one second, one body and one key', () => {
  const one = webhookSignature(secret, 1, 'body');
  expect(webhookSignature(secret, 1, 'body')).toBe(one);
  const others = [
    webhookSignature(secret, 2, 'body'),
    webhookSignature(secret, 1, 'bodY'),
    webhookSignature(Buffer.from('another'), 1, 'body'),
    // The full stop keeps the seconds apart from the body.
    webhookSignature(secret, 11, '.body'),
  ];
  for (const other of others) expect(other.split('v1=')[1]).not.toBe(one.split('v1=')[1]);
});

it.each([
  ...[200, 201, 202, 204].map((status) => [status, 'taken'] as const),
  ...[400, 401, 403, 404, 409, 422, 429, 451, 503].map(
    (status) => [status, 'channel_refused'] as const,
  ),
  ...[408, 500, 502, 504, 507].map((status) => [status, 'channel_outcome_unknown'] as const),
])('%i says that a message was %s, and it is not posted again', async (status, expected) => {
  // Whatever the gateway asks for: whoever pays cannot tell a repetition from a second message.
  const { channel, received } = await gateway({ status, headers: { 'retry-after': '0' } });
  expect(await outcome(channel)).toBe(expected);
  expect(received).toHaveLength(1);
});

it.each([301, 302, 303, 307, 308])(
  'a redirection (%i) is refused, not followed',
  async (status) => {
    const elsewhere = await gateway({ status: 200 });
    const location = await targetOf(elsewhere);
    const { channel, received } = await gateway({ status, headers: { location } });
    const before = elsewhere.received.length;
    expect(await outcome(channel)).toBe('channel_refused');
    expect(received).toHaveLength(1);
    expect(elsewhere.received).toHaveLength(before);
  },
);

/** The address of a gateway, as itself sees it. */
async function targetOf(to: Awaited<ReturnType<typeof gateway>>): Promise<string> {
  await outcome(to.channel);
  return `https://${to.received[0]!.headers.host}/send`;
}

it('an answer without an end is not waited for', async () => {
  const { channel } = await gateway({ status: 200, isEndless: true });
  expect(await outcome(channel)).toBe('taken');
});
