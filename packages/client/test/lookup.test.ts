/** What a look-up needs to be believed, and what it makes of members that fail, lag or lie. */
import { encodeBase64Url } from '@callbook/protocol';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDirectory } from '../src/index.ts';
import type { Directory, DirectoryOptions, Holding } from '../src/index.ts';
import {
  claimHeld,
  denial,
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
let holding: Holding;

beforeAll(trustTestAuthority);
beforeEach(async () => {
  federation = await startFederation();
  holding = await claimHeld(federation);
});
afterEach(async () => {
  await federation[Symbol.asyncDispose]();
});

/** A directory that waits for nothing but answers. */
function open(options: Partial<DirectoryOptions> = {}): Directory {
  const { charterNote } = federation;
  return createDirectory({ charterNote, privacy: 'plain', pause: patient, ...options });
}

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
