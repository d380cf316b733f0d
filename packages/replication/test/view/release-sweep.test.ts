/** Ending releases writes on its own, outside any request: what becomes of it when the store fails. */
import { expect, it } from 'vitest';

import { faultyStore } from '../support/faulty-store.ts';
import { foundFederation, openReplica, TestClock } from '../support/federation.ts';
import { Holder, submissionOf } from '../support/holder.ts';

it('stops the replica when the store fails under it, and rejects nothing that nobody awaits', async () => {
  const releaseMs = 1000;
  const federation = await foundFederation({ count: 1, releaseMs });
  const [store, clock] = [faultyStore(), new TestClock()];
  const replica = await openReplica(federation, 'alpha', { store, clock });
  const failed = new Promise<Error>((resolve) => replica.onFailure(resolve));
  const holder = new Holder('tel:+4915123456789');
  await replica.log(submissionOf(await holder.register(), 'challenged'));
  await replica.log(submissionOf(await holder.release(), 'received'));
  // Rows of releases: the next to write one is the sweep. vitest fails on a stray rejection.
  store.failNextOf('failed, not persisted', 'x');
  clock.advance(releaseMs + 1);
  expect(await failed).toMatchObject({ code: 'replica_stopped' });
  expect(replica.failure).toBeDefined();
  await replica[Symbol.asyncDispose]();
});
