/** The way to every code of the gateway and the relay, for the test that wants each to be met. */
import { ObliviousRelay } from '../../src/oblivious/relay.ts';
import { ObliviousGateway } from '../../src/oblivious/gateway.ts';
import { problemBytes, problemOf } from '../../src/problem.ts';
import type { ApiErrorCode, ApiError } from '../../src/index.ts';
import { firstKey, seal, sealMessage } from './ohttp-client.ts';
import type { InnerRequest } from './ohttp-client.ts';
import { relayedFrom, send, startObliviousMembers } from './oblivious-members.ts';
import type { ObliviousMember, RawAnswer } from './oblivious-members.ts';

type Provocation = () => Promise<{ json: unknown }>;
type ObliviousCode = Extract<
  ApiErrorCode,
  | 'binary_message_malformed'
  | 'capsule_date_invalid'
  | 'capsule_key_unknown'
  | 'capsule_malformed'
  | 'capsule_replayed'
  | 'gateway_busy'
  | 'oblivious_target_refused'
  | 'relay_busy'
  | 'relay_failed'
  | 'relay_rate_limited'
  | 'relay_target_unknown'
>;

const gatewayPath = '/.well-known/ohttp-gateway';
const mediaType = 'message/ohttp-req';

async function start(...names: readonly string[]): Promise<ObliviousMember> {
  const [member] = await startObliviousMembers(names.length === 0 ? ['alpha'] : names);
  return member!;
}

function jsonOf({ octets }: RawAnswer): { json: unknown } {
  return { json: JSON.parse(Buffer.from(octets).toString()) as unknown };
}

async function inside(request: InnerRequest): Promise<{ json: unknown }> {
  const member = await start();
  const key = firstKey(member.service.keys.encoded);
  const sealed = await seal(key, request, member.clockMs);
  const answer = await send(member, gatewayPath, { mediaType, octets: sealed.capsule });
  const { content } = await sealed.open(answer.octets);
  return { json: JSON.parse(Buffer.from(content).toString()) as unknown };
}

/** The problem of an error that only a full member has. */
function problemIn(error: unknown): { json: unknown } {
  const { code } = error as ApiError;
  return { json: JSON.parse(problemBytes(problemOf(code)).toString()) as unknown };
}

export const obliviousProvocations: Record<ObliviousCode, Provocation> = {
  capsule_malformed: async () =>
    jsonOf(await send(await start(), gatewayPath, { mediaType, octets: new Uint8Array(1) })),
  capsule_key_unknown: async () =>
    jsonOf(await send(await start(), gatewayPath, { mediaType, octets: new Uint8Array(99) })),
  capsule_replayed: async () => {
    const member = await start();
    const key = firstKey(member.service.keys.encoded);
    const { capsule } = await sealMessage(key, new Uint8Array(1));
    await send(member, gatewayPath, { mediaType, octets: capsule });
    return jsonOf(await send(member, gatewayPath, { mediaType, octets: capsule }));
  },
  capsule_date_invalid: async () => await inside({ path: '/dns-query', fields: { date: 'now' } }),
  oblivious_target_refused: async () => await inside({ path: '/v1/entries' }),
  binary_message_malformed: async () => {
    const member = await start();
    const sealed = await sealMessage(firstKey(member.service.keys.encoded), new Uint8Array(1));
    const answer = await send(member, gatewayPath, { mediaType, octets: sealed.capsule });
    const { content } = await sealed.open(answer.octets);
    return { json: JSON.parse(Buffer.from(content).toString()) as unknown };
  },
  gateway_busy: async () => {
    const member = await start();
    const gateway = new ObliviousGateway({
      keys: member.service.keys,
      clock: { nowMs: () => member.clockMs },
      random: { bytes: (size) => new Uint8Array(size) },
      authority: () => 'localhost',
      ask: async () => await Promise.reject(new Error('nobody is asked')),
    });
    const asked = Array.from(
      { length: 1025 },
      async () => await gateway.exchange(new Uint8Array()).catch((error: unknown) => error),
    );
    return problemIn((await Promise.all(asked)).at(-1));
  },
  relay_target_unknown: async () =>
    jsonOf(await send(await start(), '/v1/relay/alpha', { mediaType, octets: new Uint8Array(99) })),
  relay_busy: async () => {
    const member = await start('alpha', 'beta');
    const relay = new ObliviousRelay({
      charter: () => member.charter(),
      memberName: 'alpha',
      connections: { ask: async () => await new Promise(() => {}) },
      random: { bytes: (size) => new Uint8Array(size) },
      holdMs: 0,
      onKeyUnknown: () => {},
    });
    for (let count = 0; count < 128; count++) void relay.forward('beta', new Uint8Array());
    return problemIn(
      await relay.forward('beta', new Uint8Array()).catch((error: unknown) => error),
    );
  },
  relay_rate_limited: async () => {
    const names = ['alpha', 'beta'];
    const [alpha] = await startObliviousMembers(names, { limits: { networkCapsulesBurstMax: 0 } });
    return await relayedFrom(alpha!, '203.0.113.7');
  },
  relay_failed: async () => {
    const [alpha, beta] = await startObliviousMembers(['alpha', 'beta']);
    await beta!.api.close();
    const octets = new Uint8Array(99);
    return jsonOf(await send(alpha!, '/v1/relay/beta', { mediaType, octets }));
  },
};
