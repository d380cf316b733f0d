import { connect } from 'node:net';
import { once } from 'node:events';
import { encodeBulkRequest, parseBulkAnswers } from '@callbook/protocol';
import type { BulkAnswer } from '@callbook/protocol';
import { expect, it, vi } from 'vitest';
import { usedOnce } from '../../src/octets-body.ts';
import { passChallenge, submissionOf } from '../claim-flow.ts';
import { number, startMember } from '../harness.ts';
import type { TestMember } from '../harness.ts';

const mediaType = 'application/callbook-bulk';
const nobodys = 'tel:+34912345678';

async function ask(
  { url }: TestMember,
  body: Uint8Array,
  contentType = mediaType,
): Promise<Response> {
  const headers = { 'content-type': contentType };
  return await fetch(`${url}/v1/bulk`, { method: 'POST', headers, body: Buffer.from(body) });
}

async function answersTo(member: TestMember, body: Uint8Array): Promise<BulkAnswer[]> {
  const response = await ask(member, body);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe(mediaType);
  expect(response.headers.get('cache-control')).toBe('no-store');
  const parsed = parseBulkAnswers(await response.bytes(), body.length / 16);
  if (parsed.verdict !== 'accept') throw new Error(parsed.code);
  return parsed.value;
}

async function startPublished(): Promise<TestMember> {
  const member = await startMember();
  const passed = await passChallenge(member);
  await member.call('POST', '/v1/entries', submissionOf(passed.signed, passed.challenge));
  return member;
}

it('says which numbers are published, under which entry, each in its place', async () => {
  const member = await startPublished();
  const body = encodeBulkRequest([nobodys, number], 16);
  body[5 * 16] = 9;
  const answers = await answersTo(member, body);
  const state = member.directory.lookup(number, 'public')!.entryId.subarray(0, 15);
  expect(answers.slice(0, 3)).toEqual([
    { status: 'absent' },
    { status: 'published', state },
    { status: 'nothing' },
  ]);
  expect(answers[5]).toEqual({ status: 'malformed' });
  expect(answers).toHaveLength(16);
});

it('answers a thousand numbers that nobody has in as many octets as any others', async () => {
  const member = await startPublished();
  const held = await ask(member, encodeBulkRequest(Array(1000).fill(number)));
  const free = await ask(member, encodeBulkRequest(Array(1000).fill(nobodys)));
  for (const answer of [held, free]) expect((await answer.bytes()).length).toBe(16_000);
  const names = (answer: Response): string[] => [...answer.headers.keys()];
  expect(names(held)).toEqual(names(free));
});

it('refuses what is not whole slots, too many of them, or of another media type', async () => {
  const member = await startMember();
  const refusal = async (size: number, contentType?: string): Promise<unknown> => {
    const answer = await ask(member, new Uint8Array(size), contentType);
    return [answer.status, ((await answer.json()) as { code: string }).code];
  };
  expect(await refusal(0)).toEqual([400, 'bulk_malformed']);
  expect(await refusal(15)).toEqual([400, 'bulk_malformed']);
  expect(await refusal(17)).toEqual([400, 'bulk_malformed']);
  expect(await refusal(16_001)).toEqual([413, 'body_too_large']);
  expect(await refusal(16, 'application/json')).toEqual([415, 'media_type_unsupported']);
  expect((await ask(member, new Uint8Array(16_000))).status).toBe(200);
  expect(member.logged()).toBe('');
});

it('refuses too many octets that come without their count', async () => {
  const member = await startMember();
  const pieces = new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array(8000));
    },
  });
  const sent = { method: 'POST', headers: { 'content-type': mediaType }, duplex: 'half' as const };
  const answer = await fetch(`${member.url}/v1/bulk`, { ...sent, body: pieces });
  expect(answer.status).toBe(413);
});

it('answers a client that goes away in the middle with nothing, and logs nothing', async () => {
  const member = await startMember();
  const socket = connect(member.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(
    `POST /v1/bulk HTTP/1.1\r\nhost: a\r\ncontent-type: ${mediaType}\r\ncontent-length: 32\r\n\r\n1234567`,
  );
  socket.destroySoon();
  await once(socket, 'close');
  await answersTo(member, new Uint8Array(16));
  expect(member.logged()).toBe('');
});

it('fills what it was sent with zeros once it is answered, and the digits as well', async () => {
  const member = await startPublished();
  const body = Buffer.from(encodeBulkRequest([number]));
  const asked: Uint8Array[] = [];
  const found = vi.spyOn(member.directory, 'entryInForce');
  found.mockImplementation((digits) => {
    expect(new TextDecoder().decode(digits)).toBe('4915123456789');
    asked.push(digits);
    return undefined;
  });
  const headers = { 'content-type': mediaType };
  const sent = { method: 'POST' as const, url: '/v1/bulk', headers, payload: body };
  expect((await member.api.inject(sent)).statusCode).toBe(200);
  expect(asked.map((digits) => [...digits])).toEqual([Array(13).fill(0)]);
  expect(body).toEqual(Buffer.alloc(16));
});

it('zeroes a body also where its use fails', async () => {
  const octets = Uint8Array.of(1, 2, 3);
  const failing = usedOnce(octets, async () => {
    throw new Error('planted');
  });
  await expect(failing).rejects.toThrow('planted');
  expect(octets).toEqual(new Uint8Array(3));
});
