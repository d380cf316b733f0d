/** What is SMPP's own: the octets of a submission, receipts, and a session that comes back. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { openSmppChannel } from '../../src/index.ts';
import type { Channel } from '../../src/index.ts';
import type { SmppOptions } from '../../src/channels/smpp-channel.ts';
import { smppGateway } from './faulty-gateways.ts';

const sendId = 'AAAAAAAAAAAAAAAAAAAAAA';
const message = { to: 'tel:+4915123456789', text: '@_ {€} ok', sendId } as const;

async function open(port: number, more: Partial<SmppOptions> = {}): Promise<Channel> {
  const channel = await openSmppChannel({
    host: '127.0.0.1',
    port,
    systemId: 'callbook',
    password: 'secret',
    sender: 'Callbook',
    answerMsMax: 20_000,
    placeMsMax: 20_000,
    retryMsMin: 20,
    ...more,
  });
  onTestFinished(async () => await channel[Symbol.asyncDispose]());
  return channel;
}

it('writes one segment of septets to an international number, for ten minutes', async () => {
  const gateway = await smppGateway('take');
  const channel = await open(gateway.port);
  const untilMs = Date.now() + 600_000;
  await channel.submit({ ...message, validSeconds: 600 });
  // The library reads the relative time into a point of time.
  const { validity_period: valid } = gateway.submissions[0] as unknown as { validity_period: Date };
  expect(Math.abs(valid.getTime() - untilMs)).toBeLessThan(5000);
  expect(gateway.submissions[0]).toMatchObject({
    data_coding: 0,
    esm_class: 0,
    registered_delivery: 1,
    destination_addr: '4915123456789',
    dest_addr_ton: 1,
    dest_addr_npi: 1,
    source_addr_ton: 5,
    source_addr: 'Callbook',
  });
  await expect(channel.submit({ ...message, text: 'x'.repeat(161) })).rejects.toMatchObject({
    code: 'channel_refused',
  });
  await expect(channel.submit({ ...message, text: 'ж' })).rejects.toMatchObject({
    code: 'channel_refused',
  });
});

it.each([
  ['DELIVRD', true],
  ['UNDELIV', false],
] as const)('tells of a receipt that says %s', async (state, isDelivered) => {
  const gateway = await smppGateway('take', state);
  const channel = await open(gateway.port);
  const receipts: unknown[] = [];
  channel.onReceipt((receipt) => receipts.push(receipt));
  await channel.submit(message);
  await expect.poll(() => receipts.length).toBeGreaterThan(0);
  await sleep(100);
  expect(receipts).toEqual([{ sendId, isDelivered }]);
});

it('binds again after the session is lost, and sends what was refused anew only when asked', async () => {
  const gateway = await smppGateway('take');
  const states: string[] = [];
  const channel = await open(gateway.port, { onSession: (state) => states.push(state) });
  await channel.submit(message);
  gateway.sessions[0]!.destroy();
  await expect.poll(() => states).toContain('lost');
  await channel.submit(message);
  expect(gateway.arrived).toHaveLength(2);
  expect(states).toEqual(['bound', 'lost', 'bound']);
});

it('has at most a window of submissions open', async () => {
  const gateway = await smppGateway('silent');
  const bound = Promise.withResolvers<void>();
  const channel = await open(gateway.port, {
    window: 3,
    answerMsMax: 400,
    placeMsMax: 100,
    onSession: () => bound.resolve(),
  });
  // Binding is not what they are to wait for.
  await bound.promise;
  const outcomes = await Promise.allSettled(
    Array.from({ length: 8 }, async () => await channel.submit(message)),
  );
  const codes = outcomes.map((result) =>
    result.status === 'rejected' ? (result.reason as { code: string }).code : 'taken',
  );
  await expect.poll(() => gateway.arrived).toHaveLength(3);
  expect(codes.filter((code) => code === 'channel_outcome_unknown')).toHaveLength(3);
  expect(codes.filter((code) => code === 'channel_refused')).toHaveLength(5);
});

const word = (value: number): string => value.toString(16).padStart(8, '0');
/** Header of a PDU: length, command, status, sequence number. */
const head = (size: number, command: number): string =>
  word(size) + word(command) + word(0) + word(1);
const deliverSm = 0x05;

it.each([
  ['a length of 4 GB', head(0xff_ff_ff_ff, deliverSm), true],
  ['a parameter that ends after its PDU', `${head(20, deliverSm)}04270010`, false],
  ['a deliver_sm without its fields', `${head(18, deliverSm)}0000`, false],
  ['an unknown command', head(16, 0x77), false],
  ['an answer to nobody', head(16, 0x80_00_00_04), false],
  ['text', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n').toString('hex'), true],
])(
  'a centre that says %s harms nobody, and is bound again where it must',
  async (_, hex, mustBind) => {
    const gateway = await smppGateway('take');
    const states: string[] = [];
    const channel = await open(gateway.port, { onSession: (state) => states.push(state) });
    await channel.submit(message);
    gateway.sessions[0]!.socket.write(Buffer.from(hex, 'hex'));
    if (mustBind) await expect.poll(() => states).toContain('lost');
    else await sleep(50);
    await channel.submit(message);
    expect(gateway.arrived).toHaveLength(2);
    expect(states.length).toBeLessThanOrEqual(3);
  },
);
