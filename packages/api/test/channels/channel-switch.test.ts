/** Codes and notices over real channels, gateways that misbehave, and a journal on disk: paid for once. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ChannelSwitch, openSmtpChannel, SendJournal, webhookChannel } from '../../src/index.ts';
import type { Channel, ChannelScheme } from '../../src/index.ts';
import { certificate, smppGateway, smtpGateway, webhookGateway } from './faulty-gateways.ts';
import type { Behaviour } from './faulty-gateways.ts';
import { openSmppChannel } from '../../src/channels/smpp-channel.ts';

const number = 'tel:+4915123456789';
const address = 'mailto:ada@mail.example';
const text = 'Callbook: somebody has asked to take over your entry.';
const random = { bytes: (size: number) => new Uint8Array(randomBytes(size)) };
const sendId = 'AAAAAAAAAAAAAAAAAAAAAA';
const code = { text, code: '12345678', sendId } as const;

interface Subject {
  readonly senders: ChannelSwitch;
  readonly unknown: unknown[];
  /** What channels said whose messages went to the next. */
  readonly next: unknown[];
  readonly journalFile: string;
  /** The same channels after a restart. */
  reopen(): Promise<ChannelSwitch>;
}

async function over(
  channels: Partial<Record<ChannelScheme, readonly Channel[]>>,
): Promise<Subject> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-switch-'));
  onTestFinished(async () => await rm(folder, { recursive: true }));
  const journalFile = join(folder, 'sent-notices');
  const [unknown, next]: [unknown[], unknown[]] = [[], []];
  const reopen = async (): Promise<ChannelSwitch> => {
    const journal = await SendJournal.open(journalFile);
    onTestFinished(async () => await journal[Symbol.asyncDispose]());
    return new ChannelSwitch({
      channels,
      journal,
      random,
      onUnknown: (error) => void unknown.push(error),
      onNext: (error) => void next.push(error),
    });
  };
  return { senders: await reopen(), unknown, next, journalFile, reopen };
}

/** For gateways that never answer: as long as a busy machine may take to hand the message over. */
const silentMsMax = 3000;

const webhookTo = (port: number, behaviour: Behaviour = 'take'): Channel =>
  webhookChannel({
    url: `https://localhost:${port}/send`,
    secret: new Uint8Array(32),
    clock: { nowMs: () => 0 },
    ca: certificate,
    answerMsMax: behaviour === 'silent' ? silentMsMax : 20_000,
  });

const refused = { code: 'channel_refused' };

describe('a code', () => {
  it('goes by the channel of its identifier alone', async () => {
    const [sms, mail] = [await webhookGateway('take'), await smtpGateway('take')];
    const smtp = await openSmtpChannel({
      host: 'localhost',
      port: mail.port,
      from: 'codes@alpha.test',
      ca: certificate,
    });
    const { senders } = await over({ tel: [webhookTo(sms.port)], mailto: [smtp] });
    await senders.send({ to: number, ...code });
    expect([sms.arrived.length, mail.arrived.length]).toEqual([1, 0]);
    await senders.send({ to: address, ...code });
    expect([sms.arrived.length, mail.arrived.length]).toEqual([1, 1]);
    await expect(senders.send({ to: 'sip:ada@sip.example', ...code })).rejects.toMatchObject(
      refused,
    );
    expect([sms.arrived.length, mail.arrived.length]).toEqual([1, 1]);
  });

  it.each(['silent', 'cut'] as const)(
    'of which nobody knows counts as sent, and the operator is told (%s)',
    async (behaviour) => {
      const gateway = await webhookGateway(behaviour);
      const { senders, unknown } = await over({ tel: [webhookTo(gateway.port, behaviour)] });
      await senders.send({ to: number, ...code });
      expect(unknown).toEqual([expect.objectContaining({ code: 'channel_outcome_unknown' })]);
      expect(gateway.arrived).toHaveLength(1);
    },
  );

  it('that is refused is told to be refused, and is in no journal', async () => {
    const gateway = await webhookGateway('refuse');
    const { senders, unknown, journalFile } = await over({ tel: [webhookTo(gateway.port)] });
    await expect(senders.send({ to: number, ...code })).rejects.toMatchObject(refused);
    expect(unknown).toEqual([]);
    expect(await readFile(journalFile, 'utf8')).toBe('');
  });
});

