/** A member that got a leaf without its payload asks the others, and ends up serving it. */
import { encodeCbor } from '@callbook/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  encodePayloadsAnswer,
  encodePayloadsRequest,
  parsePayloadsAnswer,
  parsePayloadsRequest,
} from '../../src/payloads/payload-messages.ts';
import { PayloadSeeker } from '../../src/payloads/payload-seeker.ts';
import type { Replica } from '../../src/replica.ts';
import { memoryStore } from '../../src/store/memory-store.ts';
import type { Store } from '../../src/store/store.ts';
import { foundFederation, openReplica, TestClock } from '../support/federation.ts';
import type { TestFederation } from '../support/federation.ts';
import { Holder } from '../support/holder.ts';
import type { MadeEntry } from '../support/holder.ts';
import { HandWrittenLog } from '../support/liar.ts';
import { MeshMembers, until } from '../support/mesh-members.ts';
import { scriptedNetwork } from '../support/scripted-network.ts';

const number = 'tel:+4915123456789';
let federation: TestFederation;
let members: MeshMembers;

beforeEach(async () => {
  federation = await foundFederation();
  members = new MeshMembers(federation);
});
afterEach(() => members[Symbol.asyncDispose]());

/** Alpha's and beta's leaves of a registration and an update, with the payloads or without. */
async function leavesOf(holder: Holder, at: number) {
  const made = {
    register: await holder.register(),
    update: await holder.update('sip:new@sip.test'),
  };
  const logs = (has: { register: boolean; update: boolean }) => {
    const [alpha, beta] = [
      new HandWrittenLog(federation, 'alpha'),
      new HandWrittenLog(federation, 'beta'),
    ];
    const add = (
      log: HandWrittenLog,
      role: 'challenged' | 'witnessed' | 'received',
      which: 'register' | 'update',
    ) => {
      const { entry, opened } = made[which];
      log.add({ at, role, entry, ...(has[which] && { opened: opened! }) });
    };
    add(alpha, 'challenged', 'register');
    add(beta, 'witnessed', 'register');
    add(alpha, 'received', 'update');
    return [alpha.batch(), beta.batch()];
  };
  return { made, logs };
}

async function ingest(replica: Replica, batches: Parameters<Replica['ingest']>[0][]) {
  for (const batch of batches) expect((await replica.ingest(batch)).verdict).toBe('accept');
}

/**
 * A store in which gamma has this, before it is connected: of a member that has not got a payload
 * either, it would not ask for it again for a minute.
 */
async function gammaStore(
  batches: Parameters<Replica['ingest']>[0][],
  expectOf: (gamma: Replica) => Promise<void>,
): Promise<Store> {
  const store = memoryStore();
  await using gamma = await openReplica(federation, 'gamma', { store, ownLogConfirmed: false });
  await ingest(gamma, batches);
  await expectOf(gamma);
  return store;
}

describe('a member from which the origin withholds a payload', () => {
  it('gets it from another member and serves it', async () => {
    const { logs } = await leavesOf(new Holder(number), Date.now());
    const beta = await members.start('beta');
    // Beta's own log is in these leaves: it takes in only what alpha wrote.
    await ingest(beta.replica, logs({ register: true, update: true }).slice(0, 1));
    const withheld = logs({ register: true, update: false });
    const store = await gammaStore(withheld, async ({ bindings, payloads }) => {
      expect(bindings.byIdentifier(number)).toMatchObject({ seq: 0 });
      expect(await payloads.missing(undefined, 10)).toHaveLength(1);
    });
    const gamma = await members.start('gamma', { store });
    const served = () => gamma.replica.bindings.byIdentifier(number);
    await until(() => served()?.seq === 1);
    expect(served()?.routes[0]?.uri).toBe('sip:new@sip.test');
    expect(await gamma.replica.payloads.missing(undefined, 10)).toEqual([]);
  });

  it('learns whose label it is only then, where it got no payload at all', async () => {
    const { logs } = await leavesOf(new Holder(number), Date.now());
    const beta = await members.start('beta');
    await ingest(beta.replica, logs({ register: true, update: true }).slice(0, 1));
    const withheld = logs({ register: false, update: false });
    const store = await gammaStore(withheld, async ({ bindings }) => {
      expect(bindings.byIdentifier(number)).toBeUndefined();
    });
    const gamma = await members.start('gamma', { store });
    await until(() => gamma.replica.bindings.byIdentifier(number)?.seq === 1);
  });

  it('still knows what it lacks after a restart', async () => {
    const { logs } = await leavesOf(new Holder(number), Date.now());
    const store = memoryStore();
    const gamma = await openReplica(federation, 'gamma', { store });
    await ingest(gamma, logs({ register: true, update: false }));
    await gamma[Symbol.asyncDispose]();
    const again = await openReplica(federation, 'gamma', { store });
    expect(await again.payloads.missing(undefined, 10)).toHaveLength(1);
    await again[Symbol.asyncDispose]();
  });
});

