import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { expect, it } from 'vitest';
import { startMember } from './harness.ts';

const fixture = (name: string) =>
  readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8');
const cert = fixture('localhost-certificate.pem');

/** A GET that trusts only the certificate of the fixture. */
function get(url: string): Promise<{ status: number | undefined; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number | undefined;
    body: string;
  }>();
  const asked = request(url, { ca: cert }, (response) => {
    let body = '';
    response.setEncoding('utf8').on('data', (text) => (body += text));
    response.on('end', () => resolve({ status: response.statusCode, body }));
  });
  asked.on('error', reject).end();
  return promise;
}

it('serves HTTPS with the key and certificate that it is given', async () => {
  const { url } = await startMember({}, { tls: { cert, key: fixture('localhost-key.pem') } });
  expect(url).toMatch(/^https:/);
  expect(await get(`${url}/healthz`)).toEqual({ status: 200, body: '{"status":"ok"}' });
});
