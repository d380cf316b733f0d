/** An Android app names itself once, and every member that it asks for a code is told. */
import { expect, it } from 'vitest';
import { createDirectory } from '../src/index.ts';
import type { Fetch } from '../src/member-call.ts';
import { startFederation, trustTestAuthority } from './test-federation.ts';

it.each([['FA+9qCX9VSu'], [undefined]])('codes are asked for with the hash %s', async (hash) => {
  await trustTestAuthority();
  await using federation = await startFederation({
    names: ['alpha', 'beta', 'gamma', 'delta'],
    faults: 1,
  });
  const asked: unknown[] = [];
  const fetch: Fetch = async (url, init) => {
    const body = init?.body;
    const isAsking = url.endsWith('/v1/challenges') && typeof body === 'string';
    if (isAsking) asked.push(JSON.parse(body));
    return await globalThis.fetch(url, init);
  };
  const { charterNote, outbox } = federation;
  const named = hash === undefined ? {} : { smsAppHash: hash };
  const directory = createDirectory({ charterNote, fetch, ...named });
  await directory.claim({
    identifier: 'tel:+34912345678',
    seed: new Uint8Array(32).fill(7),
    routes: [{ service: 'sip', uri: 'sip:alice@sip.example', preference: 10 }],
    visibility: 'dns',
    form: 'app',
    code: async ({ member }) =>
      await Promise.resolve(outbox.findLast((sent) => sent.member === member)!.code),
  });
  // f + 1 members.
  expect(asked).toHaveLength(2);
  for (const body of asked as { appHash?: string }[]) expect(body.appHash).toBe(hash);
});
