/** A member's zone when a thread of it dies: it answers on, and readiness knows. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { createZoneKeys, zoneDs } from '@callbook/dns';
import {
  encodeMessage,
  queryMessage,
  parseMessage,
  parseName,
  recordTypes,
} from '@callbook/dns/wire';
import { openLevelStore } from '@callbook/replication';
import type { Replica } from '@callbook/replication';
import { pino } from 'pino';
import { expect, it, vi } from 'vitest';
import type { NodeConfig } from '../src/config.ts';
import { startMemberZone } from '../src/member-zone.ts';
import { systemClock } from '../src/system-ports.ts';

const apex = 'e164.alpha.test';

async function soaAnswers(port: number): Promise<number> {
  const name = parseName(apex);
  if (name.verdict !== 'accept') throw new Error(name.message);
  const query = encodeMessage(queryMessage({ name: name.value, type: recordTypes.SOA }, { id: 1 }));
  const socket = createSocket('udp4');
  try {
    socket.send(query, port, '127.0.0.1');
    const [answer] = (await once(socket, 'message')) as [Buffer];
    const parsed = parseMessage(answer);
    return parsed.verdict === 'accept' ? parsed.value.answers.length : 0;
  } finally {
    socket.close();
  }
}

it('says that a worker was killed, answers on, and is well again after a while', async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'callbook-member-zone-'));
  stack.defer(async () => await rm(folder, { recursive: true }));
  const at = (name: string): string => join(folder, name);
  const keys = await createZoneKeys(at('zone-keys'), 13);
  const dataDir = at('data');
  const store = await openLevelStore(at('data/store'), {
    cacheBytes: 1 << 20,
    sharedByThreads: true,
  });
  stack.defer(async () => await store.close());
  const member = { name: 'alpha', zone: apex, zoneDs: [zoneDs(apex, keys)], api: 'https://a.test' };
  const replica = {
    memberName: 'alpha',
    bindings: { byDigits: () => undefined, byOwnerHash: () => undefined },
    membership: {
      charters: { current: { hash: new Uint8Array(32) } },
      byName: () => ({ member }),
    },
    onChange: () => () => undefined,
    onCharter: () => () => undefined,
  } as unknown as Replica;
  const config = {
    member: 'alpha',
    dataDir,
    keys: { zone: at('zone-keys') },
    dns: {
      listen: [{ address: '127.0.0.1', port: 0 }],
      nameservers: [{ name: `ns.${apex}`, addresses: ['127.0.0.1'] }],
      contact: 'hostmaster@alpha.test',
      workers: 2,
      answerTableMebibytes: 1,
    },
    api: { listen: { address: '127.0.0.1', port: 0 } },
  } as unknown as NodeConfig;
  const certificates = { dns: undefined, hostRecords: { apiKeyHashes: [], challenges: [] } };
  const workers: Worker[] = [];
  const note = (worker: Worker): void => void workers.push(worker);
  process.on('worker', note);
  stack.defer(() => void process.off('worker', note));
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line) as never);
  const log = pino({}, { write });
  const zone = stack.use(await startMemberZone(config, { replica, certificates, log }));
  const { port } = zone.addresses[0]!;
  expect(zone.troubles()).toEqual([]);
  expect(await soaAnswers(port)).toBe(1);

  await workers.at(-1)!.terminate();
  await expect.poll(() => zone.troubles()).toEqual(['dns_worker_crashed']);
  expect(lines).toContainEqual(
    expect.objectContaining({ msg: 'dns_worker_crashed', workerIndex: 1, crashCount: 1 }),
  );
  for (let count = 0; count < 20; count += 1) expect(await soaAnswers(port)).toBe(1);

  const later = systemClock.nowMs() + 10_001;
  vi.spyOn(systemClock, 'nowMs').mockReturnValue(later);
  expect(zone.troubles()).toEqual([]);
  vi.restoreAllMocks();
});
