import { afterEach, beforeEach, expect, it } from 'vitest';

import type { LoggedRequest } from '../../src/requests/logged-requests.ts';
import type { Replica } from '../../src/replica.ts';
import { memoryStore } from '../../src/store/memory-store.ts';
import { foundFederation, openReplica, TestClock } from '../support/federation.ts';
import type { TestFederation } from '../support/federation.ts';
import { Holder, submissionOf } from '../support/holder.ts';
import type { MadeEntry } from '../support/holder.ts';

const number = 'tel:+4915123456789';
const store = memoryStore();
let federation: TestFederation;
let clock: TestClock;
let alpha: Replica;

beforeEach(async () => {
  federation = await foundFederation({ count: 1 });
  clock = new TestClock();
  alpha = await openReplica(federation, 'alpha', { clock, store: memoryStore() });
});
afterEach(async () => await alpha[Symbol.asyncDispose]());

async function log(made: MadeEntry, role: 'challenged' | 'received'): Promise<void> {
  expect((await alpha.log(submissionOf(made, role))).verdict).toBe('accept');
}

function heard(): LoggedRequest[] {
  const requests: LoggedRequest[] = [];
  alpha.requests.onRequest((request) => requests.push(request));
  return requests;
}

it('tells of a request once, when its leaf is durable, and of nothing else', async () => {
  const requests = heard();
  await log(await new Holder(number).register(), 'challenged');
  const claimant = new Holder(number, 'second');
  const request = await claimant.request(0);
  await log(request, 'challenged');
  const told = {
    requestId: request.entryId,
    label: claimant.label,
    requestClass: 'possession',
    atMs: clock.nowMs(),
    identifier: number,
  };
  expect(requests).toEqual([told]);
  await log(request, 'challenged');
  expect(requests).toHaveLength(1);
  expect(await alpha.requests.untold()).toEqual([told]);
  expect(await alpha.requests.untold(requests[0])).toEqual([]);
});

it('tells whom it has challenged, also where the holder has published nothing', async () => {
  const requests = heard();
  const bare = await new Holder(number).register(null);
  await log(bare, 'challenged');
  const request = await new Holder(number, 'second').request(0);
  const submission = { ...submissionOf(request, 'challenged'), identifier: number } as const;
  expect((await alpha.log(submission)).verdict).toBe('accept');
  expect(requests).toMatchObject([{ requestId: request.entryId, identifier: number }]);
  expect(await alpha.requests.untold()).toEqual(requests);
  expect(alpha.entryState(bare.entryId)).toMatchObject({
    epoch: 0,
    pending: [{ requestId: request.entryId }],
  });
});

it('keeps a request over restarts until its holder is told, and never again', async () => {
  await alpha[Symbol.asyncDispose]();
  alpha = await openReplica(federation, 'alpha', { clock, store });
  await log(await new Holder(number).register(), 'challenged');
  const request = await new Holder(number, 'second').request(0);
  await log(request, 'challenged');
  for (const untold of [1, 0]) {
    await alpha[Symbol.asyncDispose]();
    alpha = await openReplica(federation, 'alpha', { clock, store });
    const requests = await alpha.requests.untold();
    expect(requests).toHaveLength(untold);
    for (const { requestId } of requests) await alpha.requests.told(requestId);
    await log(request, 'challenged');
  }
  expect(await alpha.requests.untold()).toEqual([]);
});
