// Pages of any origin may ask, with all that the SDK sends, and read errors too; never with credentials.
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { startMember } from './harness.ts';

const origin = 'https://app.example';

/** As a browser asks before a request (Fetch §4.8). */
async function preflight(url: string, method: string, headers: string): Promise<Response> {
  return await fetch(url, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': method,
      'access-control-request-headers': headers,
    },
  });
}

const listed = (answer: Response, field: string): string[] =>
  (answer.headers.get(field) ?? '').split(', ');

describe('a page of another origin', () => {
  it.each([
    ['POST', '/v1/lookups', 'content-type'],
    ['POST', '/v1/challenges', 'content-type'],
    ['POST', '/v1/entries', 'authorization,content-type'],
    ['POST', '/v1/bulk', 'authorization,content-type'],
    ['POST', '/v1/relay/beta', 'content-type'],
    ['POST', '/dns-query', 'content-type'],
    ['GET', '/v1/charters/1', 'authorization'],
    ['POST', '/v1/nothing-of-the-kind', 'content-type'],
  ])('may send %s %s with %s', async (method, path, headers) => {
    const { url } = await startMember();
    const answer = await preflight(url + path, method, headers);
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(listed(answer, 'access-control-allow-methods')).toContain(method);
    const allowed = listed(answer, 'access-control-allow-headers');
    for (const header of headers.split(',')) expect(allowed).toContain(header);
  });

  it('is remembered for two hours, and its credentials are not wanted', async () => {
    const { url } = await startMember();
    const { headers } = await preflight(`${url}/v1/lookups`, 'POST', 'content-type');
    expect(headers.get('access-control-max-age')).toBe('7200');
    expect(headers.has('access-control-allow-credentials')).toBe(false);
  });

  it('may not use other methods', async () => {
    const { url } = await startMember();
    const answer = await preflight(`${url}/v1/lookups`, 'DELETE', 'content-type');
    expect(listed(answer, 'access-control-allow-methods')).toEqual(['GET', 'POST']);
  });

  it.each([
    ['an answer', '/v1/openapi.json', 200],
    ['a path that does not exist', '/v1/nothing', 404],
    ['a path that cannot be read', '/v1/entries/%', 400],
  ])('reads %s', async (_what, path, status) => {
    const { url } = await startMember();
    const answer = await fetch(url + path, { headers: { origin } });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  });

  it.each([
    ['a body that breaks its schema', 'application/json', '{}', 400],
    ['a body that is no JSON', 'application/json', '{', 400],
    ['another media type', 'text/plain', 'words', 415],
    ['a body that is too long', 'application/json', 'x'.repeat(70_000), 413],
  ])('reads that it sent %s', async (_what, type, body, status) => {
    const { url } = await startMember();
    const headers = { origin, 'content-type': type };
    const answer = await fetch(`${url}/v1/lookups`, { method: 'POST', headers, body });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('reads when to come again', async () => {
    const { url } = await startMember();
    const answer = await fetch(`${url}/v1/openapi.json`, { headers: { origin } });
    expect(listed(answer, 'access-control-expose-headers')).toContain('retry-after');
  });

  it('reads what is answered to something that is no request', async () => {
    const { port } = await startMember();
    const socket = connect(port, '127.0.0.1');
    socket.end('NONSENSE\r\n\r\n');
    expect(await text(socket)).toContain('\r\naccess-control-allow-origin: *\r\n');
  });
});
