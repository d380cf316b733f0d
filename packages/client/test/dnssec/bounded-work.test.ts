/**
 * What a zone that wants to keep validators busy gets: many signatures under one tag (KeyTrap), many
 * keys for a DS, hashes upon hashes, endless aliases. Work is counted, not timed.
 */
import { recordTypes, type Message, type ResourceRecord } from '@callbook/dns/wire';
import type { Cryptography } from '@callbook/protocol';
import { nodeCryptography } from '@callbook/protocol/crypto/node';
import { beforeEach, expect, it } from 'vitest';
import { directoryApex, enumName, nameOf } from '../../../dns/test/test-zones.ts';
import { Nsec3Proof } from '../../src/dnssec/nsec3-proof.ts';
import { WorkBudget } from '../../src/dnssec/work-budget.ts';
import { nsec3RoundsMax, validationQueriesMax } from '../../src/limits.ts';
import { TestChain } from './test-chain.ts';

const { A, CNAME, DS, NAPTR, RRSIG } = recordTypes;
const published = enumName('4915123456789');

let chain: TestChain;
let verifications: number;

const counting: Cryptography = {
  ...nodeCryptography,
  p256Verify: (message, signature, publicKey) => {
    verifications += 1;
    return nodeCryptography.p256Verify(message, signature, publicKey);
  },
};

beforeEach(() => {
  chain = new TestChain();
  verifications = 0;
});

/** Puts copies of each signature before it, each spoiled in another way. */
function multiplied(records: readonly ResourceRecord[], copies: number): ResourceRecord[] {
  return records.flatMap((record) => {
    if (record.type !== RRSIG) return [record];
    const spoiled = Array.from({ length: copies }, (_, index) => {
      const rdata = record.rdata.slice();
      rdata[rdata.length - 1 - (index % 32)]! ^= 1 + (index >> 5);
      return { ...record, rdata };
    });
    return [...spoiled, record];
  });
}

function withCopies(answer: Message, copies: number): Message {
  return {
    ...answer,
    answers: multiplied(answer.answers, copies),
    authorities: multiplied(answer.authorities, copies),
  };
}

it('bears a few signatures that do not hold before the one that does', async () => {
  chain.edit = (answer) => withCopies(answer, 5);
  const found = await chain.validator({ crypto: counting }).validate(published, NAPTR);
  expect(found).toMatchObject({ verdict: 'secure' });
  expect(verifications).toBeGreaterThan(6 * 5);
  expect(verifications).toBeLessThanOrEqual(64);
});

it('gives up on many', async () => {
  chain.edit = (answer) => withCopies(answer, 200);
  const found = await chain.validator({ crypto: counting }).validate(published, NAPTR);
  expect(found).toMatchObject({ verdict: 'bogus', code: 'work_exceeded', state: 'unanswered' });
  expect(verifications).toBeLessThanOrEqual(8);
});

it('counts over the whole validation', async () => {
  chain.edit = (answer) => withCopies(answer, 7);
  const name = `a.b.c.${directoryApex}`;
  const found = await chain.validator({ crypto: counting }).validate(name, NAPTR);
  expect(verifications).toBeLessThanOrEqual(64);
  expect(['secure', 'bogus']).toContain(found.verdict);
});

it('does not walk down a name label by label for ever', async () => {
  const name = `${'a.'.repeat(110)}${directoryApex}`;
  chain.edit = (answer, question) => {
    const unsigned = { owner: question.name, type: A, class: 1, ttlSeconds: 5 };
    const records = [{ ...unsigned, rdata: Uint8Array.of(192, 0, 2, 1) }];
    return question.type === A ? { ...answer, answers: records, authorities: [] } : answer;
  };
  const found = await chain.validator().validate(name, A);
  expect(found.verdict).toBe('bogus');
  expect(chain.asked.length).toBeLessThanOrEqual(validationQueriesMax);
});

it('ends in a code where aliases lead nowhere or round', async () => {
  const rename = (to: (name: string) => string): void => {
    chain.edit = (answer, question) => {
      if (question.type === DS || question.type === 48) return answer;
      const target = nameOf(to(new TextDecoder().decode(question.name.labels[0])));
      const alias = { owner: question.name, type: CNAME, class: 1, ttlSeconds: 5 };
      return { ...answer, answers: [{ ...alias, rdata: target.wire }], authorities: [] };
    };
  };
  rename(() => 'www.plain.test');
  const round = await chain.validator().validate('www.plain.test', A);
  expect(round).toMatchObject({ verdict: 'bogus', code: 'alias_loop' });
  rename((label) => `${label}x.plain.test`);
  chain.asked.length = 0;
  const endless = await chain.validator().validate('www.plain.test', A);
  expect(endless).toMatchObject({ verdict: 'bogus', code: 'alias_loop' });
  expect(chain.asked.length).toBeLessThan(20);
});

it('hashes no more than its budget, whatever the name and the iterations', () => {
  const budget = new WorkBudget();
  const zone = nameOf('test.');
  const rdata = {
    hashAlgorithm: 1,
    flags: 0,
    iterations: 150,
    salt: new Uint8Array(255),
    nextHash: new Uint8Array(20).fill(1),
    types: [],
  };
  const proof = new Nsec3Proof(zone, [{ ownerHash: new Uint8Array(20), rdata }], budget);
  const name = nameOf(`${'a.'.repeat(120)}test.`);
  expect(proof.denies({ name, type: A, isNameError: true })).toBeUndefined();
  expect(budget.exceeded).toBe(true);
  expect(nsec3RoundsMax / 151).toBeGreaterThan(60);
});
