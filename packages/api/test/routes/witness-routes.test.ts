import { expect, it } from 'vitest';
import { reject } from '@callbook/protocol';
import { startMember } from '../harness.ts';
import type { TestMember } from '../harness.ts';

const path = '/log/witness/add-checkpoint';
const hash = new Uint8Array(32).toBase64();
const note = (size: number): string =>
  `beta.test/log\n${size}\n${hash}\n\n— beta.test/log AAAAAAE=\n`;

/** Submits as C2SP tlog-witness says, with a media type of the client's choice or none. */
async function submit(member: TestMember, body: string, type?: string): Promise<Response> {
  const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
  return await fetch(`${member.url}${path}`, {
    method: 'POST',
    headers,
    body: new TextEncoder().encode(body),
  });
}

it('answers with signature lines, and with the size where the old size is another', async () => {
  const member = await startMember();
  const first = await submit(member, `old 0\n\n${note(7)}`);
  expect(first.status).toBe(200);
  expect(first.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(await first.text()).toBe('— alpha.test/log AAAAAAE=\n');
  const conflict = await submit(member, `old 0\n\n${note(9)}`);
  expect(conflict.status).toBe(409);
  expect(conflict.headers.get('content-type')).toBe('text/x.tlog.size');
  expect(await conflict.text()).toBe('7\n');
  expect((await submit(member, `old 7\n${hash}\n\n${note(9)}`)).status).toBe(200);
});

it.each([undefined, 'text/plain', 'text/plain; charset=utf-8', 'application/octet-stream', 'x/y'])(
  'takes a body of media type %s',
  async (type) => {
    const answer = await submit(await startMember(), `old 0\n\n${note(1)}`, type);
    expect(answer.status).toBe(200);
  },
);

it.each([
  ['note_signature_missing', 403, 'checkpoint_unsigned'],
  ['note_signature_invalid', 403, 'checkpoint_unsigned'],
  ['checkpoint_origin_mismatch', 403, 'checkpoint_unsigned'],
  ['log_unknown', 404, 'log_unknown'],
  ['log_forked', 409, 'checkpoint_forked'],
  ['note_malformed', 400, 'witness_request_malformed'],
  ['checkpoint_malformed', 400, 'witness_request_malformed'],
  ['checkpoint_proof_invalid', 422, 'checkpoint_proof_invalid'],
  ['checkpoint_not_stored', 503, 'checkpoint_not_stored'],
  ['member_busy', 503, 'directory_unavailable'],
] as const)('answers %s with %i', async (verdict, status, code) => {
  const member = await startMember();
  member.directory.cosigning = reject(verdict, 'planted');
  const answer = await member.call('POST', path, `old 0\n\n${note(1)}`);
  expect(answer).toMatchObject({ status, json: { code } });
  if (code === 'checkpoint_not_stored') expect(answer.headers.get('retry-after')).toBe('2');
});

it.each([
  ['an empty body', ''],
  ['no empty line', 'old 0\n'],
  ['a size with a leading zero', `old 01\n\n${note(1)}`],
  ['a short hash', `old 1\nAAAA\n\n${note(1)}`],
  ['64 proof lines', `old 1\n${`${hash}\n`.repeat(64)}\n${note(1)}`],
])('refuses %s', async (_name, body) => {
  const answer = await (await startMember()).call('POST', path, body);
  expect(answer).toMatchObject({ status: 400, json: { code: 'witness_request_malformed' } });
});

it('refuses a body that is too large, without reading it', async () => {
  const answer = await (await startMember()).call('POST', path, 'x'.repeat(16_385));
  expect(answer).toMatchObject({ status: 413, json: { code: 'body_too_large' } });
});

it('answers 503 while the directory has failed', async () => {
  const member = await startMember();
  member.directory.failure = 'operating';
  const answer = await member.call('POST', path, `old 0\n\n${note(1)}`);
  expect(answer).toMatchObject({ status: 503, json: { code: 'directory_unavailable' } });
});