describe('a payload that is supplied', () => {
  let replica: Replica;
  let made: { register: MadeEntry; update: MadeEntry };
  let clock: TestClock;
  let stop: () => Promise<void>;
  let asked: number;

  /** Gamma lacks the update's payload and asks beta, which answers with this. */
  async function answered(answer: (count: number) => Uint8Array | undefined): Promise<string[]> {
    const incidents: string[] = [];
    const askedBefore = asked;
    let rounds = 0;
    const network = scriptedNetwork('beta', (request) => {
      asked++;
      const wanted = parsePayloadsRequest(request);
      return answer(wanted.verdict === 'accept' ? wanted.value.length : 0);
    });
    const seeker = new PayloadSeeker({
      replica,
      network,
      clock,
      scheduler: {
        delay: () => {
          rounds++;
          return new Promise((resolve) => setTimeout(resolve, 2));
        },
        yield: async () => {},
      },
      onIncident: (_, code) => incidents.push(code),
    });
    stop = () => seeker[Symbol.asyncDispose]();
    await until(() => asked > askedBefore);
    // The round in which it has asked has ended, and some after it.
    const roundsThen = rounds;
    await until(() => rounds >= roundsThen + 5);
    return incidents;
  }

  beforeEach(async () => {
    asked = 0;
    clock = new TestClock();
    const leaves = await leavesOf(new Holder(number), clock.nowMs());
    made = leaves.made;
    replica = await openReplica(federation, 'gamma', { clock });
    await ingest(replica, leaves.logs({ register: true, update: false }));
  });
  afterEach(async () => {
    await stop();
    await replica[Symbol.asyncDispose]();
  });

  it('is not taken when it does not open the commitment, and its sender is told on', async () => {
    const wrong = made.register.opened!;
    expect(await answered(() => encodePayloadsAnswer([wrong]))).toEqual(['commitment_mismatch']);
    expect(replica.bindings.byIdentifier(number)).toMatchObject({ seq: 0 });
  });

  it('is not asked for again at once where there is none', async () => {
    expect(await answered(() => encodePayloadsAnswer([undefined]))).toEqual([]);
    expect(asked).toBe(1);
    clock.advance(60_001);
    await until(() => asked === 2);
  });

  it('is not taken from a malformed answer', async () => {
    const frames = [
      Uint8Array.of(0xff),
      encodeCbor({ v: 1, payloads: [] }),
      encodeCbor({ v: 1, payloads: [[new Uint8Array(32)]] }),
      encodeCbor({ v: 1, payloads: [null], more: 1 }),
    ];
    for (const frame of frames) {
      const codes = await answered(() => frame);
      expect(codes.length).toBeGreaterThan(0);
      clock.advance(60_001);
      await stop();
    }
  });

  it('is taken when it fits', async () => {
    await answered(() => encodePayloadsAnswer([made.update.opened]));
    expect(replica.bindings.byIdentifier(number)).toMatchObject({ seq: 1 });
    expect(asked).toBe(1);
  });
});

describe('a request for payloads', () => {
  const wanted = { label: new Uint8Array(32).fill(1), commitment: new Uint8Array(32).fill(2) };

  it('is read back as it was written, at most 16 at once', () => {
    expect(parsePayloadsRequest(encodePayloadsRequest([wanted]))).toEqual({
      verdict: 'accept',
      value: [wanted],
    });
    const many = (count: number) =>
      encodePayloadsRequest(Array.from({ length: count }, () => wanted));
    expect(parsePayloadsRequest(many(16)).verdict).toBe('accept');
    expect(many(16).length).toBeLessThanOrEqual(2048);
    expect(parsePayloadsRequest(many(17)).verdict).toBe('reject');
  });

  it('is refused when it is of another form', () => {
    const { label } = wanted;
    for (const bad of [[label], [label, label.subarray(1)], [label, 'text'], label]) {
      const frame = encodeCbor({ v: 1, wanted: [bad] });
      expect(parsePayloadsRequest(frame)).toMatchObject({ code: 'request_malformed' });
    }
    expect(parsePayloadsAnswer(encodePayloadsAnswer([undefined]), 2)).toMatchObject({
      code: 'request_malformed',
    });
  });
});
