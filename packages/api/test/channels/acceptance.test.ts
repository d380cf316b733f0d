/** What every channel owes, against gateways that misbehave: it says the truth, and sends once. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DirectoryError } from '@callbook/protocol';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Channel, ChannelMessage } from '../../src/channels/channel.ts';
import {
  openSmppChannel,
  openSmtpChannel,
  outboxChannel,
  sipChannel,
  webhookChannel,
} from '../../src/index.ts';
import {
  certificate,
  plainSmtpGateway,
  sipTcpGateway,
  sipUdpGateway,
  slowMs,
  smppGateway,
  smtpGateway,
  webhookGateway,
} from './faulty-gateways.ts';
import type { Behaviour, Gateway } from './faulty-gateways.ts';

const clock = { nowMs: () => 1_800_000_000_000 };
const code = '12345678';
const text = `Callbook code: ${code}\n\n@alpha.test #${code}`;
/** For gateways that never answer: as long as a busy machine may take to hand the message over. */
const answerMsMax = 3000;
const patientMsMax = 20_000;
const host = '127.0.0.1';

interface Subject {
  readonly name: string;
  readonly to: ChannelMessage['to'];
  open(port: number, answerMsMax: number): Promise<Channel>;
  gateway(behaviour: Behaviour): Promise<Gateway>;
  /** Over UDP nobody can be known not to listen. */
  readonly hasConnection: boolean;
}

const subjects: readonly Subject[] = [
  {
    name: 'SMPP',
    to: 'tel:+4915123456789',
    hasConnection: true,
    gateway: smppGateway,
    open: async (port, answerMsMax) =>
      await openSmppChannel({
        host,
        port,
        systemId: 'callbook',
        password: 'secret',
        sender: 'Callbook',
        answerMsMax,
        placeMsMax: answerMsMax - 200,
        retryMsMin: 50,
      }),
  },
  {
    name: 'webhook',
    to: 'tel:+4915123456789',
    hasConnection: true,
    gateway: webhookGateway,
    open: async (port, answerMsMax) =>
      webhookChannel({
        url: `https://localhost:${port}/send`,
        secret: new Uint8Array(32),
        clock,
        ca: certificate,
        answerMsMax,
      }),
  },
  {
    name: 'SMTP',
    to: 'mailto:ada@mail.example',
    hasConnection: true,
    gateway: smtpGateway,
    open: async (port, answerMsMax) =>
      await openSmtpChannel({
        host: 'localhost',
        port,
        from: 'codes@alpha.test',
        ca: certificate,
        answerMsMax,
      }),
  },
  {
    name: 'SIP over TCP',
    to: 'sip:ada@sip.example',
    hasConnection: true,
    gateway: sipTcpGateway,
    open: async (port, answerMsMax) =>
      sipChannel({ transport: 'tcp', host, port, from: 'sip:codes@alpha.test', answerMsMax }),
  },
  {
    name: 'SIP over UDP',
    to: 'tel:+4915123456789',
    hasConnection: false,
    gateway: sipUdpGateway,
    open: async (port, answerMsMax) =>
      sipChannel({ transport: 'udp', host, port, from: 'sip:codes@alpha.test', answerMsMax }),
  },
];

/** `taken`, or the code of what it rejected with; and that nothing of the message is in it. */
async function outcome(channel: Channel, to: ChannelMessage['to']): Promise<string> {
  try {
    await channel.submit({ to, text, code, sendId: 'AAAAAAAAAAAAAAAAAAAAAA', validSeconds: 600 });
    return 'taken';
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error;
    const said = `${error.message} ${JSON.stringify(error.details)} ${String(error.cause)}`;
    expect(said).not.toContain(to.slice(to.indexOf(':') + 2));
    expect(said).not.toContain(code);
    return error.code as string;
  }
}

async function using(subject: Subject, port: number, msMax = answerMsMax): Promise<Channel> {
  const channel = await subject.open(port, msMax);
  onTestFinished(async () => await channel[Symbol.asyncDispose]());
  return channel;
}

describe.each(subjects)('$name', (subject) => {
  it.each([
    ['takes a message', 'take', 'taken'],
    ['takes it late', 'slow', 'taken'],
    ['refuses it', 'refuse', 'channel_refused'],
    ['never answers', 'silent', 'channel_outcome_unknown'],
    ['loses the connection after the message', 'cut', 'channel_outcome_unknown'],
  ] as const)('has one submission and the right outcome when the gateway %s', async (...row) => {
    const [, behaviour, expected] = row;
    const gateway = await subject.gateway(behaviour);
    const isAnswered = behaviour !== 'silent' && (behaviour !== 'cut' || subject.hasConnection);
    const channel = await using(subject, gateway.port, isAnswered ? patientMsMax : answerMsMax);
    expect(await outcome(channel, subject.to)).toBe(expected);
    // Long enough for a repetition, which SMPP would make when it is bound again.
    await sleep(slowMs);
    expect(gateway.arrived).toHaveLength(1);
    // A mail body in quoted-printable breaks lines, and septets are no ASCII: the code is whole in all.
    expect(gateway.arrived[0]).toContain(code);
  });

  it('sends each of many messages once', async () => {
    const gateway = await subject.gateway('take');
    const channel = await using(subject, gateway.port, patientMsMax);
    const sendIds = Array.from({ length: 20 }, (_, at) => `${at}`.padStart(22, 'A'));
    await Promise.all(
      sendIds.map(async (sendId) => {
        await channel.submit({ to: subject.to, text: `${text} ${sendId}`, code, sendId });
      }),
    );
    const seen = gateway.arrived.map((body) => body.replaceAll('=\r\n', ''));
    for (const sendId of sendIds)
      expect(seen.filter((body) => body.includes(sendId))).toHaveLength(1);
  });
});

it.each(subjects.filter(({ hasConnection }) => hasConnection))(
  '$name refuses when nobody listens',
  async (subject) => {
    const channel = await using(subject, 1);
    expect(await outcome(channel, subject.to)).toBe('channel_refused');
  },
);

it('the outbox takes a message once and refuses without a folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-acceptance-'));
  onTestFinished(async () => await rm(folder, { recursive: true }));
  const path = join(folder, 'outbox.jsonl');
  expect(await outcome(outboxChannel({ path, clock }), 'tel:+4915123456789')).toBe('taken');
  expect((await readFile(path, 'utf8')).trim().split('\n')).toHaveLength(1);
  const nowhere = outboxChannel({ path: join(path, 'below'), clock });
  expect(await outcome(nowhere, 'tel:+4915123456789')).toBe('channel_refused');
});

it('neither mail nor password is sent to a server without STARTTLS', async () => {
  const gateway = await plainSmtpGateway();
  const channel = await openSmtpChannel({
    host: 'localhost',
    port: gateway.port,
    from: 'codes@alpha.test',
    login: { user: 'codes', password: 'secret' },
    answerMsMax,
  });
  expect(await outcome(channel, 'mailto:ada@mail.example')).toBe('channel_refused');
  expect(gateway.arrived).toEqual([]);
});

it('nothing is sent by TLS to somebody with another certificate', async () => {
  const gateway = await webhookGateway('take');
  const url = `https://localhost:${gateway.port}/send`;
  const channel = webhookChannel({ url, secret: new Uint8Array(32), clock });
  expect(await outcome(channel, 'tel:+4915123456789')).toBe('channel_refused');
  expect(gateway.arrived).toEqual([]);
});
