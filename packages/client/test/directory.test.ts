/** The whole life of a holding at honest members, and what goes wrong with one that is not. */
import { deriveKeys, parsePayload } from '@callbook/protocol';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  createDirectory,
  encodePendingJson,
  holdingPayload,
  parsePendingJson,
  type ClaimOptions,
  type Directory,
  type PendingEntry,
} from '../src/index.ts';
import {
  startFederation,
  trustTestAuthority,
  type TestFederation,
  type TestFederationOptions,
} from './test-federation.ts';

const identifier = 'tel:+34912345678';
const routes = [{ service: 'sip', uri: 'sip:alice@sip.example', preference: 10 }] as const;
const seed = new Uint8Array(32).fill(7);

let federation: TestFederation;

beforeAll(trustTestAuthority);
afterEach(async () => {
  await federation[Symbol.asyncDispose]();
});

async function open(options: TestFederationOptions = {}): Promise<Directory> {
  federation = await startFederation(options);
  return createDirectory({ charterNote: federation.charterNote, privacy: 'plain' });
}

/** The newest code that a member has sent. */
function codeOf(member: string): string {
  return federation.outbox.findLast((sent) => sent.member === member)!.code;
}

function claimOptions(options: Partial<ClaimOptions> = {}): ClaimOptions {
  return {
    identifier,
    seed,
    routes,
    visibility: 'dns',
    form: 'app',
    code: ({ member }) => Promise.resolve(codeOf(member)),
    ...options,
  };
}

describe('claim', () => {
  it('claims a free number with one challenge and a quorum of receipts', async () => {
    const directory = await open();
    const holding = await directory.claim(claimOptions());
    expect(holding).toMatchObject({ identifier, labelEpoch: 0, epoch: 0, seq: 0 });
    expect(holding.receipts.length).toBeGreaterThanOrEqual(2);
    expect(federation.outbox).toHaveLength(1);
    expect(holdingPayload(holding).keys.map(({ use }) => use)).toEqual(['identity', 'sip', 'box']);
  });

  it('takes eight digits typed by a person', async () => {
    const directory = await open();
    const holding = await directory.claim(claimOptions({ form: 'digits' }));
    expect(holding.seq).toBe(0);
  });

  it('is challenged by f + 1 members, and passes receipts on', async () => {
    const directory = await open({ names: ['alpha', 'beta', 'gamma', 'delta'], faults: 1 });
    const holding = await directory.claim(claimOptions());
    expect(federation.outbox).toHaveLength(2);
    expect(holding.receipts.length).toBeGreaterThanOrEqual(3);
  });

  it('asks the named member first', async () => {
    const directory = await open();
    await directory.claim(claimOptions({ members: ['gamma'] }));
    expect(federation.member('gamma').requests).toContain('POST /v1/challenges');
    expect(federation.member('alpha').requests).toEqual(['GET /v1/charter/2']);
  });

  it('asks for the code again when it was wrong, and gives up after five', async () => {
    const directory = await open();
    const attempts: number[] = [];
    const code: ClaimOptions['code'] = ({ attempt }) => {
      attempts.push(attempt);
      return Promise.resolve('00000000');
    };
    await expect(directory.claim(claimOptions({ form: 'digits', code }))).rejects.toMatchObject({
      code: 'code_wrong',
    });
    expect(attempts).toEqual([1, 2, 3, 4, 5]);
  });

  it('fails over to another member when one does not answer', async () => {
    const directory = await open();
    await federation.stop('alpha');
    const holding = await directory.claim(claimOptions());
    expect(holding.receipts[0]!.origin).toBe('api.beta.test/log');
  });

  it('brings the same entry to the other members when the first cannot', async () => {
    const directory = await open();
    federation.member('alpha').isolated = true;
    const holding = await directory.claim(claimOptions());
    expect(holding.receipts).toHaveLength(3);
    expect(federation.member('beta').requests).toContain('POST /v1/entries');
  });

  it('saves the entry before the first member sees it', async () => {
    const directory = await open();
    let seen = 0;
    await directory.claim(
      claimOptions({
        savePending: () => {
          seen = federation.members
            .flatMap(({ requests }) => requests)
            .filter((r) => r === 'POST /v1/entries').length;
        },
      }),
    );
    expect(seen).toBe(0);
  });

  it('reports an identifier that somebody holds', async () => {
    const directory = await open();
    await directory.claim(claimOptions());
    const other = claimOptions({ seed: new Uint8Array(32).fill(8) });
    await expect(directory.claim(other)).rejects.toMatchObject({ code: 'identifier_held' });
  });

  it('refuses routes that no member would take, before it signs', async () => {
    const directory = await open();
    const bad = claimOptions({ routes: [{ service: 'sip', uri: 'https://x', preference: 1 }] });
    await expect(directory.claim(bad)).rejects.toMatchObject({ code: 'payload_invalid' });
  });

  it('refuses to claim under an expired charter', async () => {
    const directory = await open({ expiresAtMs: Date.now() - 1000 });
    await expect(directory.claim(claimOptions())).rejects.toMatchObject({
      code: 'charter_expired',
    });
  });

  it('never has the identifier in an error', async () => {
    const directory = await open();
    await Promise.all(['alpha', 'beta', 'gamma'].map((name) => federation.stop(name)));
    const error = await directory.claim(claimOptions()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'directory_unavailable' });
    expect(JSON.stringify([error, String((error as Error).cause)])).not.toContain('34912345678');
  });
});

