import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, constants } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import { request } from 'node:https';
import { expect, it, onTestFinished } from 'vitest';
import { number, startMember } from './harness.ts';

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

it('speaks HTTP/2 with who offers it, on the same port', async () => {
  const member = await startMember({}, { tls: { cert, key: fixture('localhost-key.pem') } });
  const session = connect(`https://localhost:${member.port}`, { ca: cert });
  onTestFinished(() => session.close());
  const body = JSON.stringify({ identifiers: [number, number] });
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () => await post(session, '/v1/lookups', body)),
  );
  expect(session.alpnProtocol).toBe('h2');
  const results = [{ state: 'absent' }, { state: 'absent' }];
  for (const answer of answers) {
    expect(answer).toEqual({ status: 200, body: JSON.stringify({ results }) });
  }
});

it('ends a stream whose body does not come', async () => {
  const key = fixture('localhost-key.pem');
  const member = await startMember({ requestMsMax: 200 }, { tls: { cert, key } });
  const session = connect(`https://localhost:${member.port}`, { ca: cert });
  onTestFinished(() => session.close());
  const fields = { ':method': 'POST', ':path': '/v1/lookups', 'content-type': 'application/json' };
  const stream = session.request(fields, { endStream: false });
  stream.write('{');
  await once(stream, 'close');
  expect(stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
});

/** Posts over a session of HTTP/2. */
async function post(
  session: ClientHttp2Session,
  path: string,
  body: string,
): Promise<{ status: number; body: string }> {
  const fields = { ':method': 'POST', ':path': path, 'content-type': 'application/json' };
  const stream = session.request(fields);
  let status = 0;
  let text = '';
  stream.on('response', (headers) => (status = headers[':status']!));
  stream.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  stream.end(body);
  await once(stream, 'end');
  return { status, body: text };
}
