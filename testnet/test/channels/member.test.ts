/**
 * Codes that travel as they will in service: a member claims nothing but what its gateways carried, and
 * each gateway is a program that has nothing of ours.
 */
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { eventually, openLab } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { readArrived } from './peers/arrived.ts';
import { startMailServer } from './peers/mail-server.ts';
import type { MailServer } from './peers/mail-server.ts';
import { startSipProxy } from './peers/sip-proxy.ts';
import type { SipProxy } from './peers/sip-proxy.ts';
import { startSmsCentre, startTlsFront } from './peers/sms-centre.ts';
import type { SmsCentre } from './peers/sms-centre.ts';

const stack = new AsyncDisposableStack();
const account = { user: 'codes', password: 'a password' };
let lab: Lab;
let mail: MailServer;
let sip: SipProxy;
let smsc: SmsCentre;
let inbox: string;
let configFile: string;

beforeAll(async () => {
  lab = stack.use(await openLab(1));
  const folder = await mkdtemp(join(tmpdir(), 'callbook-gateways-'));
  stack.defer(async () => await rm(folder, { recursive: true, force: true }));
  // postfix works as users of its own, who must be able to enter.
  await chmod(folder, 0o711);
  for (const name of ['smsc', 'mail', 'sip']) await mkdir(join(folder, name));
  inbox = join(folder, 'inbox.jsonl');
  await writeFile(inbox, '', { mode: 0o600 });
  const [alpha] = lab.testnet.members;
  const at = (name: string): string => join(alpha!.layout.folder, name);
  const certificate = { certificate: at('api.pem'), privateKey: at('api.key') };
  smsc = stack.use(await startSmsCentre(join(folder, 'smsc'), inbox));
  const front = stack.use(await startTlsFront(smsc.port, certificate));
  const parts = { certificate, inbox };
  mail = stack.use(await startMailServer(join(folder, 'mail'), { ...parts, account }));
  const digest = { by: 'proxy', algorithm: 'SHA-256' } as const;
  sip = stack.use(await startSipProxy(join(folder, 'sip'), { ...parts, digest }));
  configFile = alpha!.layout.configFile;
  await configure({ smsc: front.port, mail: mail.port, sip: sip.tlsPort });
  await lab.testnet.restart('alpha');
}, 60_000);

afterAll(async () => await stack.disposeAsync());

async function configure(ports: { smsc: number; mail: number; sip: number }): Promise<void> {
  const config = parse(await readFile(configFile, 'utf8')) as Record<string, unknown>;
  // The name in the certificates.
  const server = { host: 'localhost', ca: lab.testnet.layout.caFile };
  const secrets = { smpp: 'secret', smtp: account.password, sip: 'secret' };
  for (const [name, secret] of Object.entries(secrets)) {
    await writeFile(join(configFile, `../${name}.password`), `${secret}\n`, { mode: 0o600 });
  }
  const login = (user: string, name: keyof typeof secrets) => ({
    login: { user, passwordFile: `${name}.password` },
  });
  const smpp = { ...server, port: ports.smsc, tls: true, systemId: 'callbook', sender: 'Callbook' };
  const smtp = { ...server, port: ports.mail, from: 'codes@alpha.test' };
  const proxy = { ...server, port: ports.sip, transport: 'tls', from: 'sip:codes@alpha.test' };
  const challenges = {
    by: { tel: ['smpp', 'sip'], mailto: 'smtp', sip: 'sip' },
    channels: {
      smpp: { ...smpp, passwordFile: 'smpp.password' },
      smtp: { ...smtp, ...login(account.user, 'smtp') },
      sip: { ...proxy, gatewayDomain: 'sip.example', ...login('callbook', 'sip') },
    },
    limits: { test: ['447700900'], resendPauseSeconds: 0 },
  };
  await writeFile(configFile, stringify({ ...config, challenges }));
}

