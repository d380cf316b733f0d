import { expect, it } from 'vitest';
import { startMember } from '../harness.ts';

it('serves the charter and checkpoints as signed notes that are always asked for again', async () => {
  const member = await startMember();
  for (const path of ['/v1/charter', '/v1/charter/1', '/log/alpha.test/log/checkpoint']) {
    const { status, headers, text } = await member.call('GET', path);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(headers.get('cache-control')).toBe('no-cache');
    expect(text).toMatch(/\n\n— alpha\.test/);
  }
});

it.each([
  ['0/000', 32 * 256, 'public, max-age=31536000, immutable'],
  ['2/x001/x234/067', 32 * 256, 'public, max-age=31536000, immutable'],
  ['0/000.p/5', 32 * 5, 'public, max-age=60'],
  ['entries/x001/000.p/255', 3, 'public, max-age=60'],
])('serves the tile %s', async (path, size, cacheControl) => {
  const member = await startMember();
  const response = await fetch(`${member.url}/log/alpha.test/log/tile/${path}`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/octet-stream');
  expect(response.headers.get('cache-control')).toBe(cacheControl);
  expect((await response.bytes()).length).toBe(size);
});

it.each([
  '0/0',
  '0/1000',
  '0/x001',
  '64/000',
  '00/000',
  '-1/000',
  'entries/000.p/0',
  'entries/000.p/256',
  '0/x001/x234/068',
  '0/%2e%2e%2fcheckpoint',
])('has no tile %s', async (path) => {
  const member = await startMember();
  const answer = await member.call('GET', `/log/alpha.test/log/tile/${path}`);
  expect(answer.status).toBe(404);
  expect(answer.headers.get('cache-control')).toBe('no-store');
});

it('knows only the logs of its directory', async () => {
  const member = await startMember();
  for (const host of ['delta.test', 'alpha.test%2flog', '%00', 'a'.repeat(128)]) {
    const answer = await member.call('GET', `/log/${host}/log/checkpoint`);
    expect(answer).toMatchObject({ status: 404, json: { code: 'log_unknown' } });
  }
});

it('takes an origin with a port', async () => {
  const member = await startMember();
  const origins: string[] = [];
  member.directory.checkpoint = (origin) => {
    origins.push(origin);
    return 'note\n';
  };
  await member.call('GET', '/log/localhost:8443/log/checkpoint');
  expect(origins).toEqual(['localhost:8443/log']);
});
