/** A member's keys while it runs: what the charter must name, and who says that the parent has a DS. */
import { once } from 'node:events';
import { createSocket } from 'node:dgram';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  changeKeyState,
  createResponder,
  createStaticZone,
  createZoneKeys,
  generateZoneKeys,
  openKeyFolder,
  requestRoll,
  startDnsServer,
  zoneDs,
} from '@callbook/dns';
import {
  encodeMessage,
  queryMessage,
  parseMessage,
  parseName,
  recordTypes,
} from '@callbook/dns/wire';
import type { CharterMember } from '@callbook/protocol';
import { openLevelStore } from '@callbook/replication';
import type { Replica } from '@callbook/replication';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { NodeConfig } from '../src/config.ts';
import { startMemberKeys, zoneKeyTimings } from '../src/member-keys.ts';
import type { MemberKeys } from '../src/member-keys.ts';
import { startZoneServer } from '../src/zone-server.ts';

const zone = 'e164.alpha.test';
let stack = new AsyncDisposableStack();
let folder = '';
let lines: Record<string, unknown>[] = [];
beforeEach(async () => {
  stack = new AsyncDisposableStack();
  folder = await mkdtemp(join(tmpdir(), 'callbook-member-keys-'));
  stack.defer(async () => await rm(folder, { recursive: true }));
  lines = [];
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(async () => {
  vi.useRealTimers();
  await stack.disposeAsync();
});

const log = pino(
  {},
  { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
);

/** A charter's member whose DS the test changes. */
function charterMember(zoneDsTexts: readonly string[]): CharterMember {
  return { zone, zoneDs: zoneDsTexts } as unknown as CharterMember;
}

async function start(
  member: () => CharterMember,
  keys: NonNullable<NodeConfig['dns']['keys']> = {},
): Promise<MemberKeys> {
  const settings = { propagationSeconds: 60, parentDsTtlSeconds: 60, ...keys };
  const config = { keys: { zone: folder }, dns: { keys: settings } } as unknown as NodeConfig;
  return stack.use(await startMemberKeys(config, member, log));
}

/** Time passes on the member's clock, to its next round. */
async function pass(keys: MemberKeys, seconds: number): Promise<void> {
  vi.setSystemTime(Date.now() + seconds * 1000);
  await keys.keyring.advance();
}

const phases = ({ keyring }: MemberKeys): string =>
  keyring
    .snapshot()
    .state.keys.filter(({ role }) => role === 'ksk')
    .map(({ id, phase }) => `${id} ${phase}`)
    .join();

async function rollKsk(): Promise<void> {
  await changeKeyState(openKeyFolder(folder), Date.now(), (state) => requestRoll(state, 'ksk'));
}

describe('the keys of a member', () => {
  it('are not those of another: it does not start', async () => {
    await createZoneKeys(folder, 13);
    const others = zoneDs(zone, generateZoneKeys(13));
    await expect(start(() => charterMember([others]))).rejects.toMatchObject({
      code: 'member_key_mismatch',
    });
  });

  it('roll over when a new charter names the new DS', async () => {
    const first = zoneDs(zone, await createZoneKeys(folder, 13));
    let member = charterMember([first]);
    const keys = await start(() => member);
    await rollKsk();
    await pass(keys, 20);
    expect(phases(keys)).toBe('ksk active,ksk-2 published');
    await pass(keys, 4000);
    expect(phases(keys)).toBe('ksk active,ksk-2 ready');
    expect(lines.map(({ msg }) => msg)).toContain('zone_key_awaits_ds');
    const store = openKeyFolder(folder);
    const second = zoneDs(zone, { ksk: store.loadKey('ksk-2'), zsk: store.loadKey('zsk') });
    member = charterMember([first, second]);
    await pass(keys, 20);
    expect(phases(keys)).toBe('ksk retired,ksk-2 active');
    await pass(keys, 200);
    expect(phases(keys)).toBe('ksk-2 active');
    expect(JSON.stringify(lines)).not.toContain(second.split(' ')[3]);
  });

  it('wait for configured servers of the parent as well', async () => {
    vi.useRealTimers();
    const first = zoneDs(zone, await createZoneKeys(folder, 13));
    const parentKeys = generateZoneKeys(13);
    let ds = [first];
    const server = stack.use(
      await startDnsServer({
        listen: [{ address: '127.0.0.1', port: 0 }],
        respond: (query, transport) =>
          createResponder([
            createStaticZone({
              apex: 'alpha.test.',
              nameservers: [{ name: 'ns.alpha.test.', addresses: ['127.0.0.1'] }],
              delegations: [
                { name: zone, nameservers: [{ name: `ns.${zone}`, addresses: [] }], ds },
              ],
              keys: parentKeys,
              clock: { nowMs: () => Date.now() },
            }),
          ])(query, transport),
      }),
    );
    vi.useFakeTimers({ toFake: ['Date'] });
    let member = charterMember([first]);
    const keys = await start(() => member, { parentServers: [...server.addresses] });
    await rollKsk();
    await pass(keys, 0);
    await pass(keys, 4000);
    expect(phases(keys)).toBe('ksk active,ksk-2 ready');
    const store = openKeyFolder(folder);
    const second = zoneDs(zone, { ksk: store.loadKey('ksk-2'), zsk: store.loadKey('zsk') });
    member = charterMember([first, second]);
    await keys.keyring.advance();
    expect(phases(keys)).toBe('ksk active,ksk-2 ready');
    ds = [second];
    await keys.keyring.advance();
    expect(phases(keys)).toBe('ksk retired,ksk-2 active');
    expect(lines.map(({ msg }) => msg)).not.toContain('zone_parent_unknown');
  });

  it('take their times from the configuration', () => {
    const dns = { keys: { zskLifetimeDays: 7, kskLifetimeDays: 365 } } as NodeConfig['dns'];
    expect(zoneKeyTimings(dns)).toMatchObject({
      zskLifetimeMs: 7 * 86_400_000,
      kskLifetimeMs: 365 * 86_400_000,
      propagationMs: 7_200_000,
      parentDsTtlMs: 86_400_000,
    });
  });

  it('reach the threads that answer', async () => {
    vi.useRealTimers();
    const first = zoneDs(zone, await createZoneKeys(folder, 15));
    const keys = await start(() => charterMember([first]));
    const storeFolder = join(folder, 'store');
    const store = await openLevelStore(storeFolder, { cacheBytes: 1 << 20, sharedByThreads: true });
    stack.defer(async () => await store.close());
    const server = stack.use(
      await startZoneServer({
        listen: [{ address: '127.0.0.1', port: 0 }],
        workers: 1,
        answerTableMebibytes: 1,
        replica: {
          bindings: { byDigits: () => undefined, byOwnerHash: () => undefined },
          membership: { charters: { current: { hash: new Uint8Array(32) } } },
          onChange: () => () => undefined,
          onCharter: () => () => undefined,
        } as unknown as Pick<Replica, 'bindings' | 'membership' | 'onChange' | 'onCharter'>,
        storeFolder,
        zoneKeysFolder: folder,
        keys: keys.keyring,
        zone: {
          apex: zone,
          nameservers: [{ name: `ns.${zone}`, addresses: ['127.0.0.1'] }],
          contact: 'hostmaster@alpha.test',
        },
      }),
    );
    const { port } = server.addresses[0]!;
    expect(await countDnskeys(port)).toBe(2);
    await changeKeyState(openKeyFolder(folder), Date.now(), (state) => requestRoll(state, 'zsk'));
    await keys.keyring.advance();
    await expect.poll(async () => await countDnskeys(port)).toBe(3);
  });
});

async function countDnskeys(port: number): Promise<number> {
  const name = parseName(zone);
  if (name.verdict !== 'accept') throw new Error(name.message);
  const socket = createSocket('udp4');
  const query = encodeMessage(
    queryMessage({ name: name.value, type: recordTypes.DNSKEY }, { id: 1 }),
  );
  socket.send(query, port, '127.0.0.1');
  const [datagram] = (await once(socket, 'message')) as [Uint8Array];
  socket.close();
  const parsed = parseMessage(datagram);
  return parsed.verdict === 'accept' ? parsed.value.answers.length : 0;
}
