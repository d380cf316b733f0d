/**
 * The directory of the bench of the bridge: zones of three members with the same numbers, below a private root, signed
 * online and served by UDP from this process, whose CPU does not count.
 */
import { hash } from 'node:crypto';
import {
  createResponder,
  createStaticZone,
  dsRecord,
  generateZoneKeys,
  startDnsServer,
  type Delegation,
  type StaticRecord,
  type ZoneKeys,
} from '@callbook/dns';

const names = ['alpha', 'beta', 'gamma'];
const nameservers = [{ name: 'ns.test.', addresses: ['127.0.0.1'] }];
const clock = { nowMs: () => Date.now() };
const ttlSeconds = 300;

export interface BenchDirectory extends AsyncDisposable {
  readonly port: number;
  /** DS records of the root, as a file has them. */
  readonly anchor: string;
  readonly suffixes: readonly string[];
}

/** Publishes a SubjectPublicKeyInfo for each number. */
export async function serveNumbers(
  published: ReadonlyMap<string, Uint8Array>,
): Promise<BenchDirectory> {
  const [root, test] = [generateZoneKeys(13), generateZoneKeys(13)];
  const members = names.map((name) => ({ apex: `e164.${name}.test.`, keys: generateZoneKeys(13) }));
  const zone = (
    apex: string,
    keys: ZoneKeys,
    contents: { delegations: Delegation[]; records?: StaticRecord[] },
  ): ReturnType<typeof createStaticZone> =>
    createStaticZone({ apex, nameservers, keys, clock, ...contents });
  const respond = createResponder([
    zone('.', root, { delegations: [delegation('test.', test)] }),
    zone('test.', test, { delegations: members.map(({ apex, keys }) => delegation(apex, keys)) }),
    ...members.map(({ apex, keys }) =>
      zone(apex, keys, {
        delegations: [],
        records: Array.from(published, ([number, spki]) => keysOf(number, spki, apex)),
      }),
    ),
  ]);
  const server = await startDnsServer({ listen: [{ address: '127.0.0.1', port: 0 }], respond });
  return {
    port: server.addresses[0]!.port,
    anchor: `${dsRecord('.', root)}\n`,
    suffixes: members.map(({ apex }) => apex.slice(0, -1)),
    [Symbol.asyncDispose]: async () => await server[Symbol.asyncDispose](),
  };
}

function delegation(name: string, keys: ZoneKeys): Delegation {
  return { name, nameservers, ds: [dsRecord(name, keys)] };
}

/** As members publish a key: its digest, and itself. */
function keysOf(number: string, spki: Uint8Array, apex: string): StaticRecord {
  const digits = Array.from(number.slice(1)).reverse().join('.');
  const tlsa = { type: 'TLSA', usage: 3, selector: 1 } as const;
  const association = new Uint8Array(hash('sha256', spki, 'buffer'));
  return {
    name: `_sip-client.${digits}.${apex}`,
    ttlSeconds,
    rdatas: [
      { ...tlsa, matchingType: 1, association },
      { ...tlsa, matchingType: 0, association: spki },
    ],
  };
}
