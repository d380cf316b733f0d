/** What a look-up needs to be believed, and what it makes of members that fail, lag or lie. */
import { encodeBase64Url, type Identifier } from '@callbook/protocol';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDirectory } from '../src/index.ts';
import type { Directory, DirectoryOptions, Fetch, Holding } from '../src/index.ts';
import {
  startFederation,
  trustTestAuthority,
  type Interference,
  type TestFederation,
} from './test-federation.ts';

const identifier = 'tel:+34912345678';
const stranger = 'tel:+15555550100';
let federation: TestFederation;
let holding: Holding;

beforeAll(trustTestAuthority);
beforeEach(async () => {
  federation = await startFederation();
  holding = await open().claim({
    identifier,
    seed: new Uint8Array(32).fill(7),
    routes: [{ service: 'sip', uri: 'sip:alice@sip.example', preference: 10 }],
    visibility: 'dns',
    form: 'app',
    code: () => Promise.resolve(federation.outbox.at(-1)!.code),
  });
});
afterEach(async () => {
  await federation[Symbol.asyncDispose]();
});

/** A directory that waits for nothing but answers. */
function open(options: Partial<DirectoryOptions> = {}): Directory {
  return createDirectory({ charterNote: federation.charterNote, ...options });
}

/** What the named members do on paths that match; the others are honest. */
function only(names: readonly string[], path: RegExp, what: Interference): Interference {
  return (request) =>
    names.includes(request.member) && path.test(request.path)
      ? what(request)
      : Promise.resolve(undefined);
}

const denial: Interference = () =>
  Promise.resolve({ status: 200, json: { results: [{ state: 'absent' }] } });
const portal: Interference = () => Promise.resolve({ text: '<html>Log in to the Wi-Fi</html>' });

/** The honest answer with other keys. */
const otherKeys: Interference = async ({ answer }) => {
  const { status, json } = await answer();
  const { results } = json as { results: { keys?: { key: string }[] }[] };
  for (const { keys = [] } of results) {
    for (const key of keys) key.key = encodeBase64Url(new Uint8Array(32).fill(66));
  }
  return { status, json };
};

describe('an answer', () => {
  it('says who agrees, what proves it, when it changed and what is pending', async () => {
    const found = await open().lookup(identifier);
    expect(found).toMatchObject({
      state: 'published',
      binding: { routes: [{ uri: 'sip:alice@sip.example' }] },
      reason: {
        trust: 'agreed',
        agreement: { agreeing: 2, answered: 2, asked: 2, quorum: 2 },
        changedAtMs: 1_700_000_000_000,
        pending: [],
        proof: { state: 'proven', proof: { state: 'published', member: 'alpha' } },
      },
    });
  });

  it('proves that nobody holds a number', async () => {
    const { state, reason } = await open().lookup(stranger);
    expect({ state, reason }).toMatchObject({
      state: 'absent',
      reason: { changedAtMs: null, proof: { state: 'proven', proof: { state: 'absent' } } },
    });
  });

  it('tells of a request that a single member tells of', async () => {
    const request = {
      requestId: encodeBase64Url(new Uint8Array(32).fill(1)),
      class: 'possession',
      timeMs: 1,
      commitFromMs: 2,
    };
    federation.interfere(
      only(['beta'], /lookups$/, async ({ answer }) => {
        const { status, json } = await answer();
        const { results } = json as { results: object[] };
        return { status, json: { results: [{ ...results[0], pending: [request] }] } };
      }),
    );
    const { reason } = await open().lookup(identifier);
    expect(reason.pending).toMatchObject([{ requestClass: 'possession', commitFromMs: 2 }]);
  });

  it('is asked of a quorum alone, and of one more for each that fails', async () => {
    await open().lookup(identifier, { proof: false });
    expect(federation.member('gamma').requests).not.toContain('POST /v1/lookups');
    federation.interfere(only(['alpha'], /lookups$/, portal));
    const { reason } = await open().lookup(identifier, { proof: false });
    expect(reason.members.map(({ member, state }) => [member, state])).toEqual([
      ['alpha', 'failed'],
      ['beta', 'published'],
      ['gamma', 'published'],
    ]);
  });

  it('asks a member that has failed after the others from then on', async () => {
    federation.interfere(only(['alpha'], /./, portal));
    const directory = open();
    await directory.lookup(identifier, { proof: false });
    const { reason } = await directory.lookup(identifier, { proof: false });
    expect(reason.members.map(({ member }) => member)).not.toContain('alpha');
  });

  it('does not wait for a member that hangs', async () => {
    federation.interfere(only(['alpha'], /lookups$/, () => Promise.resolve('hang')));
    const paused: number[] = [];
    const pause = (ms: number): Promise<void> => {
      paused.push(ms);
      return Promise.resolve();
    };
    const found = await open({ pause }).lookup(identifier, { proof: false });
    expect(found.reason).toMatchObject({ agreement: { agreeing: 2, answered: 2 } });
    expect(found.reason.members).toContainEqual({
      member: 'alpha',
      state: 'failed',
      code: 'member_timeout',
    });
    expect(paused.length).toBeGreaterThan(0);
  });
});