describe('a notice', () => {
  const notice = { to: number, text, noticeId: 'entry.0' } as const;

  it('that was taken is not sent again, also after a restart', async () => {
    const gateway = await webhookGateway('take');
    const { senders, reopen } = await over({ tel: [webhookTo(gateway.port)] });
    await senders.sendNotice(notice);
    await senders.sendNotice(notice);
    await (await reopen()).sendNotice(notice);
    expect(gateway.arrived).toHaveLength(1);
    await senders.sendNotice({ ...notice, noticeId: 'entry.1' });
    expect(gateway.arrived).toHaveLength(2);
  });

  it('that was refused is sent when it is tried again, also after a restart', async () => {
    const gateway = await webhookGateway('refuse');
    const { senders, reopen } = await over({ tel: [webhookTo(gateway.port)] });
    for (const subject of [senders, senders, await reopen()])
      await expect(subject.sendNotice(notice)).rejects.toMatchObject(refused);
    expect(gateway.arrived).toHaveLength(3);
  });

  it.each(['silent', 'cut'] as const)(
    'of which nobody knows is never sent again (%s)',
    async (behaviour) => {
      const gateway = await webhookGateway(behaviour);
      const { senders, unknown, reopen } = await over({
        tel: [webhookTo(gateway.port, behaviour)],
      });
      await senders.sendNotice(notice);
      await (await reopen()).sendNotice(notice);
      expect(gateway.arrived).toHaveLength(1);
      expect(unknown).toHaveLength(1);
    },
  );

  it('that is tried twice at once goes out once', async () => {
    const gateway = await webhookGateway('slow');
    const { senders } = await over({ tel: [webhookTo(gateway.port)] });
    await Promise.all([senders.sendNotice(notice), senders.sendNotice(notice)]);
    expect(gateway.arrived).toHaveLength(1);
  });

  it('leaves neither number nor text on the disk', async () => {
    const gateway = await webhookGateway('take');
    const { senders, journalFile } = await over({ tel: [webhookTo(gateway.port)] });
    await senders.sendNotice(notice);
    expect(await readFile(journalFile, 'utf8')).toBe('+entry.0\n');
  });
});

describe('of two channels for one scheme the second', () => {
  const notice = { to: number, text, noticeId: 'entry.0' } as const;

  async function two(...behaviours: readonly [Behaviour, Behaviour]) {
    const [first, second] = await Promise.all(behaviours.map(webhookGateway));
    const subject = await over({
      tel: [webhookTo(first!.port, behaviours[0]), webhookTo(second!.port, behaviours[1])],
    });
    const arrived = (): number[] => [first!.arrived.length, second!.arrived.length];
    return { ...subject, arrived };
  }

  it('is asked for nothing where the first takes a message', async () => {
    const { senders, arrived, next } = await two('take', 'take');
    await senders.send({ to: number, ...code });
    await senders.sendNotice(notice);
    expect(arrived()).toEqual([2, 0]);
    expect(next).toEqual([]);
  });

  it('is asked where the first has refused, and the operator is told', async () => {
    const { senders, arrived, next } = await two('refuse', 'take');
    await senders.send({ to: number, ...code });
    await senders.sendNotice(notice);
    await senders.sendNotice(notice);
    expect(arrived()).toEqual([2, 2]);
    expect(next).toEqual([expect.objectContaining(refused), expect.objectContaining(refused)]);
  });

  it('is asked where nobody listens at the first', async () => {
    const gateway = await webhookGateway('take');
    const { senders } = await over({ tel: [webhookTo(1), webhookTo(gateway.port)] });
    await senders.send({ to: number, ...code });
    expect(gateway.arrived).toHaveLength(1);
  });

  it.each(['silent', 'cut'] as const)(
    'is asked for nothing where the first may have sent it (%s)',
    async (behaviour) => {
      const { senders, arrived, unknown, next } = await two(behaviour, 'take');
      await senders.send({ to: number, ...code });
      await senders.sendNotice(notice);
      await senders.sendNotice(notice);
      expect(arrived()).toEqual([2, 0]);
      expect(unknown).toHaveLength(2);
      expect(next).toEqual([]);
    },
  );

  it('has the last word: refused, or unknown', async () => {
    const refusing = await two('refuse', 'refuse');
    await expect(refusing.senders.send({ to: number, ...code })).rejects.toMatchObject(refused);
    await expect(refusing.senders.sendNotice(notice)).rejects.toMatchObject(refused);
    await expect(refusing.senders.sendNotice(notice)).rejects.toMatchObject(refused);
    expect(refusing.arrived()).toEqual([3, 3]);
    const losing = await two('refuse', 'cut');
    await losing.senders.sendNotice(notice);
    await losing.senders.sendNotice(notice);
    expect(losing.arrived()).toEqual([1, 1]);
    expect(losing.unknown).toHaveLength(1);
  });

  it('is not asked where the first fails as no channel may', async () => {
    const gateway = await webhookGateway('take');
    const broken: Channel = {
      submit: async () => await Promise.reject(new TypeError('a mistake of ours')),
      onReceipt: () => {},
      [Symbol.asyncDispose]: async () => {},
    };
    const { senders } = await over({ tel: [broken, webhookTo(gateway.port)] });
    await expect(senders.send({ to: number, ...code })).rejects.toThrow(TypeError);
    expect(gateway.arrived).toEqual([]);
  });
});

it('receipts of all channels are heard, of one that serves two schemes once', async () => {
  const gateway = await smppGateway('take', 'UNDELIV');
  const smpp = await openSmppChannel({
    host: '127.0.0.1',
    port: gateway.port,
    systemId: 'callbook',
    password: 'secret',
    sender: 'Callbook',
    placeMsMax: 20_000,
  });
  onTestFinished(async () => await smpp[Symbol.asyncDispose]());
  const { senders } = await over({ tel: [smpp], sip: [smpp] });
  const heard = new Promise((resolve) => {
    const receipts: unknown[] = [];
    senders.onReceipt((receipt) => {
      receipts.push(receipt);
      setTimeout(() => resolve(receipts), 50);
    });
  });
  await senders.send({ to: number, ...code });
  expect(await heard).toEqual([{ sendId, isDelivered: false }]);
});
