/** How a member with an empty store decides to begin, over real sockets. */
import { afterEach, beforeEach, expect, it } from 'vitest';

import { bootstrapStore } from '../../src/join/bootstrap.ts';
import type { BootstrapOptions } from '../../src/join/bootstrap.ts';
import { mark } from '../../src/join/store-wipe.ts';
import { needsJoin } from '../../src/join/snapshot-join.ts';
import { memoryStore } from '../../src/store/memory-store.ts';
import type { Store } from '../../src/store/store.ts';
import { crypto, foundFederation, openReplica, vrfSecretKey } from '../support/federation.ts';
import type { TestFederation } from '../support/federation.ts';
import { Holder, submissionOf } from '../support/holder.ts';
import { MeshMembers } from '../support/mesh-members.ts';
import type { RunningMember } from '../support/mesh-members.ts';

let federation: TestFederation;
let members: MeshMembers;
let alpha: RunningMember;
let store: Store;
let joining: number;

beforeEach(async () => {
  federation = await foundFederation({ count: 2 });
  members = new MeshMembers(federation);
  alpha = await members.start('alpha', { ownLogConfirmed: true, indexed: true });
  const made = await new Holder('tel:+4915123456789').register();
  await alpha.replica.log(submissionOf(made, 'challenged'));
  store = memoryStore();
  joining = 0;
});
afterEach(() => members[Symbol.asyncDispose]());

function optionsOf(how: BootstrapOptions['how'], nowMs = Date.now()): BootstrapOptions {
  const beta = federation.members.find(({ name }) => name === 'beta')!;
  return {
    how,
    replica: {
      store,
      crypto,
      clock: { nowMs: () => nowMs },
      charterNotes: [federation.note],
      memberName: 'beta',
      logSigner: crypto.ed25519Signer(beta.logSecretKey),
      vrfSecretKey,
    },
    peerKey: beta.peerKey,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    addressesOf: () => alpha.mesh.addresses(),
    onJoining: () => {
      joining++;
      return Promise.resolve();
    },
    onRefused: (_name, code) => {
      throw new Error(code);
    },
  };
}

it('takes a snapshot when it is told to, and is known by its key as a member', async () => {
  expect(await bootstrapStore(optionsOf('snapshot'))).toBe('joined');
  expect(joining).toBe(1);
  await using beta = await openReplica(federation, 'beta', { store });
  expect(beta.bindings.byDigits('4915123456789')).toEqual(
    alpha.replica.bindings.byDigits('4915123456789'),
  );
  expect(beta.logSizes()).toEqual(
    alpha.replica.logSizes().map((log) => (log.size > 0 ? log : { ...log, size: 1 })),
  );
});

it('begins by the logs where these are short, and among founders asks nobody', async () => {
  expect(await bootstrapStore(optionsOf('auto'))).toBe('logs');
  const { effectiveAtMs } = federation.charter;
  expect(await bootstrapStore({ ...optionsOf('auto', effectiveAtMs), addressesOf: () => [] })).toBe(
    'logs',
  );
  expect(await bootstrapStore(optionsOf('logs'))).toBe('logs');
  expect(joining).toBe(0);
  expect(await needsJoin(store)).toBe(true);
});

it('goes on with a join that a crash has ended, and keeps a store that has something', async () => {
  await mark(store);
  expect(await bootstrapStore(optionsOf('auto'))).toBe('joined');
  expect(await bootstrapStore(optionsOf('snapshot'))).toBe('kept');
  expect(joining).toBe(1);
  // Told to do without, it empties what a crash has left.
  await mark(store);
  expect(await bootstrapStore(optionsOf('logs'))).toBe('logs');
  expect(await sizesIn(store)).toEqual([0, 0]);
});

async function sizesIn(emptied: Store): Promise<number[]> {
  await using beta = await openReplica(federation, 'beta', {
    store: emptied,
    ownLogConfirmed: false,
  });
  return beta.logSizes().map(({ size }) => size);
}
