import { expect, it } from 'vitest';
import { startMember } from '../harness.ts';
import type { TestMember } from '../harness.ts';

/** A zone that answers by saying the query backwards, and nothing to what begins with a zero. */
const dns = {
  answer: (query: Uint8Array) => ((query[0] ?? 0) === 0 ? undefined : query.toReversed()),
};

async function ask(
  { url }: TestMember,
  body: Uint8Array<ArrayBuffer>,
  contentType = 'application/dns-message',
): Promise<Response> {
  const headers = { 'content-type': contentType };
  return await fetch(`${url}/dns-query`, { method: 'POST', headers, body });
}

it('gives a query to the zone and its answer back, octet by octet', async () => {
  const member = await startMember({}, { dns });
  const answer = await ask(member, Uint8Array.of(1, 0, 255, 13, 10));
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('application/dns-message');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(await answer.bytes()).toEqual(Uint8Array.of(10, 13, 255, 0, 1));
});

it('says so when there is no answer', async () => {
  const member = await startMember({}, { dns });
  const answer = await ask(member, Uint8Array.of(0));
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ code: 'request_malformed' });
  expect((await ask(member, new Uint8Array())).status).toBe(400);
});

it('takes 4 096 bytes and no more, of no other media type, and no question in a URL', async () => {
  const member = await startMember({}, { dns });
  expect((await ask(member, new Uint8Array(4096).fill(1))).status).toBe(200);
  expect((await ask(member, new Uint8Array(4097).fill(1))).status).toBe(413);
  expect((await ask(member, new Uint8Array(20).fill(1), 'text/plain')).status).toBe(415);
  expect((await fetch(`${member.url}/dns-query?dns=AAAB`)).status).toBe(404);
});