describe('trust', () => {
  it('any-member: one answer is enough, and a failing member is not one', async () => {
    await Promise.all([federation.stop('alpha'), federation.stop('beta')]);
    const found = await open().lookup(identifier, { trust: 'any-member' });
    expect(found).toMatchObject({ state: 'published', reason: { agreement: { agreeing: 1 } } });
  });

  it('agreed: a quorum must say the same; fewer are no answer', async () => {
    await Promise.all([federation.stop('alpha'), federation.stop('beta')]);
    await expect(open().lookup(stranger)).rejects.toMatchObject({
      code: 'directory_unavailable',
      details: { answered: 1, needed: 2 },
    });
  });

  it('agreed: one member that denies the number misleads nobody', async () => {
    federation.interfere(only(['alpha'], /lookups$/, denial));
    const found = await open().lookup(identifier);
    expect(found).toMatchObject({
      state: 'published',
      reason: { agreement: { agreeing: 2, answered: 3 } },
    });
  });

  it('agreed: one member that gives other keys misleads nobody', async () => {
    federation.interfere(only(['alpha'], /lookups$/, otherKeys));
    const found = await open().lookup(identifier);
    expect(found.state === 'published' && found.binding.keys[0]!.key[0]).not.toBe(66);
  });

  it('all-members: one that says otherwise, or nothing, is enough for an error', async () => {
    const lookup = async (): Promise<unknown> =>
      await open().lookup(identifier, { trust: 'all-members' });
    expect(await lookup()).toMatchObject({ reason: { agreement: { agreeing: 3, asked: 3 } } });
    federation.interfere(only(['gamma'], /lookups$/, denial));
    await expect(lookup()).rejects.toMatchObject({ code: 'members_disagree' });
    federation.interfere(only(['gamma'], /lookups$/, portal));
    await expect(lookup()).rejects.toMatchObject({ code: 'directory_unavailable' });
  });

  it('any-member with a proof: a member that lies is found out by its own index', async () => {
    federation.interfere(only(['alpha'], /lookups$/, otherKeys));
    await expect(open().lookup(identifier, { trust: 'any-member' })).rejects.toMatchObject({
      code: 'members_disagree',
    });
    federation.interfere(only(['alpha'], /lookups$/, denial));
    await expect(open().lookup(identifier, { trust: 'any-member' })).rejects.toMatchObject({
      code: 'members_disagree',
    });
  });
});

describe('an error', () => {
  it('is never "absent": portals, half answers, redirects, another shape, silence', async () => {
    const faults: Interference[] = [
      portal,
      () => Promise.resolve('break'),
      () => Promise.resolve({ text: '{"results":[{"state":"abs' }),
      () => Promise.resolve({ status: 200, json: { results: [] } }),
      () => Promise.resolve({ status: 200, json: { results: [{ state: 'malformed' }] } }),
      () => Promise.resolve({ status: 302, json: {} }),
      () => Promise.resolve({ status: 204, json: {} }),
      () => Promise.resolve({ status: 404, json: { code: 'route_unknown' } }),
      () => Promise.resolve({ status: 500, json: { code: 'internal_error' } }),
    ];
    for (const fault of faults) {
      federation.interfere(only(['alpha', 'beta', 'gamma'], /lookups$/, fault));
      for (const trust of ['any-member', 'agreed', 'all-members'] as const) {
        const error: unknown = await open()
          .lookup(stranger, { trust })
          .catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({
          code: expect.stringMatching(/^(directory_unavailable|request_refused)$/) as string,
        });
      }
    }
  });

  it('of all proofs is told, and leaves the answer as it is', async () => {
    federation.interfere(
      only(['alpha', 'beta', 'gamma'], /proof$/, () =>
        Promise.resolve({ status: 503, json: { code: 'proof_unavailable' } }),
      ),
    );
    const { reason } = await open().lookup(identifier);
    expect(reason.proof).toEqual({ state: 'unavailable', code: 'directory_unavailable' });
  });

  it('of one proof is another member’s to make good', async () => {
    federation.interfere(
      only(['alpha'], /proof$/, async ({ answer }) => {
        const { json } = await answer();
        return { status: 200, json: { ...(json as object), labelEpoch: 1 } };
      }),
    );
    const { reason } = await open().lookup(identifier);
    expect(reason.proof).toMatchObject({
      state: 'proven',
      proof: { member: 'beta', passedOver: [{ member: 'alpha', code: 'label_proof_invalid' }] },
    });
  });

  it('says so when every proof is bad', async () => {
    federation.interfere(
      only(['alpha', 'beta', 'gamma'], /proof$/, async ({ answer }) => {
        const { json } = await answer();
        return { status: 200, json: { ...(json as object), payload: null } };
      }),
    );
    await expect(open().lookup(identifier)).rejects.toMatchObject({
      code: 'proof_payload_invalid',
    });
  });

  it('names a clock that is behind what a quorum has signed', async () => {
    const clock = { nowMs: () => 1_700_000_000_000 };
    await expect(open({ clock }).prove(identifier)).rejects.toMatchObject({ code: 'clock_wrong' });
  });
});

describe('a change', () => {
  it('that has not reached a quorum yet is asked for once more', async () => {
    const stale = await federation.member('alpha').answer('POST', '/v1/lookups', {
      identifiers: [identifier],
    });
    const directory = open();
    await directory.publish(holding, {
      routes: [{ service: 'sip', uri: 'sip:alice@new.example', preference: 10 }],
    });
    let asked = 0;
    federation.interfere(
      only(['beta', 'gamma'], /lookups$/, ({ member }) => {
        if (member === 'gamma') return denial({} as never);
        asked += 1;
        return Promise.resolve(asked === 1 ? stale : undefined);
      }),
    );
    const found = await directory.lookup(identifier);
    expect(found).toMatchObject({ binding: { routes: [{ uri: 'sip:alice@new.example' }] } });
    expect(asked).toBe(2);
  });
});

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
