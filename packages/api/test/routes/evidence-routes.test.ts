import { expect, it } from 'vitest';
import { startMember } from '../harness.ts';

const piece = {
  evidenceId: 'ab'.repeat(32),
  kind: 'two_roots',
  origins: ['beta.test/log'],
  disputed: [],
  firstSeenMs: 1_767_225_600_000,
  bytes: new Uint8Array([0xa1, 0x61, 0x76, 0x01]),
};

it('lists the evidence that the member holds', async () => {
  const member = await startMember();
  expect((await member.call('GET', '/v1/evidence')).json).toEqual({ evidence: [] });
  member.directory.held.push(piece);
  const { headers, json } = await member.call('GET', '/v1/evidence');
  expect(headers.get('cache-control')).toBe('no-cache');
  const { evidenceId, kind, origins, disputed, firstSeenMs } = piece;
  expect(json).toEqual({ evidence: [{ id: evidenceId, kind, origins, disputed, firstSeenMs }] });
});

it('serves a piece under its hash, for ever', async () => {
  const member = await startMember();
  member.directory.held.push(piece);
  const response = await fetch(`${member.url}/v1/evidence/${piece.evidenceId}`);
  expect(response.headers.get('content-type')).toBe('application/cbor');
  expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  expect(await response.bytes()).toEqual(piece.bytes);
});

it.each(['', '00', piece.evidenceId.toUpperCase(), 'a'.repeat(128)])(
  'has no piece %s',
  async (id) => {
    const member = await startMember();
    member.directory.held.push(piece);
    expect((await member.call('GET', `/v1/evidence/${id}`)).status).toBe(404);
  },
);

const submit = async (url: string, body: Uint8Array<ArrayBuffer>, type = 'application/cbor') =>
  await fetch(`${url}/v1/evidence`, { method: 'POST', headers: { 'content-type': type }, body });

it('takes evidence that proves something, and serves it then', async () => {
  const member = await startMember();
  const answer = await submit(member.url, piece.bytes);
  expect(answer.status).toBe(200);
  const { id } = (await answer.json()) as { id: string };
  expect(await (await fetch(`${member.url}/v1/evidence/${id}`)).bytes()).toEqual(piece.bytes);
});

it.each([
  ['nothing', new Uint8Array(), 422, 'evidence_refused'],
  ['what proves nothing', Uint8Array.of(0x80), 422, 'evidence_refused'],
  ['more than 131 072 bytes', new Uint8Array(131_073).fill(0xa1), 413, 'body_too_large'],
])('refuses %s', async (_what, body, status, code) => {
  const member = await startMember();
  const answer = await submit(member.url, body, 'application/octet-stream');
  expect(answer.status).toBe(status);
  expect(await answer.json()).toMatchObject({ code });
  expect(member.directory.held).toEqual([]);
});

it('takes no more in a moment than proofs are made', async () => {
  const member = await startMember({ proofsBurstMax: 1, proofsPerSecondMax: 1 });
  expect((await submit(member.url, Uint8Array.of(0x80))).status).toBe(422);
  const answer = await submit(member.url, piece.bytes);
  expect(answer.status).toBe(429);
  expect(answer.headers.get('retry-after')).toBe('1');
});
