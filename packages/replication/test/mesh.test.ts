import { randomBytes } from 'node:crypto';

import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { identify } from '@libp2p/identify';
import { tcp } from '@libp2p/tcp';
import { tls } from '@libp2p/tls';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { createMesh } from '../src/mesh.ts';
import type { Mesh } from '../src/mesh.ts';
import type { Replica } from '../src/replica.ts';
import { memoryStore } from '../src/store/memory-store.ts';
import type { Store } from '../src/store/store.ts';
import { crypto, foundFederation, openReplica, seedOf } from './support/federation.ts';
import type { TestFederation } from './support/federation.ts';
import { Holder, submissionOf } from './support/holder.ts';
import type { MadeEntry } from './support/holder.ts';

vi.setConfig({ testTimeout: 90_000 });

interface Member {
  readonly replica: Replica;
  readonly mesh: Mesh;
}

let federation: TestFederation;
let members: Map<string, Member>;
const addresses = new Map<string, readonly string[]>();
/** What a member that is started again finds: a log of its own that went on would fork otherwise. */
const stores = new Map<string, Store>();

async function start(name: string, options: { gossip: boolean }) {
  const { peerKey } = federation.members.find((member) => member.name === name)!;
  const replica = await openReplica(federation, name, { store: storeOf(name) });
  const mesh = await createMesh({
    replica,
    crypto,
    peerKey,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    gossip: options.gossip,
    addressesOf: (other) => addresses.get(other) ?? [],
  });
  addresses.set(name, mesh.addresses());
  const member = { replica, mesh };
  members.set(name, member);
  return member;
}

function storeOf(name: string): Store {
  const store = stores.get(name) ?? memoryStore();
  stores.set(name, store);
  return store;
}

async function stop(name: string): Promise<void> {
  const { mesh, replica } = members.get(name)!;
  members.delete(name);
  addresses.delete(name);
  await mesh[Symbol.asyncDispose]();
  await replica[Symbol.asyncDispose]();
}

