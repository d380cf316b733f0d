/** What a holder is told by a watch, and what not. */
import { encodeBase64Url } from '@callbook/protocol';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createDirectory, parseHoldingJson, encodeHoldingJson } from '../src/index.ts';
import type { CodeRequest, Directory, Holding, WatchedHolding, WatchEvent } from '../src/index.ts';
import {
  startFederation,
  trustTestAuthority,
  type Interference,
  type TestFederation,
} from './test-federation.ts';
import type { TestAnswer } from './test-member.ts';

const identifier = 'tel:+34912345678';
const seed = new Uint8Array(32).fill(7);
const routes = [{ service: 'sip', uri: 'sip:thief@evil.example', preference: 10 }] as const;
let federation: TestFederation;
let directory: Directory;
let holding: Holding;
let pauses: number[];
let stop: AbortController;

beforeAll(trustTestAuthority);
beforeEach(async () => {
  federation = await startFederation();
  pauses = [];
  stop = new AbortController();
  directory = createDirectory({
    charterNote: federation.charterNote,
    // A period of a minute in a hundredth of a second, and every look is counted.
    pause: async (ms, signal) => {
      pauses.push(ms);
      await new Promise((resolve) => setTimeout(resolve, ms / 3000));
      signal?.throwIfAborted();
    },
  });
  holding = await directory.claim(claimOptions(seed));
});
afterEach(async () => {
  stop.abort();
  await federation[Symbol.asyncDispose]();
});

function claimOptions(ofSeed: Uint8Array) {
  return {
    identifier,
    seed: ofSeed,
    routes: [],
    visibility: 'dns',
    form: 'app',
    code: ({ member }: CodeRequest) =>
      Promise.resolve(federation.outbox.findLast((sent) => sent.member === member)!.code),
  } as const;
}

function begin(watched: WatchedHolding = holding): () => Promise<WatchEvent> {
  const events = directory.watch(watched, { signal: stop.signal });
  return async () => {
    const next = await events.next();
    if (next.done === true) throw new Error('the watch is over');
    return next.value;
  };
}

/** What the members that `names` has answer to look-ups. */
function said(names: readonly string[], what: object): Interference {
  return async ({ member, path, answer }) => {
    if (!names.includes(member) || path !== '/v1/lookups') return undefined;
    const { json } = await answer();
    const { results } = json as { results: object[] };
    return { status: 200, json: { results: [{ ...results[0], ...what }] } };
  };
}

it('begins by saying who agrees', async () => {
  expect(await begin()()).toMatchObject({ kind: 'watching', agreement: { agreeing: 3, asked: 3 } });
});

it('tells of what somebody else has published with the same key, with a proof', async () => {
  const next = begin();
  await next();
  const thief = parseHoldingJson(encodeHoldingJson(holding));
  await directory.publish(thief, { routes });
  pauses = [];
  expect(await next()).toMatchObject({
    kind: 'changed',
    members: ['alpha', 'beta', 'gamma'],
    proof: { state: 'published', payload: { routes } },
  });
  // Half a period to the next look, and a moment to be sure: well within the period.
  expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(60_000);
});

it('tells of another key in force, and of a holding that was given up', async () => {
  const next = begin();
  await next();
  const thief = await directory.rotate(holding, new Uint8Array(32).fill(66));
  expect(await next()).toMatchObject({ kind: 'rotated' });
  await directory.release(thief);
  // The test's members publish nothing at once; real ones after the pause.
  expect([(await next()).kind, (await next()).kind].sort()).toEqual(['absent', 'released']);
});

it('keeps silent about what the holder does', async () => {
  let current = holding;
  const next = begin(() => [current]);
  await next();
  current = await directory.publish(holding, { routes: [] });
  current = await directory.rotate(current, new Uint8Array(32).fill(9));
  const silence = await Promise.race([
    next(),
    new Promise((resolve) => setTimeout(() => resolve('silence'), 300)),
  ]);
  expect(silence).toBe('silence');
});

it('keeps silent about a change that is under way', async () => {
  const thief = parseHoldingJson(encodeHoldingJson(holding));
  let coming: Holding | undefined;
  const next = begin(() => (coming === undefined ? [holding] : [holding, coming]));
  await next();
  const savePending = ({ holding: to }: { holding: Holding }): void => {
    coming = to;
  };
  await directory.publish(thief, { routes }, { savePending });
  const silence = await Promise.race([
    next(),
    new Promise((resolve) => setTimeout(() => resolve('silence'), 300)),
  ]);
  expect(silence).toBe('silence');
});

it('names a member that lies, and is not frightened by it', async () => {
  federation.interfere(
    said(['beta'], { seq: 7, entryId: encodeBase64Url(new Uint8Array(32).fill(1)) }),
  );
  const next = begin();
  await next();
  expect(await next()).toEqual({ kind: 'member_differs', member: 'beta', says: 'other' });
});

it('names a member that lags, once for as long as it does', async () => {
  const gamma = federation.member('gamma');
  const old: Record<string, TestAnswer> = {
    '/v1/lookups': await gamma.answer('POST', '/v1/lookups', { identifiers: [identifier] }),
    // What it proves was true once, and is no change.
    '/v1/proof': await gamma.answer('POST', '/v1/proof', { identifier }),
  };
  holding = await directory.publish(holding, { routes: [] });
  federation.interfere(({ member, path }) =>
    Promise.resolve(member === 'gamma' ? old[path] : undefined),
  );
  const next = begin();
  await next();
  expect(await next()).toEqual({ kind: 'member_differs', member: 'gamma', says: 'behind' });
  await directory.publish(holding, { routes });
  expect(await next()).toMatchObject({ kind: 'changed', members: ['alpha', 'beta', 'gamma'] });
});

it('tells that the members cannot be reached, and when they can again', async () => {
  federation.interfere(() => Promise.resolve({ text: '<html>Log in</html>' }));
  const next = begin();
  expect(await next()).toEqual({ kind: 'unreachable', code: 'directory_unavailable' });
  federation.interfere(() => Promise.resolve(undefined));
  expect(await next()).toMatchObject({ kind: 'watching' });
});

it('tells of a request, and refuses it', async () => {
  const next = begin();
  await next();
  await directory.replace({
    ...claimOptions(new Uint8Array(32).fill(66)),
    requestClass: 'possession',
  });
  const event = await next();
  expect(event).toMatchObject({ kind: 'request', request: { requestClass: 'possession' } });
  if (event.kind !== 'request') throw new Error(event.kind);
  await event.veto();
  expect(await next()).toEqual({ kind: 'request_gone', requestId: event.request.requestId });
});

it('ends when it is told to, and takes no period that would be a flood', async () => {
  const events = directory.watch(holding, { signal: stop.signal });
  await events.next();
  stop.abort();
  expect(await events.next()).toEqual({ done: true, value: undefined });
  await expect(directory.watch(holding, { periodMs: 999 }).next()).rejects.toThrow(RangeError);
});
