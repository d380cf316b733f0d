import { createServer } from 'node:https';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { ObliviousRelay } from '../../src/oblivious/relay.ts';
import { number } from '../harness.ts';
import { firstKey, seal } from './ohttp-client.ts';
import { send, startObliviousMembers } from './oblivious-members.ts';
import type { ObliviousMember, RawAnswer } from './oblivious-members.ts';

const mediaType = 'message/ohttp-req';
const lookup = {
  path: '/v1/lookups',
  fields: { 'content-type': 'application/json' },
  content: JSON.stringify({ identifiers: [number] }),
};

async function relayed(relay: ObliviousMember, to: string, octets: Uint8Array): Promise<RawAnswer> {
  return await send(relay, `/v1/relay/${to}`, { mediaType, octets });
}

const codeIn = ({ octets }: RawAnswer) =>
  (JSON.parse(Buffer.from(octets).toString()) as { code: string }).code;

/** The statements as a member serves them. */
const bundleOf = async (member: ObliviousMember) =>
  Buffer.from((await send(member, '/v1/oblivious-keys')).octets).toString();

it('brings a capsule to another member of the charter, and its answer back', async () => {
  const [alpha, beta] = await startObliviousMembers(['alpha', 'beta']);
  const key = firstKey((await send(beta!, '/.well-known/ohttp-gateway')).octets);
  const sealed = await seal(key, lookup, beta!.clockMs);
  const answer = await relayed(alpha!, 'beta', sealed.capsule);
  expect([answer.status, answer.mediaType]).toEqual([200, 'message/ohttp-res']);
  expect((await sealed.open(answer.octets)).status).toBe(200);
  const again = await relayed(alpha!, 'beta', sealed.capsule);
  expect([again.status, codeIn(again), again.octets.length]).toEqual([
    400,
    'capsule_replayed',
    512,
  ]);
});

it('relays to nobody else: not to itself, no host, no address, no member that has left', async () => {
  const [alpha, beta] = await startObliviousMembers(['alpha', 'beta', 'gamma']);
  const { members } = alpha!.charter();
  Object.assign(members[2]!, { state: 'readonly' });
  const elsewhere = [`localhost:${beta!.port}`, 'https%3A%2F%2Flocalhost', '127.0.0.1', 'delta'];
  for (const to of ['alpha', 'gamma', 'BETA', 'beta%2F', '..%2Fbeta', ...elsewhere]) {
    const answer = await relayed(alpha!, to, new Uint8Array(99));
    expect([answer.status, codeIn(answer)], to).toEqual([404, 'relay_target_unknown']);
  }
});

it('sends host, content-type and content-length, and no other field', async () => {
  const [alpha] = await startObliviousMembers(['alpha', 'beta']);
  const seen: string[][] = [];
  const fixture = (name: string) => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));
  const tls = { cert: fixture('localhost-certificate.pem'), key: fixture('localhost-key.pem') };
  const sockets = new Set<unknown>();
  const gateway = createServer(tls, (request, response) => {
    seen.push(request.rawHeaders);
    sockets.add(request.socket);
    request.resume().on('end', () => {
      const fields = { 'content-type': 'message/ohttp-res', server: 'x', 'set-cookie': 'a=b' };
      response.writeHead(200, fields).end('answer');
    });
  });
  gateway.listen(0);
  onTestFinished(() => void gateway.close());
  const { port } = gateway.address() as AddressInfo;
  const asked: string[] = [];
  gateway.on('request', ({ url }) => asked.push(url!));
  Object.assign(alpha!.charter().members[1]!, { api: `https://localhost:${port}` });
  seen.length = 0;
  for (let count = 0; count < 3; count++) {
    const response = await relayed(alpha!, 'beta', Buffer.from('octets'));
    expect(Buffer.from(response.octets).toString()).toBe('answer');
  }
  const posted = seen.filter((_fields, place) => asked[place] === '/.well-known/ohttp-gateway');
  expect(posted).toEqual(
    Array.from({ length: 3 }, () => [
      'host',
      `localhost:${port}`,
      'content-type',
      'message/ohttp-req',
      'content-length',
      '6',
    ]),
  );
  // One connection for everybody, but for a fetch of keys at the same time.
  expect(sockets.size).toBeLessThanOrEqual(2);
});

