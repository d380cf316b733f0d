/**
 * The example's page as its provider would serve it: built, by HTTPS, under the one origin that Kamailio lets
 * in, with a policy under which nothing of another origin runs.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { encodeBase64Url } from '@callbook/protocol';
import { bundlePage } from '../../src/page-bundle.ts';
import { browserAccess, domains } from '../sip/sip-lab.ts';
import type { SipLab } from '../sip/sip-lab.ts';

const example = join(import.meta.dirname, '../../../examples/web-phone');
const types: Readonly<Record<string, string>> = { html: 'text/html', js: 'text/javascript' };

/** Serves the page of provider A at its origin, until it is disposed. */
export async function servePhonePage({ federation, providers }: SipLab): Promise<AsyncDisposable> {
  const { accountsUrl, signingKey } = providers.a;
  const socket = `wss://${domains.a}:${browserAccess.port}/sip`;
  const settings = {
    domain: domains.a,
    socket,
    accounts: accountsUrl,
    signingKey: encodeBase64Url(signingKey.key),
  };
  const files = new Map([
    ['', await readFile(join(example, 'index.html'), 'utf8')],
    ['settings.json', JSON.stringify(settings)],
    ['charter-1.note', await readFile(federation.testnet.layout.charterFile, 'utf8')],
    ...(await bundlePage(join(example, 'src/main.ts'))).map(
      ({ name, code }) => [name, code] as const,
    ),
  ]);
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    `connect-src 'self' https: ${new URL(socket).origin} ${accountsUrl}`,
  ].join('; ');
  const { certificate, privateKey } = await federation.authority.issue([
    new URL(browserAccess.origin).hostname,
  ]);
  const server = createServer({ cert: certificate, key: privateKey }, (request, response) => {
    const name = (request.url ?? '').slice(1);
    const text = files.get(name);
    const type = types[name === '' ? 'html' : (name.split('.').at(-1) ?? '')] ?? 'text/plain';
    const headers = { 'content-type': type, 'content-security-policy': policy };
    response.writeHead(text === undefined ? 404 : 200, headers).end(text);
  });
  server.listen(443, '127.0.0.1');
  await once(server, 'listening');
  return {
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
