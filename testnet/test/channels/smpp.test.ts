/**
 * The SMPP channel and an SMS centre that has nothing of ours, behind TLS: what the channel says of a
 * message is what became of it there, and each message is there once.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gsm7Septets, openSmppChannel } from '@callbook/api';
import type { Channel } from '@callbook/api';
import { DirectoryError } from '@callbook/protocol';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createCertificateAuthority } from '../../src/certificates.ts';
import { eventually } from '../lab.ts';
import { readArrived } from './peers/arrived.ts';
import { startSmsCentre, startTlsFront } from './peers/sms-centre.ts';
import type { SmsCentre } from './peers/sms-centre.ts';

type SmppOptions = Parameters<typeof openSmppChannel>[0];

const stack = new AsyncDisposableStack();
let folder: string;
let ca: string;
let certificate: { certificate: string; privateKey: string };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callbook-smpp-'));
  stack.defer(async () => await rm(folder, { recursive: true, force: true }));
  const authority = await createCertificateAuthority();
  const issued = await authority.issue(['localhost']);
  ca = authority.certificate;
  certificate = { certificate: join(folder, 'tls.pem'), privateKey: join(folder, 'tls.key') };
  await writeFile(certificate.certificate, issued.certificate);
  await writeFile(certificate.privateKey, issued.privateKey, { mode: 0o600 });
});

afterAll(async () => await stack.disposeAsync());

interface Line {
  readonly centre: SmsCentre;
  readonly channel: Channel;
  /** `bound`, `refused` and `lost`, as the operator is told. */
  readonly states: string[];
  readonly receipts: { readonly sendId: string; readonly isDelivered: boolean }[];
  texts(): Promise<string[]>;
  lostCount(): Promise<number>;
}

const count = (events: readonly string[], name: string): number =>
  events.filter((event) => event === name).length;

/** A centre of its own for each test, and a channel to it by TLS. */
async function connect(more: Partial<SmppOptions> = {}): Promise<Line> {
  const own = await mkdtemp(join(folder, 'centre-'));
  const inbox = join(own, 'inbox.jsonl');
  await writeFile(inbox, '');
  const centre = await startSmsCentre(own, inbox);
  const front = await startTlsFront(centre.port, certificate);
  const [states, receipts]: [string[], Line['receipts']] = [[], []];
  const channel = await openSmppChannel({
    host: 'localhost',
    port: front.port,
    tls: { ca },
    systemId: 'callbook',
    password: 'secret',
    sender: 'Callbook',
    retryMsMin: 50,
    placeMsMax: 20_000,
    onSession: (state) => states.push(state),
    ...more,
  });
  channel.onReceipt((receipt) => void receipts.push(receipt));
  onTestFinished(async () => {
    await channel[Symbol.asyncDispose]();
    await front[Symbol.asyncDispose]();
    await centre[Symbol.asyncDispose]();
  });
  const texts = async (): Promise<string[]> => (await readArrived(inbox)).map(({ text }) => text);
  const lostCount = async (): Promise<number> => await Promise.resolve(count(states, 'lost'));
  return { centre, channel, states, receipts, texts, lostCount };
}

/** What the centre does with a number is said by its last digit. */
const behaviours = {
  delivers: 1,
  saysNothingMore: 3,
  cuts: 4,
  unbinds: 5,
  deliversWithoutText: 6,
  failsLater: 7,
  throttles: 8,
  refuses: 9,
} as const;

let sentCount = 0;

async function send(
  { channel }: Pick<Line, 'channel'>,
  behaviour: keyof typeof behaviours,
  text = 'Callbook code: 12345678',
): Promise<string> {
  const to = `tel:+44770090000${behaviours[behaviour]}` as const;
  const sendId = `${++sentCount}`.padStart(22, 'A');
  try {
    await channel.submit({ to, text, sendId, validSeconds: 600 });
    return 'taken';
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error;
    return error.code as string;
  }
}