it('holds a few to send them together, in an order that is drawn', async () => {
  const [alpha] = await startObliviousMembers(['alpha', 'beta']);
  const sent: number[][] = [[]];
  const relay = new ObliviousRelay({
    charter: () => alpha!.charter(),
    memberName: 'alpha',
    connections: {
      ask: async ({ content }) => {
        sent.at(-1)!.push(content!.octets[0]!);
        const octets = new Uint8Array();
        return { status: 200, mediaType: 'message/ohttp-res', octets };
      },
    },
    random: { bytes: (size) => crypto.getRandomValues(new Uint8Array(size)) },
    holdMs: 250,
    onKeyUnknown: () => {},
  });
  for (let round = 0; round < 20; round++) {
    sent.push([]);
    const places = Array.from({ length: 8 }, (_, place) => place);
    await Promise.all(
      places.map(async (place) => await relay.forward('beta', Uint8Array.of(place))),
    );
    expect(sent.at(-1)!.toSorted((a, b) => a - b)).toEqual(places);
  }
  expect(new Set(sent.map(String)).size).toBeGreaterThan(15);
});

it('sends one that stays alone after its time', async () => {
  const [alpha] = await startObliviousMembers(['alpha', 'beta']);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  let sentCount = 0;
  const relay = new ObliviousRelay({
    charter: () => alpha!.charter(),
    memberName: 'alpha',
    connections: {
      ask: async () => {
        sentCount += 1;
        return { status: 200, mediaType: 'message/ohttp-res', octets: new Uint8Array() };
      },
    },
    random: { bytes: (size) => new Uint8Array(size) },
    holdMs: 250,
    onKeyUnknown: () => {},
  });
  const forwarded = relay.forward('beta', new Uint8Array());
  await vi.advanceTimersByTimeAsync(249);
  expect(sentCount).toBe(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(sentCount).toBe(1);
  await forwarded;
});

it('hands on no answer that is neither sealed nor a problem', async () => {
  const [alpha] = await startObliviousMembers(['alpha', 'beta']);
  for (const answer of [
    { status: 200, mediaType: 'text/html', octets: new Uint8Array(9) },
    { status: 302, mediaType: 'message/ohttp-res', octets: new Uint8Array(9) },
    { status: 400, mediaType: 'text/html', octets: new Uint8Array(9) },
    { status: 400, mediaType: 'application/problem+json', octets: new Uint8Array(4097) },
  ]) {
    const relay = new ObliviousRelay({
      charter: () => alpha!.charter(),
      memberName: 'alpha',
      connections: { ask: async () => answer },
      random: { bytes: (size) => new Uint8Array(size) },
      holdMs: 0,
      onKeyUnknown: () => {},
    });
    const forwarded = relay.forward('beta', new Uint8Array());
    await expect(forwarded).rejects.toMatchObject({ code: 'relay_failed' });
  }
});

it('shows the same statements at all members, soon after one has new keys', async () => {
  const [alpha, beta, gamma] = await startObliviousMembers(['alpha', 'beta', 'gamma']);
  const members = [alpha!, beta!, gamma!];
  const same = async () => {
    const bundles = await Promise.all(members.map(bundleOf));
    expect(new Set(bundles).size).toBe(1);
    const { statements } = JSON.parse(bundles[0]!) as { statements: string[] };
    expect(statements.length).toBe(3);
    return statements;
  };
  const before = await vi.waitFor(same, { timeout: 20_000, interval: 100 });
  for (const member of members) member.clockMs += 86_400_000;
  beta!.service.keys.turn();
  for (const member of members) member.clockMs += 60_000;
  beta!.service.keys.turn();
  // A relay that meets a key that is not known asks its member at once.
  const stale = { ...firstKey(beta!.service.keys.encoded), keyId: 0 };
  await relayed(alpha!, 'beta', (await seal(stale, lookup, beta!.clockMs)).capsule);
  await vi.waitFor(async () => expect(await same()).not.toEqual(before), {
    timeout: 20_000,
    interval: 100,
  });
}, 60_000);