describe('resume', () => {
  it('continues a register after a crash with the same bytes', async () => {
    const directory = await open();
    let saved: PendingEntry | undefined;
    const crash = claimOptions({
      savePending: (pending) => {
        saved = parsePendingJson(JSON.parse(JSON.stringify(encodePendingJson(pending))));
        throw new Error('crash');
      },
    });
    await expect(directory.claim(crash)).rejects.toThrow('crash');
    const holding = await directory.resume(saved!);
    expect(holding.entryId).toEqual(saved!.holding.entryId);
    expect((await directory.lookup(identifier)).state).toBe('published');
  });

  it('passes new challenges when the members have forgotten the old ones', async () => {
    const directory = await open();
    let saved: PendingEntry | undefined;
    const savePending = (pending: PendingEntry): void => {
      saved = pending;
      federation.members.forEach((member) => member.forgetChallenges());
    };
    await expect(directory.claim(claimOptions({ savePending }))).rejects.toMatchObject({
      code: 'challenge_lost',
    });
    const { form, code } = claimOptions();
    const holding = await directory.resume(saved!, { challenge: { form, code } });
    expect(holding.entryId).toEqual(saved!.holding.entryId);
    expect(federation.outbox).toHaveLength(2);
  });

  it('says that an entry is incomplete while too few members have it', async () => {
    const directory = await open();
    federation.member('alpha').isolated = true;
    let saved: PendingEntry | undefined;
    const savePending = async (pending: PendingEntry): Promise<void> => {
      saved = pending;
      await Promise.all([federation.stop('beta'), federation.stop('gamma')]);
    };
    await expect(directory.claim(claimOptions({ savePending }))).rejects.toMatchObject({
      code: 'entry_incomplete',
      details: { count: 1, needed: 2 },
    });
    expect(saved).toBeDefined();
  });
});

describe('changes', () => {
  it('publishes other routes, rotates and releases, one chain', async () => {
    const directory = await open();
    const first = await directory.claim(claimOptions());
    const updated = await directory.publish(first, {
      routes: [{ service: 'sip', uri: 'sip:alice@elsewhere.example', preference: 10 }],
    });
    expect(updated).toMatchObject({ seq: 1, ownershipId: first.ownershipId });
    const newSeed = new Uint8Array(32).fill(9);
    const rotated = await directory.rotate(updated, newSeed);
    expect(rotated).toMatchObject({ seq: 0, epoch: 0, seed: newSeed });
    const found = await directory.lookup(identifier);
    const { identity } = deriveKeys(newSeed, rotated);
    expect(found).toMatchObject({
      state: 'published',
      binding: { routes: [{ uri: 'sip:alice@elsewhere.example' }], seq: 0 },
    });
    expect(found.state === 'published' && found.binding.keys[0]!.key).toEqual(identity.publicKey);
    await directory.publish(rotated, { visibility: 'api' });
    await directory.release(rotated);
    expect((await directory.lookup(identifier)).state).toBe('absent');
  });

  it('keeps keys that the holder brought along when it rotates', async () => {
    const directory = await open();
    const own = { use: 'identity', algorithm: 'ed25519', key: new Uint8Array(32).fill(3) } as const;
    const first = await directory.claim(claimOptions({ keys: [own] }));
    const rotated = await directory.rotate(first, new Uint8Array(32).fill(9));
    const payload = parsePayload(rotated.payload);
    expect(payload).toMatchObject({ value: { keys: [own] } });
  });

  it('tells where an entry stands at every member', async () => {
    const directory = await open();
    const holding = await directory.claim(claimOptions());
    await federation.stop('gamma');
    const states = await directory.entryState(holding.entryId);
    expect(states.map(({ state }) => state)).toEqual(['complete', 'complete', 'failed']);
    const unknown = await directory.entryState(new Uint8Array(32));
    expect(unknown[0]).toEqual({ member: 'alpha', state: 'unknown' });
  });
});
