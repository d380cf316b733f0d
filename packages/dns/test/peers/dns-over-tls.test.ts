/** DNS over TLS, asked by kdig and by Node's own client; certificates by openssl. */
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createResponder, startDnsServer } from '@callbook/dns';
import type { DnsServer, TlsCertificate } from '@callbook/dns';
import { recordTypes } from '@callbook/dns/wire';
import { createTestZones, directoryApex, enumName, queryOf } from '../test-zones.ts';
import { callTool, runTool } from './peer-tools.ts';

const host = `ns1.${directoryApex.slice(0, -1)}`;
const number = enumName('4915123456789');
const query = queryOf({ name: number, type: recordTypes.NAPTR, edns: {} });
const stack = new AsyncDisposableStack();
let folder = '';
let server: DnsServer;
let port = 0;
let first: TlsCertificate;
let second: TlsCertificate;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callbook-dot-'));
  stack.defer(async () => await rm(folder, { recursive: true }));
  [first, second] = [await makeCertificate('first'), await makeCertificate('second')];
  const zones = createTestZones(13, { nowMs: () => Date.now() });
  server = await startDnsServer({
    listen: [{ address: '127.0.0.1', port: 0 }],
    respond: createResponder([zones.directory]),
    tls: { certificate: first, listen: [{ address: '127.0.0.1', port: 0 }] },
  });
  stack.use(server);
  port = server.tlsAddresses[0]!.port;
});
afterAll(async () => await stack.disposeAsync());

async function makeCertificate(name: string): Promise<TlsCertificate> {
  const [certificate, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)];
  const selfSigned = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 2';
  const subject = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`];
  const files = ['-keyout', key, '-out', certificate];
  const made = await callTool('openssl', [...selfSigned.split(' '), ...subject, ...files]);
  if (made.exitCode !== 0) throw new Error(made.output);
  return {
    certificate: await readFile(certificate, 'utf8'),
    privateKey: await readFile(key, 'utf8'),
  };
}

async function kdig(authority: string, ...more: readonly string[]): Promise<string> {
  const at = ['@127.0.0.1', '-p', `${port}`, '+time=20', '+retry=0'];
  const tls = ['+tls', `+tls-ca=${join(folder, authority)}.pem`, `+tls-hostname=${host}`];
  return await runTool('kdig', [...at, ...tls, ...more, number, 'NAPTR']);
}

async function connected(options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
  await once(socket, 'secureConnect');
  return socket;
}

function framed(message: Uint8Array): Uint8Array {
  return Uint8Array.of(message.length >> 8, message.length, ...message);
}

/** Reads until there are `count` messages; returns their ids. */
async function readIds(socket: TLSSocket, count: number): Promise<number[]> {
  const ids: number[] = [];
  let pending = Buffer.alloc(0);
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    pending = Buffer.concat([pending, chunk as Buffer]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE()) {
      ids.push(pending.readUInt16BE(2));
      pending = pending.subarray(2 + pending.readUInt16BE());
    }
    if (ids.length >= count) break;
  }
  return ids;
}

describe('kdig', () => {
  it('verifies the certificate and gets the answer', async () => {
    const output = await kdig('first');
    expect(output).toMatch(/TLS session \(TLS1\.3\)/);
    expect(output).toMatch(/status: NOERROR[^]*alice@sip\.example/);
  });

  it('gets answers of whole blocks when it pads', async () => {
    const output = await kdig('first', '+dnssec', '+padding');
    expect(output).toMatch(/PADDING: \d+ B/);
    expect(output).toMatch(/Received 468 B/);
  });

  it('does not take another certificate', async () => {
    expect(await kdig('second')).not.toContain('alice@sip.example');
  });
});

describe('a connection', () => {
  it('answers queries sent together, in order', async () => {
    const socket = await connected();
    const ids = Array.from({ length: 50 }, (_, index) => index);
    const queries = ids.map((id) => framed(Uint8Array.of(0, id, ...query.subarray(2))));
    socket.write(Buffer.concat(queries));
    expect(await readIds(socket, 50)).toEqual(ids);
    socket.destroy();
  });

  it('speaks "dot", and nothing else where the client names protocols', async () => {
    const socket = await connected({ ALPNProtocols: ['dot'] });
    expect(socket.alpnProtocol).toBe('dot');
    socket.destroy();
    await expect(connected({ ALPNProtocols: ['h2'] })).rejects.toThrow('no application protocol');
  });

  it('that is no TLS is closed, and others are served', async () => {
    const socket = connectTcp(port, '127.0.0.1');
    const closed = once(socket, 'close');
    socket.write(framed(query));
    socket.resume();
    await closed;
    expect(await kdig('first')).toContain('alice@sip.example');
  });
});

describe('a new certificate', () => {
  it('is shown to new connections, while open ones go on', async () => {
    const before = await connected();
    server.replaceCertificate(second);
    before.write(framed(query));
    expect(await readIds(before, 1)).toHaveLength(1);
    expect(await kdig('second')).toContain('alice@sip.example');
    expect(await kdig('first')).not.toContain('alice@sip.example');
    before.write(framed(query));
    expect(await readIds(before, 1)).toHaveLength(1);
    before.destroy();
  });

  it.each([
    [
      'with the key of another',
      (): TlsCertificate => ({ ...second, privateKey: first.privateKey }),
    ],
    ['that is none', (): TlsCertificate => ({ ...second, certificate: 'secret' })],
  ])('%s is refused, and the old one stays', async (_what, make) => {
    expect(() => server.replaceCertificate(make())).toThrow(
      expect.objectContaining({
        code: 'dns_certificate_unusable',
        message: expect.not.stringContaining('secret') as string,
      }),
    );
    expect(await kdig('second')).toContain('alice@sip.example');
  });

  it('that is not there at the start is waited for, and no handshake succeeds until then', async () => {
    const listen = [{ address: '127.0.0.1', port: 0 }];
    const tls = { certificate: undefined, listen };
    await using waiting = await startDnsServer({ listen, respond: () => undefined, tls });
    const shake = async (): Promise<string> => {
      const socket = connect({ port: waiting.tlsAddresses[0]!.port, rejectUnauthorized: false });
      const outcome = await once(socket, 'secureConnect').then(
        () => 'done',
        ({ code }: NodeJS.ErrnoException) => code ?? 'refused',
      );
      socket.destroy();
      return outcome;
    };
    expect(await shake()).toMatch(/HANDSHAKE_FAILURE/);
    waiting.replaceCertificate(first);
    expect(await shake()).toBe('done');
  });

  it('that is unusable at the start leaves nothing bound', async () => {
    const listen = [{ address: '127.0.0.1', port: 0 }];
    const tls = { certificate: { ...first, privateKey: second.privateKey }, listen };
    const respond = (): undefined => undefined;
    await expect(startDnsServer({ listen, respond, tls })).rejects.toMatchObject({
      code: 'dns_certificate_unusable',
    });
    const taken = { certificate: first, listen: server.tlsAddresses };
    await expect(startDnsServer({ listen, respond, tls: taken })).rejects.toMatchObject({
      code: 'dns_listen_failed',
      details: { port, errno: 'EADDRINUSE' },
    });
  });
});