async function until(holds: () => boolean, timeoutMs = 20_000): Promise<void> {
  const giveUpMs = Date.now() + timeoutMs;
  while (!holds()) {
    if (Date.now() > giveUpMs) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const connectedTo = (name: string, count: number): boolean =>
  members.get(name)!.mesh.connected().length === count;

beforeEach(async () => {
  federation = await foundFederation();
  members = new Map();
  addresses.clear();
  stores.clear();
});
afterEach(async () => {
  await Promise.all([...members.keys()].map(stop));
});

describe.each([{ gossip: true }, { gossip: false }])('three members, gossip $gossip', (options) => {
  beforeEach(async () => {
    await Promise.all(['alpha', 'beta', 'gamma'].map((name) => start(name, options)));
    await until(() => ['alpha', 'beta', 'gamma'].every((name) => connectedTo(name, 2)));
  });

  it('publish at every member what a quorum has notarised', async () => {
    const alpha = members.get('alpha')!;
    const made = await new Holder('tel:+4915123456789').register('sip:alice@sip.test');
    const own = await alpha.replica.log(submissionOf(made, 'challenged'));
    if (own.verdict !== 'accept') throw new Error(own.code);
    const { entry, opened } = made;
    const receipts = await alpha.mesh.notarise({ entry, opened: opened!, receipts: [own.value] });
    // One is enough for the quorum of two, and a member to which gossip has brought both leaves
    // already need not add a third.
    expect(receipts.length).toBeGreaterThanOrEqual(1);
    expect(['api.beta.test/log', 'api.gamma.test/log']).toContain(receipts[0]!.origin);
    for (const { replica } of members.values()) {
      await until(() => replica.bindings.byDigits('4915123456789') !== undefined);
    }
    // Whoever mirrors the logs proves by them what their members may not answer for.
    const { replica: gamma } = members.get('gamma')!;
    const mirrored = gamma.receiptsOf(made.entryId);
    const verdicts = mirrored.map((receipt) => gamma.receipted(entry, receipt).verdict);
    expect(verdicts).toEqual(mirrored.map(() => 'accept'));
    expect(mirrored.map(({ origin }) => origin)).toContain('api.alpha.test/log');
    expect(mirrored.length).toBeGreaterThanOrEqual(2);
    expect(gamma.receiptsOf(new Uint8Array(32))).toEqual([]);
  });

  it('answer a request to notarise before the challenged leaves with a verdict', async () => {
    const alpha = members.get('alpha')!;
    const { entry, opened } = await new Holder('tel:+4915123456789').register();
    expect(await alpha.mesh.notarise({ entry, opened: opened!, receipts: [] })).toEqual([]);
  });

  it('witness on their own what reaches them with its challenged leaf', async () => {
    const { replica } = members.get('alpha')!;
    const made = await new Holder('tel:+34912345678').register();
    await replica.log(submissionOf(made, 'challenged'));
    await until(() => replica.entryState(made.entryId)?.state === 'complete');
  });

  it('bring updates of one member to all others, in order', async () => {
    const [alpha, gamma] = [members.get('alpha')!, members.get('gamma')!];
    const holder = new Holder('tel:+15555550100');
    const made = await holder.register();
    await alpha.replica.log(submissionOf(made, 'challenged'));
    await until(() => alpha.replica.entryState(made.entryId)?.state === 'complete');
    for (let seq = 1; seq <= 30; seq++) {
      const update = await holder.update(`sip:u${seq}@sip.test`);
      const verdict = await alpha.replica.log(submissionOf(update, 'received'));
      expect(verdict.verdict).toBe('accept');
    }
    await until(() => gamma.replica.bindings.byDigits('15555550100')?.seq === 30);
  });

  it('bring a member that was down up to date', async () => {
    await stop('gamma');
    const alpha = members.get('alpha')!;
    const people = Array.from({ length: 20 }, (_, i) => new Holder(`tel:+34912341${100 + i}`));
    const made = await Promise.all(people.map((person) => person.register()));
    await Promise.all(made.map((entry) => alpha.replica.log(submissionOf(entry, 'challenged'))));
    await until(() => alpha.replica.entryState(made[0]!.entryId)?.state === 'complete');
    // More leaves than a page holds, and all but a few need no proof.
    const updates: MadeEntry[] = [];
    for (let n = 1; n <= 580; n++) updates.push(await people[0]!.update(`sip:u${n}@sip.test`));
    await Promise.all(updates.map((entry) => alpha.replica.log(submissionOf(entry, 'received'))));
    const gamma = await start('gamma', options);
    const { bindings } = gamma.replica;
    await until(() => people.every(({ identifier }) => bindings.byIdentifier(identifier)), 20_000);
    await until(() => bindings.byIdentifier(people[0]!.identifier)?.seq === 580, 20_000);
  });
});

describe('a mesh', () => {
  it('delivers the log of a member that is away from a mirror', async () => {
    const options = { gossip: false };
    const [alpha, beta] = [await start('alpha', options), await start('beta', options)];
    const made = await new Holder('tel:+4915123456789').register();
    await alpha.replica.log(submissionOf(made, 'challenged'));
    await until(() => beta.replica.bindings.byDigits('4915123456789') !== undefined);
    await stop('alpha');
    const gamma = await start('gamma', options);
    await until(() => gamma.replica.bindings.byDigits('4915123456789') !== undefined);
    expect(gamma.mesh.connected()).toEqual(['beta']);
  });

  it('lets in nobody whose peer id is not in the charter', async () => {
    const alpha = await start('alpha', { gossip: true });
    const stranger = await createLibp2p({
      privateKey: await generateKeyPairFromSeed('Ed25519', seedOf(randomBytes(8).toString('hex'))),
      transports: [tcp()],
      connectionEncrypters: [tls()],
      streamMuxers: [yamux()],
      connectionGater: { denyDialMultiaddr: () => false },
      services: { identify: identify() },
    });
    const address = multiaddr(alpha.mesh.addresses()[0]);
    const reached = await stranger
      .dialProtocol(address, '/callbook/tail/1', { signal: AbortSignal.timeout(3000) })
      .then(() => true)
      .catch(() => false);
    expect(reached).toBe(false);
    expect(alpha.mesh.connected()).toEqual([]);
    await stranger.stop();
  });

  it('redials a member that comes back', async () => {
    const options = { gossip: true };
    await start('alpha', options);
    await start('beta', options);
    await until(() => connectedTo('alpha', 1));
    await stop('beta');
    await until(() => connectedTo('alpha', 0));
    await start('beta', options);
    await until(() => connectedTo('alpha', 1));
  });
});
