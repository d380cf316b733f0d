/** How long an answer counts, who is asked, and what other providers are taken for; with a clock that is moved. */
import { createValidator } from '@callbook/client';
import { socketTransport } from '@callbook/client/node';
import { nodeCryptography } from '@callbook/protocol/crypto/node';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agree, type ZoneWord } from '../src/directory/agreement.ts';
import { openBridgeDirectory, type BridgeDirectory } from '../src/directory/bridge-directory.ts';
import { spkiDigestOf } from '../src/directory/record-kinds.ts';
import { newPhone } from './phone.ts';
import { openTestDirectory, type TestDirectory } from './test-directory.ts';

let zones: TestDirectory;
let aheadMs = 0;
const clock = { nowMs: () => Date.now() + aheadMs };

beforeAll(async () => {
  zones = await openTestDirectory(5);
});

afterAll(async () => await zones[Symbol.asyncDispose]());

function open(suffixes: readonly string[], providers: readonly string[] = []): BridgeDirectory {
  const transport = socketTransport({ address: '127.0.0.1', port: zones.port });
  const { anchor } = zones;
  const validator = createValidator({ transport, clock, crypto: nodeCryptography, anchor });
  return openBridgeDirectory({ validator, clock, suffixes, agree: 2, providers });
}

async function digestsOf(directory: BridgeDirectory, number: `+${string}`): Promise<string[]> {
  const found = await directory.sipKeys(number);
  if (found.state !== 'known') throw new Error(found.code);
  return Array.from(found.items.keys());
}

describe('an answer', () => {
  it('counts for its TTL and not longer: then the key that was replaced is out', async () => {
    const number = '+34912340100';
    const [before, after] = [newPhone(), newPhone()];
    const directory = open(zones.suffixes.slice(0, 3));
    zones.publish(number, { sip: [before.spki], ttlSeconds: 120 });
    expect(await digestsOf(directory, number)).toEqual([spkiDigestOf(before.spki)]);
    zones.publish(number, { sip: [after.spki], ttlSeconds: 120 });
    aheadMs += 110_000;
    const asked = zones.questionCount;
    expect(await digestsOf(directory, number)).toEqual([spkiDigestOf(before.spki)]);
    expect(zones.questionCount).toBe(asked);
    aheadMs += 11_000;
    expect(await digestsOf(directory, number)).toEqual([spkiDigestOf(after.spki)]);
  });

  it('counts for 300 seconds, whatever its TTL', async () => {
    const number = '+34912340101';
    const [before, after] = [newPhone(), newPhone()];
    const directory = open(zones.suffixes.slice(0, 3));
    zones.publish(number, { sip: [before.spki], ttlSeconds: 3600 });
    await digestsOf(directory, number);
    zones.publish(number, { sip: [after.spki] });
    aheadMs += 301_000;
    expect(await digestsOf(directory, number)).toEqual([spkiDigestOf(after.spki)]);
  });

  it('that is asked for by many at a time is asked for once', async () => {
    const number = '+34912340102';
    zones.publish(number, { sip: [newPhone().spki] });
    const directory = open(zones.suffixes.slice(0, 3));
    // The chains to the zones; the same two of three are asked first for both numbers.
    await digestsOf(directory, '+34912340402');
    const asked = zones.questionCount;
    await Promise.all(Array.from({ length: 50 }, async () => await digestsOf(directory, number)));
    expect(zones.questionCount - asked).toBe(2);
    expect(directory.keptCount).toBe(2);
  });
});

describe('another provider', () => {
  it('is asked only where the members have nothing, and stands in the way when it is bogus', async () => {
    const [ours, theirs] = [newPhone(), newPhone()];
    const [alpha, beta, gamma, delta, epsilon] = zones.suffixes as [
      string,
      string,
      string,
      string,
      string,
    ];
    zones.publish('+34912340103', { sip: [ours.spki] }, [0, 1, 2]);
    zones.publish('+34912340103', { sip: [theirs.spki] }, [3]);
    zones.publish('+34912340104', { sip: [theirs.spki] }, [4]);
    const directory = open([alpha, beta, gamma], [delta, epsilon]);
    expect(await digestsOf(directory, '+34912340103')).toEqual([spkiDigestOf(ours.spki)]);
    expect(await digestsOf(directory, '+34912340104')).toEqual([spkiDigestOf(theirs.spki)]);
    expect(await digestsOf(directory, '+34912340105')).toEqual([]);
    zones.cast('honest', 'honest', 'honest', 'forging');
    const found = await open([alpha, beta, gamma], [delta, epsilon]).sipKeys('+34912340104');
    expect(found).toEqual({ state: 'unavailable', code: 'directory_bogus' });
    zones.cast();
  });
});

it('agreement is the same in any order, and no minority makes or unmakes a key', () => {
  const word = fc.oneof(
    fc.subarray(['a', 'b', 'c']).map((keys): ZoneWord<string> => ({
      state: 'answered',
      items: new Map(keys.map((key) => [key, key])),
      ttlSeconds: 300,
    })),
    fc.constantFrom<ZoneWord<string>>(
      { state: 'failed', code: 'directory_bogus' },
      { state: 'failed', code: 'directory_unavailable' },
    ),
  );
  fc.assert(
    fc.property(
      fc.array(word, { minLength: 1, maxLength: 7 }),
      fc.integer({ min: 1, max: 7 }),
      (words, needed) => {
        const agreed = agree(words, needed);
        expect(agree(words.toReversed(), needed)).toEqual(agreed);
        const answers = words.filter((each) => each.state === 'answered');
        if (answers.length < needed) return agreed.state === 'unavailable';
        if (agreed.state !== 'known') throw new Error('there are answers enough');
        return ['a', 'b', 'c'].every((key) => {
          const have = answers.filter(({ items }) => items.has(key)).length;
          const isDisputed = have > 0 && have < needed && answers.length - have < needed;
          const isPublished = have > 0 && have >= needed;
          const { items, disputed } = agreed;
          return items.has(key) === isPublished && disputed.has(key) === isDisputed;
        });
      },
    ),
  );
});
