/** Drafting and the spreading of charters among running members, over the real network. */
import type { KnownCharter, VerdictCode } from '@callbook/protocol';
import { encodeCbor, nextCharterText, noteSigner, signNote } from '@callbook/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { signDraftChange } from '../../src/draft/draft-change.ts';
import { DraftExchange } from '../../src/draft/draft-exchange.ts';
import { draftProtocol, encodeDraftNews } from '../../src/draft/draft-news.ts';
import {
  draftMessagesBurstMax,
  draftMessagesPerSecondMax,
  draftTimeoutMs,
} from '../../src/limits.ts';
import { createMesh } from '../../src/mesh.ts';
import type { Mesh } from '../../src/mesh.ts';
import type { FrameStream } from '../../src/network/network.ts';
import type { Replica } from '../../src/replica.ts';
import { systemScheduler } from '../../src/scheduler.ts';
import { memoryStore } from '../../src/store/memory-store.ts';
import type { Store } from '../../src/store/store.ts';
import { crypto, foundFederation, openReplica, seedOf } from '../support/federation.ts';
import type { TestFederation } from '../support/federation.ts';
import { faultyStore } from '../support/faulty-store.ts';
import { runLengthBomb } from './automerge-bomb.ts';

vi.setConfig({ testTimeout: 90_000 });

interface Member {
  readonly replica: Replica;
  readonly mesh: Mesh;
  readonly exchange: DraftExchange;
  readonly incidents: (readonly [string, VerdictCode])[];
  readonly failures: Error[];
}

const clock = { nowMs: () => Date.now() };
const names = ['alpha', 'beta', 'gamma'] as const;
const stores = new Map<string, Store>();
const members = new Map<string, Member>();
const addresses = new Map<string, readonly string[]>();
let federation: TestFederation;

async function joinMesh(name: string): Promise<Pick<Member, 'replica' | 'mesh'>> {
  const { peerKey } = secretsOf(name);
  const store = stores.get(name) ?? memoryStore();
  stores.set(name, store);
  const replica = await openReplica(federation, name, { store });
  const mesh = await createMesh({
    replica,
    crypto,
    peerKey,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    gossip: false,
    addressesOf: (other) => addresses.get(other) ?? [],
  });
  addresses.set(name, mesh.addresses());
  return { replica, mesh };
}

const secretsOf = (name: string): TestFederation['members'][number] =>
  federation.members.find((member) => member.name === name)!;

async function start(name: string): Promise<Member> {
  const { replica, mesh } = await joinMesh(name);
  const secrets = secretsOf(name);
  const store = stores.get(name)!;
  const incidents: Member['incidents'] = [];
  const failures: Error[] = [];
  const logSigner = crypto.ed25519Signer(secrets.logSecretKey);
  const exchange = await DraftExchange.open({
    charters: replica,
    memberName: name,
    signer: noteSigner({ name: secrets.origin, signer: logSigner }, crypto),
    store,
    crypto,
    clock,
    scheduler: systemScheduler,
    network: mesh.network,
    onIncident: (...incident) => incidents.push(incident),
    onFailure: (error) => failures.push(error),
  });
  const member = { replica, mesh, exchange, incidents, failures };
  members.set(name, member);
  return member;
}

async function stop(name: string): Promise<void> {
  const { exchange, mesh, replica } = members.get(name)!;
  members.delete(name);
  await exchange[Symbol.asyncDispose]();
  await mesh[Symbol.asyncDispose]();
  await replica[Symbol.asyncDispose]();
}

async function until(holds: () => boolean | Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  const giveUpMs = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > giveUpMs) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const at = (name: string): Member => members.get(name)!;
const fieldsAt = async (name: string) => (await at(name).exchange.drafting.view()).fields;

async function write(name: string, field: string, text: string): Promise<void> {
  await until(async () => {
    try {
      const written = await at(name).exchange.drafting.write([[field, text]]);
      expect(written).toMatchObject({ verdict: 'accept' });
      return true;
    } catch (error) {
      expect(error).toMatchObject({ code: 'draft_unheard' });
      return false;
    }
  });
}

/** The charter after one, at once in force, signed by alpha and beta. */
function charterAfter({ note, charter }: KnownCharter): string {
  const text = nextCharterText(
    {
      statements: new Map([['parameter/lockedMs', `${700_000_000 + charter.version}`]]),
      previousNote: note,
      logs: [],
      effectiveAtMs: charter.effectiveAtMs + 1,
      expiresAtMs: charter.expiresAtMs,
    },
    crypto,
  );
  if (text.verdict !== 'accept') throw new Error(text.message);
  const signers = ['alpha', 'beta'].map((name) => {
    const signer = crypto.ed25519Signer(seedOf(`governance ${name}`));
    return noteSigner({ name: `${name}.test/governance`, signer }, crypto);
  });
  return signNote(text.value, signers);
}

