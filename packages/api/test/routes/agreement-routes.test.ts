import { expect, it } from 'vitest';
import { startMember } from '../harness.ts';

it('says how far logs are agreed, and with whom the index is the same', async () => {
  const { status, headers, json } = await (await startMember()).call('GET', '/v1/agreement');
  expect(status).toBe(200);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(json).toEqual({
    logs: [{ origin: 'alpha.test/log', size: 3, agreedSize: 2, agreedAtMs: 1_800_000_000_000 }],
    roots: [
      {
        member: 'beta',
        root: 'BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc',
        atMs: 1_800_000_000_000,
        logs: [{ origin: 'alpha.test/log', size: 2 }],
      },
    ],
  });
});

it('answers 503 while the directory has failed', async () => {
  const member = await startMember();
  member.directory.failure = 'operating';
  const answer = await member.call('GET', '/v1/agreement');
  expect(answer).toMatchObject({ status: 503, json: { code: 'directory_unavailable' } });
});

it('serves the index root that it has signed, and 503 while it signs none', async () => {
  const member = await startMember();
  const answer = await fetch(`${member.url}/v1/index-root`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(await answer.text()).toBe(member.directory.indexRootNote);
  member.directory.indexRootNote = undefined;
  const none = await member.call('GET', '/v1/index-root');
  expect(none).toMatchObject({ status: 503, json: { code: 'directory_unavailable' } });
});
