/**
 * What the network sees of an encrypted answer is its length: for DNS over TLS and over HTTPS the same
 * for a number that somebody has and one that nobody has.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../lab.ts';
import { askDoh, askProofAnswer, askStream } from './asking.ts';
import { claim } from './claimed-number.ts';
import { freshNumber } from './spellings.ts';
import { startWatchedMember } from './watched-member.ts';
import type { WatchedMember } from './watched-member.ts';

let member: WatchedMember;
const held = freshNumber();
const free = freshNumber();

beforeAll(async () => {
  member = await startWatchedMember();
  await claim(member, held);
}, 120_000);
afterAll(async () => await member[Symbol.asyncDispose]());

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
  // DNS has it before a root of the index does.
  const hit = await eventually(
    async () => await askProofAnswer(member, held),
    (answer) => answer.includes('"payload":"'),
  );
  const miss = await askProofAnswer(member, free);
  expect(hit.length).toBe(miss.length);
});
