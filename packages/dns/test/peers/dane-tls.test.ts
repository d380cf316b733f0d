/**
 * OpenSSL's DANE verification takes the TLSA records of the directory as they come from a validating
 * resolver: those of the API's TLS server, and those of a holder's key in both of their forms.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { directoryApex } from '../test-zones.ts';
import { published } from './expected-answers.ts';
import { callTool, runTool } from './peer-tools.ts';
import type { ToolEnd } from './peer-tools.ts';
import { addresses, startPrivateInternet, startUnbound } from './private-internet.ts';
import type { PrivateInternet } from './private-internet.ts';

const apiHost = `api.${directoryApex.slice(0, -1)}`;

interface TlsServer {
  readonly port: number;
  /** SubjectPublicKeyInfo of its key, P-256. */
  readonly spki: Uint8Array;
}

const stack = new AsyncDisposableStack();
let internet: PrivateInternet;
let api: TlsServer;
let holder: TlsServer;
let stranger: TlsServer;

beforeAll(async () => {
  api = await startTlsServer();
  holder = await startTlsServer();
  stranger = await startTlsServer();
  const keyHash = createHash('sha256').update(api.spki).digest();
  internet = stack.use(await startPrivateInternet({ apiKeyHashes: [keyHash] }));
  stack.use(await startUnbound(internet));
  await internet.publish({
    identifier: 'tel:+4915123456789',
    keys: [{ use: 'sip', algorithm: 'p256', key: holder.spki.slice(-65) }],
  });
});
afterAll(async () => {
  await stack.disposeAsync();
});

/** Serves TLS on a free port with a new self-signed certificate, in the name of the API. */
async function startTlsServer(): Promise<TlsServer> {
  const directory = await mkdtemp(join(tmpdir(), 'callbook-tls-'));
  stack.defer(async () => await rm(directory, { recursive: true }));
  const [keyPath, certPath] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const selfSigned = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 2';
  const files = ['-keyout', keyPath, '-out', certPath, '-subj', `/CN=${apiHost}`];
  const made = await callTool('openssl', [...selfSigned.split(' '), ...files]);
  expect(made).toMatchObject({ exitCode: 0 });
  const key = await readFile(keyPath, 'utf8');
  const cert = await readFile(certPath, 'utf8');
  const server = createServer({ key, cert }).listen(0, '127.0.0.1');
  stack.defer(() => void server.close());
  await once(server, 'listening');
  const spki = new X509Certificate(cert).publicKey.export({ format: 'der', type: 'spki' });
  return { spki, port: (server.address() as AddressInfo).port };
}

/** Returns TLSA records as the resolver gives them, in presentation form. */
async function digTlsa(name: string): Promise<string[]> {
  const args = ['+dnssec', '+time=20', '+tries=1', `@${addresses.unbound}`, name, 'TLSA'];
  const output = await runTool('dig', args, { inside: internet.namespace });
  expect(output).toMatch(/flags: qr rd ra ad;/);
  return Array.from(output.matchAll(/\sTLSA\s+(3 1 .*)$/gm), (found) => found[1]!);
}

async function connect(port: number, tlsa: readonly string[]): Promise<ToolEnd> {
  const client = ['s_client', '-connect', `127.0.0.1:${port}`, '-verify_return_error'];
  const names = ['-servername', apiHost, '-dane_tlsa_domain', apiHost];
  const records = tlsa.flatMap((rdata) => ['-dane_tlsa_rrdata', rdata]);
  return await callTool('openssl', [...client, ...names, ...records]);
}

it('the TLS server of the API is verified by its TLSA', async () => {
  const tlsa = await digTlsa(`_443._tcp.${apiHost}.`);
  expect(tlsa).toHaveLength(1);
  const end = await connect(api.port, tlsa);
  expect(end).toMatchObject({ exitCode: 0 });
  expect(end.output).toContain('Verification: OK');
  expect(end.output).toMatch(/DANE TLSA 3 1 1 \.*\S+ matched (the )?EE certificate/);
});

it('a TLS server with another key is refused', async () => {
  const end = await connect(stranger.port, await digTlsa(`_443._tcp.${apiHost}.`));
  expect(end.exitCode).toBe(1);
  expect(end.output).toContain('no matching DANE TLSA records');
});

it("a holder's key is verified by each form of its TLSA", async () => {
  const tlsa = await digTlsa(`_sip-client.${published}`);
  expect(tlsa.map((rdata) => rdata.slice(0, 5)).sort()).toEqual(['3 1 0', '3 1 1']);
  for (const rdata of tlsa) {
    expect(await connect(holder.port, [rdata])).toMatchObject({ exitCode: 0 });
    expect(await connect(stranger.port, [rdata])).toMatchObject({ exitCode: 1 });
  }
});