const versionAt = (name: string): number =>
  at(name).replica.membership.charters.current.charter.version;

beforeEach(async () => {
  federation = await foundFederation();
  stores.clear();
  addresses.clear();
});
afterEach(async () => {
  await Promise.all([...members.keys()].map(stop));
});

describe('a draft', () => {
  it('is the same at all members, and there again after a restart', async () => {
    await Promise.all(names.map(start));
    await write('alpha', 'parameter/lockedMs', '1');
    await write('beta', 'state/gamma', 'readonly');
    for (const name of names) await until(async () => (await fieldsAt(name)).length === 2);
    const before = await fieldsAt('gamma');
    await stop('gamma');
    await stop('beta');
    await stop('alpha');
    const gamma = await start('gamma');
    expect((await gamma.exchange.drafting.view()).fields).toEqual(before);
    // Alone it may have written more before than its disk remembers.
    await expect(gamma.exchange.drafting.discard()).rejects.toMatchObject({
      code: 'draft_unheard',
    });
    await start('alpha');
    await write('gamma', 'parameter/lockedMs', '2');
    await until(async () => (await fieldsAt('alpha')).some(({ text }) => text === '2'));
    expect(at('alpha').incidents).toEqual([]);
  });

  it.each(['failed, not persisted', 'failed, but persisted'] as const)(
    'that the disk has %s is shown to nobody, and nobody is accused after the restart',
    async (fault) => {
      const store = faultyStore();
      stores.set('alpha', store);
      await Promise.all(['alpha', 'beta'].map(start));
      await write('alpha', 'parameter/lockedMs', '1');
      await until(async () => (await fieldsAt('beta')).length === 1);
      store.failNextOf(fault, 'g');
      const failed = at('alpha').exchange.drafting.write([['parameter/lockedMs', '2']]);
      await expect(failed).rejects.toMatchObject({ code: 'store_failed' });
      await expect(fieldsAt('alpha')).rejects.toMatchObject({ code: 'store_failed' });
      expect(at('alpha').failures).toMatchObject([{ code: 'store_failed' }]);
      await stop('alpha');
      expect(await fieldsAt('beta')).toMatchObject([{ text: '1' }]);
      await start('alpha');
      await write('alpha', 'parameter/lockedMs', '3');
      await until(async () => (await fieldsAt('beta'))[0]?.text === '3');
      expect(at('beta').incidents).toEqual([]);
    },
  );
});

describe('a signed charter', () => {
  it('spreads to every member, and ends the draft that it was made of', async () => {
    await Promise.all(names.map(start));
    await write('alpha', 'parameter/lockedMs', '1');
    const note = charterAfter(at('alpha').replica.knownCharters[0]!);
    expect(await at('alpha').exchange.drafting.adopt(note)).toMatchObject({ verdict: 'accept' });
    for (const name of names) {
      await until(() => versionAt(name) === 2);
      expect(await fieldsAt(name)).toEqual([]);
    }
    await write('beta', 'parameter/lockedMs', '1');
    await until(async () => (await fieldsAt('gamma')).length === 1);
  });

  it('reaches a member that was away for three of them', async () => {
    await Promise.all(['alpha', 'beta'].map(start));
    for (let version = 2; version <= 4; version++) {
      const note = charterAfter(at('alpha').replica.knownCharters.at(-1)!);
      await at('alpha').exchange.drafting.adopt(note);
    }
    await until(() => versionAt('beta') === 4);
    await stop('alpha');
    await start('gamma');
    await until(() => versionAt('gamma') === 4);
    expect(at('gamma').incidents).toEqual([]);
  });
});

