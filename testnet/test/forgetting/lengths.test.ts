/**
 * What the network sees of an encrypted answer is its length: for DNS over TLS and over HTTPS the same
 * for a number that somebody has and one that nobody has.
 */
import { readFile } from 'node:fs/promises';
import { createDirectory } from '@callbook/client';
import type { Identifier } from '@callbook/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../lab.ts';
import { askDoh, askProofAnswer, askStream } from './asking.ts';
import { freshNumber } from './spellings.ts';
import { startWatchedMember } from './watched-member.ts';
import type { WatchedMember } from './watched-member.ts';

let member: WatchedMember;
const held = freshNumber();
const free = freshNumber();

beforeAll(async () => {
  member = await startWatchedMember();
  await claim(held);
  await eventually(
    async () => (await askDoh(member, held)).readUInt16BE(6),
    (answerCount) => answerCount > 0,
    20_000,
  );
}, 60_000);
afterAll(async () => await member[Symbol.asyncDispose]());

async function claim(number: string): Promise<void> {
  const { testnet, layout } = member;
  const directory = createDirectory({
    charterNote: await readFile(testnet.charterFile, 'utf8'),
    fetch: async (input, init) =>
      await fetch(`http://127.0.0.1:${layout.webPort}${new URL(input).pathname}`, init),
  });
  await directory.claim({
    identifier: `tel:${number}` as Identifier,
    seed: new Uint8Array(32).fill(7),
    routes: [{ service: 'sip', uri: 'sip:alice@sip.example', preference: 10 }],
    visibility: 'dns',
    form: 'app',
    code: async ({ to }) => {
      const lines = (await readFile(testnet.outboxFile, 'utf8')).trim().split('\n');
      const messages = lines.map((line) => JSON.parse(line) as { to: string; code?: string });
      return messages.findLast((message) => message.to === to && message.code)?.code ?? '';
    },
  });
}

/** RFC 8467 §4.1: "responses to a multiple of 468 octets". */
const block = 468;

it('of DNS over TLS and HTTPS are whole blocks, for hit and miss alike', async () => {
  for (const ask of [
    async (number: string) => await askDoh(member, number),
    async (number: string) => await askStream(member, number, 'tls'),
  ]) {
    const [hit, miss] = [await ask(held), await ask(free)];
    expect([hit.readUInt16BE(6) > 0, miss.readUInt16BE(6)]).toEqual([true, 0]);
    expect(hit.length % block).toBe(0);
    expect(miss.length).toBe(hit.length);
  }
  // In clear text padding hides nothing, and there is none (RFC 7830 §6).
  const [hit, miss] = [await askStream(member, held, 'tcp'), await askStream(member, free, 'tcp')];
  expect(hit.length).not.toBe(miss.length);
});

it('of proofs are the same for hit and miss', async () => {
  const [hit, miss] = [await askProofAnswer(member, held), await askProofAnswer(member, free)];
  expect(hit.toString()).toContain('"payload":"');
  expect(hit.length).toBe(miss.length);
});
