/** The validator against our own authority: what members serve, from the root or from a zone's DS. */
import { validate } from '@callbook/client';
import { dsRecord } from '@callbook/dns';
import { parseRdata, recordTypes } from '@callbook/dns/wire';
import { expect, it, vi } from 'vitest';
import { directoryApex, enumName } from '../../../dns/test/test-zones.ts';
import { anchorOf, TestChain } from './test-chain.ts';

const { A, AAAA, DS, NAPTR, SOA, TLSA, TXT } = recordTypes;
const published = enumName('4915123456789');
const hourMs = 3_600_000;
const zoneAnchor = (chain: TestChain): ReturnType<typeof anchorOf> =>
  anchorOf(directoryApex, dsRecord(directoryApex, chain.zones.directoryKeys));

it.each([13, 15] as const)('believes a number by the root, algorithm %i', async (algorithm) => {
  const chain = new TestChain(algorithm);
  const found = await chain.validator().validate(published, NAPTR);
  expect(found).toMatchObject({ verdict: 'secure', code: 'validated', state: 'records' });
  const naptr = parseRdata(NAPTR, found.rdatas[0]!);
  expect(naptr).toMatchObject({ value: { regexp: '!^.*$!sip:alice@sip.example!' } });
  expect(found.chain.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
    'keys .',
    'delegation test.',
    'keys test.',
    `delegation ${directoryApex}`,
    `keys ${directoryApex}`,
    `records ${published}`,
  ]);
  expect(found.chain.every(({ verdict }) => verdict === 'secure')).toBe(true);
  expect(found.chain.at(-1)).toMatchObject({ zone: directoryApex, algorithm });
  expect(found.ttlSeconds).toBe(300);
});

it.each([13, 15] as const)('comes to the same by WebCrypto, algorithm %i', async (algorithm) => {
  const chain = new TestChain(algorithm);
  const options = { transport: chain, anchor: chain.rootAnchor, clock: chain.zones.clock };
  const found = await validate(published, TXT, options);
  expect(found).toMatchObject({ verdict: 'secure', state: 'records' });
});

it('falls back on noble where WebCrypto is missing or lacks the algorithm', async () => {
  const chain = new TestChain(15);
  const options = { transport: chain, anchor: chain.rootAnchor, clock: chain.zones.clock };
  const lacking = { subtle: { importKey: () => Promise.reject(notSupported()) } };
  for (const crypto of [lacking, {}, undefined]) {
    vi.stubGlobal('crypto', crypto);
    const found = await validate(published, TXT, options);
    vi.unstubAllGlobals();
    expect(found).toMatchObject({ verdict: 'secure' });
  }
});

function notSupported(): Error {
  return new DOMException('no such algorithm', 'NotSupportedError');
}

it('takes three round trips from the root, then one, and none too many questions', async () => {
  const chain = new TestChain();
  const validator = chain.validator();
  const cold = await validator.validate(published, NAPTR);
  expect(chain.roundTrips).toBeLessThanOrEqual(3);
  expect(cold.queryCount).toBe(chain.asked.length);
  expect(chain.asked.length).toBeLessThanOrEqual(8);
  chain.roundTrips = 0;
  const warm = await validator.validate(enumName('4915199999999'), NAPTR);
  expect(warm).toMatchObject({ verdict: 'secure', state: 'no_data', queryCount: 1 });
  expect(chain.roundTrips).toBe(1);
});

it('needs nobody above a zone whose DS is given', async () => {
  const chain = new TestChain();
  const validator = chain.validator({ anchor: zoneAnchor(chain) });
  const found = await validator.validate(published, TXT);
  expect(found).toMatchObject({ verdict: 'secure', state: 'records' });
  expect(chain.asked).toEqual([`${published} 16`, `${directoryApex} 48`]);
  expect(chain.roundTrips).toBe(2);
  expect(await validator.validate('www.deep.test', A)).toMatchObject({
    verdict: 'indeterminate',
    code: 'anchor_missing',
    state: 'unanswered',
  });
});

it.each([
  ['an unregistered number', enumName('4915199999999'), NAPTR, 'no_data'],
  ['a prefix of numbers', `9.4.${directoryApex}`, NAPTR, 'no_data'],
  ['a type that a number lacks', published, TLSA, 'no_data'],
  ['another name that is not there', `nobody.${directoryApex}`, A, 'no_name'],
  ['DS inside a zone', published, DS, 'no_data'],
  ['DS of an unsigned zone', 'plain.test', DS, 'no_data'],
  ['a name that is not in the static zone', 'nobody.test', AAAA, 'no_name'],
])('proves that there is nothing: %s', async (_, name, type, state) => {
  const found = await new TestChain().validator().validate(name, type);
  expect(found).toMatchObject({ verdict: 'secure', state, rdatas: [] });
  expect(found.chain.at(-1)).toMatchObject({ kind: 'denial', verdict: 'secure' });
});