describe('a hostile member', () => {
  let stream: FrameStream;
  beforeEach(async () => {
    await Promise.all(names.map(start));
    await until(() => at('gamma').mesh.connected().length === 2);
    stream = await at('gamma').mesh.network.open('alpha', draftProtocol);
  });

  /** What alpha has against gamma, by now. */
  const against = (): VerdictCode[] =>
    at('alpha').incidents.flatMap(([name, code]) => (name === 'gamma' ? [code] : []));

  const news = (change: object): Uint8Array => {
    const { hash } = at('alpha').replica.knownCharters[0]!;
    const nothing = { excluded: [], held: [], charter: null, discards: [], forks: [], changes: [] };
    return encodeDraftNews({ version: 1, base: hash, ...nothing, ...change });
  };

  it.each<[string, () => Uint8Array, VerdictCode]>([
    ['no CBOR', () => Uint8Array.of(0xff), 'cbor_malformed'],
    ['another message', () => encodeCbor({ v: 1, want: 'draft' }), 'draft_malformed'],
    ['an Automerge change', () => news({ changes: [runLengthBomb(10_000_000)] }), 'cbor_malformed'],
    [
      'too many changes',
      () => news({ changes: Array(65).fill(Uint8Array.of(0)) }),
      'draft_malformed',
    ],
    [
      'a charter that nobody signed',
      () => news({ charter: '{}\n\n— x AAAAAAA=\n' }),
      'charter_malformed',
    ],
  ])('that sends %s is found out', async (_what, frame, code) => {
    await stream.write(frame(), 20_000);
    await stream.read(20_000);
    await until(() => against().length > 0);
    expect(against()).toContain(code);
    await write('alpha', 'parameter/lockedMs', '1');
  });

  it('that writes in the name of another is found out', async () => {
    const { hash } = at('alpha').replica.knownCharters[0]!;
    const { id } = await at('alpha').exchange.drafting.view();
    const change = { base: hash, draft: id, member: 'beta', number: 1, seen: [] };
    const signer = noteSigner(
      { name: 'gamma.test/log', signer: crypto.ed25519Signer(seedOf('log gamma')) },
      crypto,
    );
    const forged = signDraftChange({ ...change, statements: [['state/beta', 'x']] }, signer);
    await stream.write(news({ changes: [forged] }), 20_000);
    await until(() => against().includes('draft_signature_invalid'));
    expect(await fieldsAt('alpha')).toEqual([]);
  });

  it('that signs two changes under one number is named by all, and the draft goes on', async () => {
    const { hash } = at('alpha').replica.knownCharters[0]!;
    const { id } = await at('alpha').exchange.drafting.view();
    const signer = noteSigner(
      { name: 'gamma.test/log', signer: crypto.ed25519Signer(seedOf('log gamma')) },
      crypto,
    );
    const change = { base: hash, draft: id, member: 'gamma', number: 1, seen: [] };
    const sign = (text: string): Uint8Array =>
      signDraftChange({ ...change, statements: [['state/beta', text]] }, signer);
    const toBeta = await at('gamma').mesh.network.open('beta', draftProtocol);
    await toBeta.write(news({ changes: [sign('active')] }), 20_000);
    await toBeta.read(20_000);
    await stream.write(news({ changes: [sign('readonly')] }), 20_000);
    await stream.read(20_000);
    for (const name of ['alpha', 'beta']) {
      await until(async () => (await at(name).exchange.drafting.view()).excluded[0] === 'gamma');
    }
    for (const name of ['alpha', 'beta']) {
      await until(() => at(name).incidents.length > 0);
      expect(at(name).incidents).toEqual([['gamma', 'draft_forked']]);
    }
    await write('alpha', 'parameter/lockedMs', '1');
    await until(async () => (await fieldsAt('beta')).length === 1);
  });

  it('that never answers keeps nobody waiting, and nobody from stopping', async () => {
    await stop('gamma');
    const { mesh, replica } = await joinMesh('gamma');
    await mesh.network.serve(draftProtocol, () => new Promise(() => undefined));
    await until(() => mesh.connected().length === 2);
    await write('alpha', 'parameter/lockedMs', '1');
    // Less than it takes until gamma is given up.
    const keptMsMax = 0.8 * draftTimeoutMs;
    await until(async () => (await fieldsAt('beta')).length === 1, keptMsMax);
    const startedMs = performance.now();
    await stop('alpha');
    expect(performance.now() - startedMs).toBeLessThan(keptMsMax);
    await mesh[Symbol.asyncDispose]();
    await replica[Symbol.asyncDispose]();
  });

  it('that floods is refused, and the others are not', async () => {
    const frame = news({});
    let answers = 0;
    // Messages are gained back with time, so a slow machine needs more of them.
    const startedMs = Date.now();
    for (let sent = 0; sent < 20 * draftMessagesBurstMax; sent++) {
      if (against().includes('draft_flood')) break;
      const one = await at('gamma').mesh.network.open('alpha', draftProtocol);
      await one.write(frame, 20_000);
      if ((await one.read(20_000).catch(() => undefined)) !== undefined) answers++;
      await one.close();
    }
    const gained = ((Date.now() - startedMs) / 1000) * draftMessagesPerSecondMax;
    expect(answers).toBeGreaterThan(0);
    // The last answer is the refusal.
    expect(answers).toBeLessThanOrEqual(draftMessagesBurstMax + gained + 1);
    await until(() => against().includes('draft_flood'));
    await write('beta', 'parameter/lockedMs', '1');
    await until(async () => (await fieldsAt('alpha')).length === 1);
  });
});
