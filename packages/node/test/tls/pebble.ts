/**
 * Debian's pebble: an ACME authority that validates for real, by asking the DNS server that it is told.
 * It is given nothing that makes it believe what it has not seen.
 */
import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer as createTlsServer, request } from 'node:https';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Pebble extends AsyncDisposable {
  readonly directory: string;
  /** PEM file of the authority behind its own certificate. */
  readonly caFile: string;
  /** PEM of what its certificates end in. */
  readonly root: string;
  readonly output: () => string;
}

export interface PebbleOptions {
  readonly folder: string;
  /** Address and port. */
  readonly dnsServer: string;
  /** More of its configuration. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly port?: number;
}

const startMsMax = 60_000;

export async function startPebble(options: PebbleOptions): Promise<Pebble> {
  const { folder, dnsServer, settings = {} } = options;
  const at = (name: string): string => join(folder, name);
  const caFile = at('pebble.pem');
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc'];
  const files = ['-keyout', at('pebble.key'), '-out', caFile];
  const selfSigned = ['req', '-x509', ...newKey, ...files, ...subject];
  execFileSync('openssl', selfSigned, { stdio: 'ignore' });
  const [port, managementPort] = [options.port ?? (await freePort()), await freePort()];
  const pebble = {
    listenAddress: `127.0.0.1:${port}`,
    managementListenAddress: `127.0.0.1:${managementPort}`,
    certificate: caFile,
    privateKey: at('pebble.key'),
    httpPort: 1,
    tlsPort: 1,
    ...settings,
  };
  writeFileSync(at('pebble.json'), JSON.stringify({ pebble }));
  const child = spawn(
    'pebble',
    ['-config', at('pebble.json'), '-dnsserver', dnsServer, '-strict'],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      // A failed validation is one at once, and every order is validated.
      env: { ...process.env, PEBBLE_VA_NOSLEEP: '1', PEBBLE_AUTHZREUSE: '0' },
    },
  );
  let output = '';
  child.once('error', ({ message }) => (output += `${message}; Debian package: pebble`));
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill();
    await ended;
  };
  const rootUrl = `https://localhost:${managementPort}/roots/0`;
  const deadlineMs = Date.now() + startMsMax;
  for (;;) {
    const root = await get(rootUrl, caFile).catch(() => undefined);
    const directory = `https://localhost:${port}/dir`;
    if (root !== undefined) {
      return { directory, caFile, root, output: () => output, [Symbol.asyncDispose]: stop };
    }
    // Somebody else may have got a port between our look and pebble's.
    const isPortTaken = child.exitCode !== null && output.includes('address already in use');
    if (isPortTaken && options.port === undefined) return await startPebble(options);
    if (child.exitCode !== null || Date.now() > deadlineMs)
      throw new Error(`pebble does not start: ${output}`);
    await sleep(50);
  }
}

/**
 * An authority that takes every account and refuses every order with one problem (RFC 8555 §6.7); its own
 * certificate is that of a pebble.
 */
export async function startForbidden(
  problem: string,
  caFile: string,
): Promise<AsyncDisposable & { readonly directory: string }> {
  const tls = { cert: readFileSync(caFile), key: readFileSync(caFile.replace('.pem', '.key')) };
  const server = createTlsServer(tls, ({ url, headers }, response) => {
    const at = (path: string): string => `https://${headers.host}${path}`;
    response.setHeader('replay-nonce', randomUUID());
    if (url === '/order') {
      response.writeHead(403, { 'content-type': 'application/problem+json' });
      const type = `urn:ietf:params:acme:error:${problem}`;
      response.end(JSON.stringify({ type, detail: 'CAA record for api.alpha.test forbids it' }));
      return;
    }
    response.setHeader('location', at('/account/1'));
    response.writeHead(url === '/account' ? 201 : 200, { 'content-type': 'application/json' });
    const [newNonce, newAccount, newOrder] = ['/nonce', '/account', '/order'].map(at);
    response.end(JSON.stringify({ newNonce, newAccount, newOrder, status: 'valid' }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    directory: `https://localhost:${port}/`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function get(url: string, caFile: string): Promise<string> {
  const asked = request(url, { ca: readFileSync(caFile) }).end();
  const [response] = (await once(asked, 'response')) as [AsyncIterable<Buffer>];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
