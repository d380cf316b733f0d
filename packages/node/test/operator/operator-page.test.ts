/** The operator's page: whom it answers, what a browser may do with it, and that words stay words. */
import { request } from 'node:http';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config.ts';
import { startOperatorPage } from '../../src/operator/operator-page.ts';
import type { MemberStatus } from '../../src/status/member-status.ts';
import { well } from '../status/conditions.ts';

const next = [{ alert: 'CallbookDsAwaited', urgency: 'act', what: '<b>"&\'' } as const];
const status: MemberStatus = { ...well, next };

function configuration(address: string, port: number): string {
  return `
member: alpha
dataDir: data
charters: [charter.note]
keys: { log: log.key, peer: peer.key, vrf: vrf.key, zone: zone-keys }
dns:
  listen: [{ address: 127.0.0.1, port: 5300 }]
  nameservers: [{ name: ns.alpha.example, addresses: [192.0.2.1] }]
  contact: hostmaster@alpha.example
api: { listen: { address: '::1', port: 8443 }, certificate: api.pem, privateKey: api.key }
operator: { listen: { address: '${address}', port: ${port} } }
mesh: { listen: [/ip4/127.0.0.1/tcp/4001] }
challenges: { outbox: outbox.jsonl }
`;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

async function ask(
  port: number,
  path: string,
  { host = `localhost:${port}`, method = 'GET' } = {},
): Promise<Answer> {
  const sent = request({ host: '127.0.0.1', port, path, method, headers: { host } }).end();
  const [response] = await once(sent, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return {
    status: response.statusCode,
    headers: response.headers,
    body: Buffer.concat(chunks).toString(),
  };
}

async function openPage() {
  const config = parseConfig(configuration('127.0.0.1', 0));
  const page = await startOperatorPage(config, { status: async () => Promise.resolve(status) });
  return {
    port: Number(new URL(page!.address).port),
    [Symbol.asyncDispose]: async () => await page![Symbol.asyncDispose](),
  };
}

describe('the operator’s page', () => {
  it('shows the status, all of it as text', async () => {
    await using page = await openPage();
    const { status: code, headers, body } = await ask(page.port, '/');
    expect(code).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(body).toContain('&lt;b&gt;&quot;&amp;&#39;');
    expect(body).not.toContain('<b>');
    expect(body).toContain('CallbookDsAwaited');
    expect(JSON.parse((await ask(page.port, '/status.json')).body)).toEqual(status);
  });

  it('lets a browser load its own parts, and nothing from elsewhere', async () => {
    await using page = await openPage();
    const { headers, body } = await ask(page.port, '/');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['content-security-policy']).not.toMatch(/unsafe|http|\*/);
    const addresses = [...body.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, to]) => to!);
    expect(addresses).toEqual(['/page.css', '/page.js', '/status.json']);
    for (const path of addresses) expect((await ask(page.port, path)).status).toBe(200);
    // Neither inline scripts nor styles, which the policy would stop.
    expect(body).not.toMatch(/<style|style=|<script>|\son\w+=/);
  });

  it('answers to the names of loopback alone', async () => {
    await using page = await openPage();
    for (const host of ['localhost', '127.0.0.1:9', '[::1]:80', 'localhost:9465'])
      expect((await ask(page.port, '/', { host })).status, host).toBe(200);
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example'])
      expect((await ask(page.port, '/status.json', { host })).status, host).toBe(421);
  });

  it('changes nothing', async () => {
    await using page = await openPage();
    expect((await ask(page.port, '/', { method: 'POST' })).status).toBe(405);
    expect((await ask(page.port, '/elsewhere')).status).toBe(404);
  });

  it('is refused an address that others reach', () => {
    for (const address of ['0.0.0.0', '192.0.2.1', '::', '128.0.0.1'])
      expect(() => parseConfig(configuration(address, 9465)), address).toThrow();
    expect(parseConfig(configuration('::1', 9465)).operator?.listen.address).toBe('::1');
  });
});
