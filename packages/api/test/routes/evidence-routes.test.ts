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