/** Registers while what arrives is carried to where the command looks for it. */
async function register(identifier: string): Promise<{ code: number; stderr: string }> {
  const collecting = setInterval(() => void mail.collect().then(() => sip.collect()), 100);
  const claim = `register ${identifier} --sip sip:ada@sip.example --code-from ${inbox}`;
  const ran = await lab.callbook(claim);
  clearInterval(collecting);
  return ran;
}

describe('a claim is completed by a code that', () => {
  it('went as an SMS through an SMS centre, by TLS', async () => {
    expect(await register('+447700900001')).toMatchObject({ code: 0 });
    const [message] = (await readArrived(inbox)).filter(({ to }) => to === 'tel:+447700900001');
    expect(message!.by).toBe('SMPP 1/1 coding 0 receipt 1 valid 000000001000000R from Callbook');
    expect(message!.text).toContain(`@localhost #${message!.code}`);
  }, 30_000);

  it('went as mail through postfix, by TLS and with a password', async () => {
    expect(await register('mailto:ada@mail.example')).toMatchObject({ code: 0 });
    const [message] = (await readArrived(inbox)).filter(
      ({ to }) => to === 'mailto:ada@mail.example',
    );
    expect(message!.received).toContain('with ESMTPSA');
  }, 30_000);

  it('went as SIP MESSAGE through Kamailio, by TLS and with a digest', async () => {
    expect(await register('sip:ada@sip.example')).toMatchObject({ code: 0 });
    expect((await readArrived(inbox)).map(({ to }) => to)).toContain('sip:ada@sip.example');
  }, 30_000);
});

const arrivedFor = async (to: string): Promise<string[]> =>
  (await readArrived(inbox)).filter((message) => message.to === to).map(({ by = '' }) => by);

it('a number that the SMS centre refuses gets its code through the other gateway, once', async () => {
  expect(await register('+447700900009')).toMatchObject({ code: 0 });
  expect(await arrivedFor('tel:+447700900009')).toEqual([
    'sip:+447700900009@sip.example;user=phone',
  ]);
}, 30_000);

describe('a claim is refused, and nothing is sent, when', () => {
  it('every gateway refuses the number', async () => {
    const ran = await register('+447700900008');
    expect(ran.code).not.toBe(0);
    expect(ran.stderr).toContain('channel_unavailable');
    expect(await arrivedFor('tel:+447700900008')).toEqual([]);
  }, 60_000);

  it.each(['refused', 'grey', 'unwanted'])(
    'the mail server does not take it (%s)',
    async (name) => {
      const ran = await register(`mailto:${name}@mail.example`);
      expect(ran.code).not.toBe(0);
      expect(ran.stderr).toContain('channel_unavailable');
    },
    60_000,
  );

  it('no gateway can be reached; the same command completes it later, with one code', async () => {
    await smsc.kill();
    const ran = await register('+447700900002');
    expect(ran.code).not.toBe(0);
    expect(ran.stderr).toContain('channel_unavailable');
    await smsc.start();
    // Bound again after 1 or 2 s; the pauses double while it is gone, so after as long as the claim took.
    const bound = async () => await smsc.events();
    const before = (await bound()).length;
    await eventually(bound, (all) => all.slice(before - 1).includes('bind_transceiver'), 60_000);
    expect(await register('+447700900002')).toMatchObject({ code: 0 });
    expect(await arrivedFor('tel:+447700900002')).toEqual([expect.stringContaining('SMPP')]);
  }, 180_000);

  it('the number is a satellite', async () => {
    const ran = await register('+881612345678');
    expect(ran.code).not.toBe(0);
    expect(await readArrived(inbox)).not.toContainEqual(
      expect.objectContaining({ to: 'tel:+881612345678' }),
    );
  }, 60_000);
});

it('the log of the member has no number, address or code', async () => {
  const log = await eventually(
    async () => await readFile(lab.testnet.members[0]!.logFile, 'utf8'),
    (text) => text.includes('smpp_session'),
  );
  expect(log).not.toMatch(/447700900|881612345678|ada@|mail\.example/);
  expect(log).toContain('message_by_next_channel');
  for (const { code } of await readArrived(inbox)) expect(log).not.toContain(code);
});