it('reads compact denial with and without NXDOMAIN', async () => {
  const chain = new TestChain();
  const name = `nobody.${directoryApex}`;
  expect(await chain.validator().validate(name, A)).toMatchObject({ state: 'no_name' });
  chain.edit = (answer, { type }) => ({ ...answer, responseCode: type === A ? 3 : 0 });
  expect(await chain.validator().validate(name, A)).toMatchObject({
    verdict: 'secure',
    state: 'no_name',
  });
});

it('says that an unsigned zone is one', async () => {
  const chain = new TestChain();
  chain.edit = (answer, { type }) =>
    type === A ? { ...answer, answers: [], authorities: [], responseCode: 0 } : answer;
  const found = await chain.validator().validate('www.plain.test', A);
  expect(found).toMatchObject({ verdict: 'insecure', code: 'delegation_unsigned' });
  expect(found.chain.at(-2)).toMatchObject({ kind: 'delegation', name: 'plain.test.' });
});

it('calls an empty answer for a number bogus, not absent', async () => {
  const chain = new TestChain();
  chain.edit = (answer, { type }) =>
    type === NAPTR ? { ...answer, answers: [], authorities: [] } : answer;
  const found = await chain.validator().validate(published, NAPTR);
  expect(found).toMatchObject({ verdict: 'bogus', code: 'denial_missing', state: 'unanswered' });
});

it('bears a clock that is wrong by less than an hour, and says what it takes for expired', async () => {
  const chain = new TestChain();
  const at = async (offMs: number): Promise<string> => {
    const clock = { nowMs: () => chain.zones.clock.nowMs() + offMs };
    return (await chain.validator({ clock }).validate(published, SOA)).code;
  };
  expect(await at(-1.9 * hourMs)).toBe('validated');
  expect(await at(-3 * hourMs)).toBe('signature_not_yet_valid');
  expect(await at(60 * 24 * hourMs)).toBe('signature_expired');
});

it('never keeps an answer for longer than its signature lives', async () => {
  const chain = new TestChain();
  const first = await chain.validator().validate(published, NAPTR);
  const { expiresAtMs } = first.chain.at(-1)!;
  const clock = { nowMs: () => expiresAtMs! - 20_000 };
  chain.edit = (answer) => answer;
  const late = await chain.validator({ clock }).validate(published, NAPTR);
  expect(late.ttlSeconds).toBeLessThanOrEqual(20);
});

it('gives what is no question no answer', async () => {
  const validator = new TestChain().validator();
  expect(await validator.validate('a..b', A)).toMatchObject({ code: 'name_malformed' });
  for (const type of [0, 41, 46, 128, 255, 65_536])
    expect(await validator.validate('test', type)).toMatchObject({ code: 'type_unsupported' });
});

it.each([
  ['nothing comes', 'transport_failed', () => Promise.reject(new Error('timed out'))],
  [
    'a page of a captive portal comes',
    'answer_malformed',
    () => Promise.resolve(new TextEncoder().encode('<html>sign in</html>')),
  ],
  [
    'half an answer comes',
    'answer_malformed',
    async (answer: Promise<Uint8Array>) => (await answer).slice(0, 60),
  ],
  [
    'the question comes back',
    'answer_malformed',
    (_: unknown, query: Uint8Array) => Promise.resolve(query),
  ],
  [
    'the server fails',
    'server_failed',
    async (answer: Promise<Uint8Array>) => {
      const octets = (await answer).slice();
      octets[3] = (octets[3]! & 0xf0) | 2;
      return octets;
    },
  ],
] as const)('is indeterminate when %s', async (_, code, spoil) => {
  const chain = new TestChain();
  const transport = {
    exchange: (query: Uint8Array): Promise<Uint8Array> => spoil(chain.exchange(query), query),
  };
  const found = await chain.validator({ transport }).validate(published, NAPTR);
  expect(found).toMatchObject({ verdict: 'indeterminate', code, state: 'unanswered', rdatas: [] });
});

it('asks anew for what was broken, and remembers what was not', async () => {
  const chain = new TestChain();
  const validator = chain.validator();
  chain.edit = (answer, { type }) => (type === 48 ? { ...answer, answers: [] } : answer);
  expect(await validator.validate(published, NAPTR)).toMatchObject({ code: 'dnskey_missing' });
  chain.edit = (answer) => answer;
  expect(await validator.validate(published, NAPTR)).toMatchObject({ verdict: 'secure' });
});

it('shares the walk among validations at the same time', async () => {
  const chain = new TestChain();
  const validator = chain.validator();
  const numbers = Array.from({ length: 50 }, (_, index) => enumName(`49151990000${index + 10}`));
  const found = await Promise.all(numbers.map((name) => validator.validate(name, NAPTR)));
  expect(found.every(({ verdict }) => verdict === 'secure')).toBe(true);
  expect(chain.asked.filter((line) => line.endsWith(' 48')).length).toBeLessThan(9);
});
