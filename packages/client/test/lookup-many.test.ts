/** Many look-ups at once: who is asked for which, and what one that fails does to the others. */
import type { Identifier } from '@callbook/protocol';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDirectory } from '../src/index.ts';
import type { Directory, DirectoryOptions, Fetch } from '../src/index.ts';
import {
  claimHeld,
  identifier,
  only,
  otherKeys,
  patient,
  portal,
  stranger,
} from './held-number.ts';
import {
  startFederation,
  trustTestAuthority,
  type Interference,
  type TestFederation,
} from './test-federation.ts';

let federation: TestFederation;

beforeAll(trustTestAuthority);
beforeEach(async () => {
  federation = await startFederation();
  await claimHeld(federation);
});
afterEach(async () => {
  await federation[Symbol.asyncDispose]();
});

function open(options: Partial<DirectoryOptions> = {}): Directory {
  const { charterNote } = federation;
  return createDirectory({ charterNote, privacy: 'plain', pause: patient, ...options });
}

describe('many', () => {
  const crowd = Array.from(
    { length: 300 },
    (_, n): Identifier => `tel:+4915123${String(n).padStart(6, '0')}`,
  );

  it('are answered in the order given, each once', async () => {
    const found = await open().lookupMany([stranger, identifier, stranger]);
    expect(found.map(({ state }) => state)).toEqual(['absent', 'published', 'absent']);
    expect(found[1]).toMatchObject({ reason: { proof: { state: 'not_asked' } } });
  });

  it('are shuffled, and no member sees them all', async () => {
    const seen = new Map<string, string[]>();
    federation.interfere(async ({ member, path, answer }) => {
      if (path !== '/v1/lookups') return undefined;
      const answered = await answer();
      const { results } = answered.json as { results: unknown[] };
      seen.set(member, [...(seen.get(member) ?? []), String(results.length)]);
      return answered;
    });
    const found = await open().lookupMany(crowd);
    expect(found.every(({ state }) => state === 'absent')).toBe(true);
    expect([...seen]).toEqual([
      ['alpha', ['200']],
      ['beta', ['200']],
      ['gamma', ['200']],
    ]);
  });

  it('come to each member in another order than they were given, or come to the others', async () => {
    const asked: string[][] = [];
    const fetchSeen: Fetch = async (url, init) => {
      if (url.endsWith('/v1/lookups')) {
        asked.push((JSON.parse(init.body as string) as { identifiers: string[] }).identifiers);
      }
      return await fetch(url, init);
    };
    await open({ fetch: fetchSeen }).lookupMany(crowd);
    expect(asked).toHaveLength(3);
    for (const list of asked) expect(list).not.toEqual(list.toSorted());
    const times = Map.groupBy(asked.flat(), (identifier) => identifier);
    expect([...times.values()].map(({ length }) => length)).toEqual(crowd.map(() => 2));
    const [first, second] = asked as [string[], string[]];
    expect(new Set(first).symmetricDifference(new Set(second)).size).toBe(200);
  });

  it('survive a member that fails in the middle', async () => {
    federation.interfere(only(['beta'], /lookups$/, portal));
    const found = await open().lookupMany([...crowd, identifier]);
    expect(found.filter(({ state }) => state === 'absent')).toHaveLength(300);
    expect(found.at(-1)).toMatchObject({ state: 'published' });
  });

  it('that members contradict each other about are told as unanswered, the others answered', async () => {
    const lie: Interference = async ({ answer }) => {
      const { status, json } = await answer();
      const { results } = json as { results: { state: string }[] };
      const spoilt = results.map((result) =>
        result.state === 'published' ? { state: 'absent' } : result,
      );
      return { status, json: { results: spoilt } };
    };
    federation.interfere((request) => {
      if (request.path !== '/v1/lookups') return Promise.resolve(undefined);
      if (request.member === 'alpha') return lie(request);
      return request.member === 'beta' ? otherKeys(request) : Promise.resolve(undefined);
    });
    const [absent, split] = await open().lookupMany([stranger, identifier]);
    expect(absent).toMatchObject({ state: 'absent' });
    expect(split).toMatchObject({ state: 'unanswered', code: 'members_disagree' });
  });

  it('are one error when nobody answers', async () => {
    federation.interfere(only(['alpha', 'beta', 'gamma'], /./, portal));
    await expect(open().lookupMany(crowd)).rejects.toMatchObject({ code: 'directory_unavailable' });
  });

  it('are bounded', async () => {
    const tooMany = Array.from({ length: 50_001 }, () => stranger as Identifier);
    await expect(open().lookupMany(tooMany)).rejects.toMatchObject({
      code: 'identifiers_too_many',
    });
  });

  it('can be proven, in batches, and a member that forges one is passed over', async () => {
    federation.interfere(
      only(['beta'], /proofs$/, async ({ answer }) => {
        const { json } = await answer();
        const { results } = json as { results: object[] };
        const forged = results.map((result) => ({ ...result, state: null }));
        return { status: 200, json: { ...(json as object), results: forged } };
      }),
    );
    const asked: Identifier[] = [...crowd.slice(0, 8), identifier];
    const found = await open().lookupMany(asked, { proof: true });
    for (const one of found) {
      expect(one).toMatchObject({ reason: { proof: { state: 'proven' } } });
    }
  });

  it('wait for a member whose budget of proofs is spent', async () => {
    const paused: number[] = [];
    const pause = (ms: number): Promise<void> => {
      paused.push(ms);
      return new Promise((resolve) => setTimeout(resolve, Math.min(ms, 5)));
    };
    let refused = 0;
    federation.interfere(
      only(['alpha', 'beta', 'gamma'], /proofs$/, () => {
        refused += 1;
        return Promise.resolve(
          refused <= 3 ? { status: 429, json: { code: 'proof_rate_limited' } } : undefined,
        );
      }),
    );
    const found = await open({ pause }).lookupMany([identifier], { proof: true });
    expect(found[0]).toMatchObject({ state: 'published' });
  });
});