describe('by TLS', () => {
  it('a message is taken once, as the text that it was, and the session ends with unbind', async () => {
    const line = await connect();
    expect(await send(line, 'delivers', 'Aa0 @£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ')).toBe('taken');
    expect(await line.texts()).toEqual(['Aa0 @£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ']);
    await line.channel[Symbol.asyncDispose]();
    const events = await eventually(line.centre.events, (all) => all.includes('closed'));
    expect(events.at(-2)).toBe('unbind');
    expect(count(events, 'submit_sm')).toBe(1);
  });

  it('a segment is full at 160 septets and over-full at 161, escapes counted', async () => {
    const line = await connect();
    for (const fill of ['x'.repeat(158), '_'.repeat(158)]) {
      expect(gsm7Septets(`${fill}€`)).toBe(160);
      expect(await send(line, 'delivers', `${fill}€`)).toBe('taken');
      expect(await send(line, 'delivers', `${fill}x€`)).toBe('channel_refused');
      expect((await line.texts()).at(-1)).toBe(`${fill}€`);
    }
    expect(await line.texts()).toHaveLength(2);
  });

  it('nothing is said to a centre with a certificate of somebody else', async () => {
    const stranger = (await createCertificateAuthority()).certificate;
    const line = await connect({ tls: { ca: stranger }, placeMsMax: 300 });
    expect(await send(line, 'delivers')).toBe('channel_refused');
    expect(await line.centre.events()).not.toContain('bind_transceiver');
    expect(line.states).toEqual([]);
  });

  it('a wrong password is told to the operator, again and again, and nothing is sent', async () => {
    const line = await connect({ password: 'guess', placeMsMax: 500 });
    expect(await send(line, 'delivers')).toBe('channel_refused');
    // A busy machine has come to one attempt only when the message is given up.
    const events = await eventually(
      line.centre.events,
      (all) => count(all, 'bind_transceiver') > 1,
    );
    // The pause doubles from 50 ms: 50, 100, 200.
    expect(count(events, 'bind_transceiver')).toBeLessThan(6);
    expect(new Set(line.states)).toEqual(new Set(['refused']));
    expect(events).not.toContain('submit_sm');
  });
});

describe('what the centre says of a message is believed:', () => {
  it.each([
    ['delivers', [true]],
    ['deliversWithoutText', [true]],
    ['failsLater', [false]],
    ['saysNothingMore', []],
  ] as const)('%s', async (behaviour, expected) => {
    const line = await connect();
    expect(await send(line, behaviour)).toBe('taken');
    const sendId = `${sentCount}`.padStart(22, 'A');
    // The line is alive: the centre has read what it was answered after its receipts.
    const answers = expected.length === 0 ? 0 : 2;
    await eventually(line.centre.events, (all) => count(all, 'deliver_sm_resp') === answers);
    expect(line.receipts).toEqual(expected.map((isDelivered) => ({ sendId, isDelivered })));
    expect(count(await line.centre.events(), 'enquire_link_resp')).toBe(answers / 2);
  });

  it.each(['refuses', 'throttles'] as const)('%s, and nothing is repeated', async (behaviour) => {
    const line = await connect();
    expect(await send(line, behaviour)).toBe('channel_refused');
    expect(await send(line, 'delivers')).toBe('taken');
    expect(count(await line.centre.events(), 'submit_sm')).toBe(2);
    expect(await line.texts()).toHaveLength(1);
    expect(line.states).toEqual(['bound']);
  });
});

describe('the session comes back when the centre', () => {
  it('unbinds: it is answered, and what is sent meanwhile waits for the next session', async () => {
    const line = await connect();
    for (const round of ['1', '2', '3']) {
      expect(await send(line, 'unbinds', `${round} first`)).toBe('taken');
      expect(await send(line, 'delivers', `${round} second`)).toBe('taken');
      await eventually(line.lostCount, (lost) => lost === Number(round));
    }
    const texts = ['1', '2', '3'].flatMap((round) => [`${round} first`, `${round} second`]);
    expect(await line.texts()).toEqual(texts);
    await eventually(line.centre.events, (all) => count(all, 'unbind_resp') === 3);
  });

  it('cuts the connection after a message, which may have gone out and is not repeated', async () => {
    const line = await connect();
    expect(await send(line, 'cuts', 'first')).toBe('channel_outcome_unknown');
    expect(await send(line, 'delivers', 'second')).toBe('taken');
    expect(await line.texts()).toEqual(['first', 'second']);
  });

  it('is started again, and the pauses are short again', async () => {
    const line = await connect();
    expect(await send(line, 'delivers', 'first')).toBe('taken');
    await line.centre.kill();
    await eventually(line.lostCount, (lost) => lost === 1);
    const waiting = send(line, 'delivers', 'second');
    await line.centre.start();
    expect(await waiting).toBe('taken');
    expect(await line.texts()).toEqual(['first', 'second']);
    expect(line.states).toEqual(['bound', 'lost', 'bound']);
  });

  it('is found dead by enquire_link, and takes what lay on the line when it wakes', async () => {
    const warnings: Error[] = [];
    const warned = (warning: Error): void => void warnings.push(warning);
    process.on('warning', warned);
    onTestFinished(() => void process.off('warning', warned));
    const line = await connect({ enquireEveryMs: 20, answerMsMax: 4000 });
    expect(await send(line, 'delivers', 'first')).toBe('taken');
    await eventually(line.centre.events, (all) => count(all, 'enquire_link') > 12);
    expect(line.states).toEqual(['bound']);
    expect(warnings).toEqual([]);
    line.centre.freeze();
    expect(await send(line, 'delivers', 'second')).toBe('channel_outcome_unknown');
    await eventually(line.lostCount, (lost) => lost === 1);
    line.centre.thaw();
    expect(await send(line, 'delivers', 'third')).toBe('taken');
    // Unknown was the truth: it went out after all, once.
    expect(await line.texts()).toEqual(['first', 'second', 'third']);
  });
});
