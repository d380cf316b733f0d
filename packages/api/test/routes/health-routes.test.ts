import { expect, it } from 'vitest';
import { startMember } from '../harness.ts';

it('lives while it answers', async () => {
  const member = await startMember();
  expect(await member.call('GET', '/healthz')).toMatchObject({
    status: 200,
    json: { status: 'ok' },
  });
});

it('is ready when the directory is, and else says why', async () => {
  const member = await startMember();
  expect(await member.call('GET', '/readyz')).toMatchObject({ status: 200, json: { ready: true } });
  member.directory.ready = { ready: false, reasons: ['log_behind'] };
  const answer = await member.call('GET', '/readyz');
  expect(answer).toMatchObject({
    status: 503,
    json: { code: 'not_ready', reasons: ['log_behind'] },
  });
});
