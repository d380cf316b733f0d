/**
 * The SIP channel and Kamailio, which has nothing of ours: over every transport, with and without a
 * digest, the agent behind the proxy gets a message once or not at all, and the channel says which.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sipChannel } from '@callbook/api';
import { DirectoryError } from '@callbook/protocol';
import type { Identifier } from '@callbook/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCertificateAuthority } from '../../src/certificates.ts';
import { eventually } from '../lab.ts';
import { readArrived } from './peers/arrived.ts';
import type { Arrived } from './peers/arrived.ts';
import { startSipProxy } from './peers/sip-proxy.ts';
import type { SipProxy, SipProxyParts } from './peers/sip-proxy.ts';

type SipOptions = Parameters<typeof sipChannel>[0];
type Transport = SipOptions['transport'];

const stack = new AsyncDisposableStack();
const login = { user: 'callbook', password: 'secret' };
const address = 'sip:ada@sip.example';
let folder: string;
let ca: string;
/** Proxies that trust everybody here, and that ask as a proxy or as a server does. */
let proxies: Record<'open' | 'proxy' | 'server', SipProxy>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callbook-sip-'));
  stack.defer(async () => await rm(folder, { recursive: true, force: true }));
  const authority = await createCertificateAuthority();
  const issued = await authority.issue(['localhost']);
  ca = authority.certificate;
  const certificate = { certificate: join(folder, 'tls.pem'), privateKey: join(folder, 'tls.key') };
  await writeFile(certificate.certificate, issued.certificate);
  await writeFile(certificate.privateKey, issued.privateKey, { mode: 0o600 });
  const start = async (name: string, digest?: SipProxyParts['digest']): Promise<SipProxy> => {
    await mkdir(join(folder, name));
    const parts = { inbox: join(folder, name, 'inbox.jsonl'), certificate };
    await writeFile(parts.inbox, '');
    const proxy = await startSipProxy(join(folder, name), { ...parts, ...(digest && { digest }) });
    return stack.use(proxy);
  };
  const [open, proxy, server] = await Promise.all([
    start('open'),
    start('proxy', { by: 'proxy', algorithm: 'MD5' }),
    start('server', { by: 'server', algorithm: 'SHA-256' }),
  ]);
  proxies = { open, proxy, server };
}, 60_000);

afterAll(async () => await stack.disposeAsync());

let sentCount = 0;

/** `taken`, or the code of what the channel said; with the code that was sent. */
async function send(
  name: keyof typeof proxies,
  transport: Transport,
  more: Partial<SipOptions> & { readonly to?: Identifier } = {},
): Promise<[outcome: string, code: string]> {
  const { to = address, ...options } = more;
  const proxy = proxies[name];
  const channel = sipChannel({
    transport,
    // The certificate is for the name; a datagram goes where the proxy's socket is.
    host: transport === 'tls' ? 'localhost' : '127.0.0.1',
    port: transport === 'tls' ? proxy.tlsPort : proxy.port,
    from: 'sip:codes@alpha.test',
    gatewayDomain: 'sip.example',
    ca,
    ...options,
  });
  const code = `${++sentCount}`.padStart(8, '0');
  const text = `Callbook code: ${code}\n\n@alpha.test #${code}`;
  try {
    await channel.submit({ to, text, code, sendId: code.padStart(22, 'A'), validSeconds: 600 });
    return ['taken', code];
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error;
    expect(error.message).not.toMatch(/ada|secret|sip\.example/);
    return [error.code as string, code];
  }
}

async function arrivedAt(name: keyof typeof proxies, code: string): Promise<Arrived[]> {
  await proxies[name].collect();
  const all = await readArrived(join(folder, name, 'inbox.jsonl'));
  return all.filter((message) => message.code === code);
}

describe.each(['tls', 'tcp', 'udp'] as const)('over %s a message is taken once', (transport) => {
  it.each([
    ['by a proxy that trusts our address', 'open', undefined],
    ['by a proxy that asks for a digest by MD5', 'proxy', login],
    ['by a server that asks for a digest by SHA-256', 'server', login],
  ] as const)('%s', async (_, name, account) => {
    const [outcome, code] = await send(name, transport, account && { login: account });
    expect(outcome).toBe('taken');
    const [message, ...more] = await eventually(
      async () => await arrivedAt(name, code),
      (found) => found.length > 0,
    );
    expect(more).toEqual([]);
    expect(message).toMatchObject({ to: address, code });
    expect(message!.text).toContain(`Callbook code: ${code}\n`);
  });
});

it('a number is a user of the gateway', async () => {
  const [outcome, code] = await send('open', 'tcp', { to: 'tel:+447700900001' });
  expect(outcome).toBe('taken');
  const [message] = await eventually(
    async () => await arrivedAt('open', code),
    (found) => found.length > 0,
  );
  expect(message!.by).toBe('sip:+447700900001@sip.example;user=phone');
});

describe('nothing arrives, which is what the channel says, when', () => {
  const strangersAccount = { login: { ...login, password: 'guess' } };
  it.each([
    ['the password is wrong, by TLS', 'proxy', 'tls', strangersAccount],
    ['the password is wrong, by UDP', 'server', 'udp', strangersAccount],
    ['the account is unknown', 'server', 'tcp', { login: { ...login, user: 'somebody' } }],
    ['there is no account', 'proxy', 'tls', {}],
    ['the proxy knows no such address', 'open', 'tls', { to: 'sip:ada@other.example' }],
    ['the gateway has no such number', 'open', 'tls', { to: 'tel:+447700900002' }],
    ['the certificate is for another name', 'open', 'tls', { host: '127.0.0.1' }],
  ] as const)('%s', async (_, name, transport, options) => {
    const [outcome, code] = await send(name, transport, options);
    expect(outcome).toBe('channel_refused');
    expect(await arrivedAt(name, code)).toEqual([]);
  });

  it('the certificate is signed by somebody else', async () => {
    const { certificate } = await createCertificateAuthority();
    const [outcome, code] = await send('open', 'tls', { ca: certificate });
    expect(outcome).toBe('channel_refused');
    expect(await arrivedAt('open', code)).toEqual([]);
  });
});

it('an agent that does not answer may have the message: unknown, and it arrives after all', async () => {
  proxies.open.freezeAgent();
  const [outcome, code] = await send('open', 'tls');
  expect(outcome).toBe('channel_outcome_unknown');
  expect(await arrivedAt('open', code)).toEqual([]);
  proxies.open.thawAgent();
  await eventually(
    async () => await arrivedAt('open', code),
    (found) => found.length > 0,
  );
  const [later, laterCode] = await send('open', 'tls');
  expect(later).toBe('taken');
  expect(await arrivedAt('open', laterCode)).toHaveLength(1);
});
