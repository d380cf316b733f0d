/**
 * Zones that several suites ask: a directory with fictitious numbers, `test.` and a private root,
 * with a clock that tests move.
 */
import type { Clock, PublishedBinding, PublishedKey, Route } from '@callbook/protocol';
import {
  createDirectoryZone,
  createResponder,
  createStaticZone,
  dsRecord,
  generateZoneKeys,
} from '@callbook/dns';
import type {
  ApiHost,
  HostRecords,
  BindingsZone,
  BindingSource,
  Responder,
  Zone,
  ZoneAlgorithm,
  ZoneKeys,
} from '@callbook/dns';
import {
  encodeMessage,
  ownerHash,
  parseMessage,
  parseName,
  queryMessage,
} from '@callbook/dns/wire';
import type { DomainName, Message } from '@callbook/dns/wire';

export const directoryApex = 'e164.alpha.test.';

/** Returns the name, or fails the test. */
export function nameOf(text: string): DomainName {
  const name = parseName(text);
  if (name.verdict !== 'accept') throw new Error(name.message);
  return name.value;
}

/** Returns the ENUM name of a number below the directory's apex. */
export function enumName(digits: string): string {
  return `${Array.from(digits).reverse().join('.')}.${directoryApex}`;
}

export class TestClock implements Clock {
  now: number = Date.UTC(2026, 0, 15);
  nowMs(): number {
    return this.now;
  }
}

export interface BindingDraft {
  readonly identifier: PublishedBinding['identifier'];
  readonly visibility?: PublishedBinding['visibility'];
  readonly routes?: readonly Route[];
  readonly keys?: readonly PublishedKey[];
  readonly entryOctet?: number;
  readonly origin?: string;
  readonly changedAtMs?: number;
}

const identityKey: PublishedKey = {
  use: 'identity',
  algorithm: 'ed25519',
  key: new Uint8Array(32).fill(1),
};
export const boxKey: PublishedKey = {
  use: 'box',
  algorithm: 'x25519',
  key: new Uint8Array(32).fill(2),
};
export const sipKey: PublishedKey = {
  use: 'sip',
  algorithm: 'p256',
  key: Uint8Array.of(4, ...new Uint8Array(64).fill(3)),
};
export const openpgpKey: PublishedKey = {
  use: 'openpgp',
  algorithm: 'openpgp',
  key: new Uint8Array(500).fill(7),
};
const sipRoute: Route = { service: 'sip', uri: 'sip:alice@sip.example', preference: 10 };

function bindingOf(draft: BindingDraft): PublishedBinding {
  return {
    identifier: draft.identifier,
    visibility: draft.visibility ?? 'dns',
    routes: draft.routes ?? [sipRoute],
    keys: draft.keys ?? [identityKey, boxKey, sipKey, openpgpKey],
    labelEpoch: 1,
    label: new Uint8Array(32),
    epoch: 0,
    seq: 0,
    ownershipId: new Uint8Array(32).fill(9),
    entryId: new Uint8Array(32).fill(draft.entryOctet ?? 0xab),
    origin: draft.origin ?? 'api.alpha.test/log',
    changedAtMs: draft.changedAtMs ?? Date.now(),
    pending: [],
  };
}

/** A source in memory, with a switch that makes it throw. */
export class TestSource implements BindingSource {
  isBroken = false;
  reads = 0;
  private readonly byIdentifier: Map<string, PublishedBinding> = new Map();
  private readonly byHash: Map<string, PublishedBinding> = new Map();

  publish(draft: BindingDraft): void {
    const binding = bindingOf(draft);
    this.byIdentifier.set(binding.identifier, binding);
    this.byHash.set(ownerHash(binding.identifier), binding);
  }

  byDigits(digits: string): PublishedBinding | undefined {
    this.read();
    return this.byIdentifier.get(`tel:+${digits}`);
  }

  byOwnerHash(hash: string): PublishedBinding | undefined {
    this.read();
    return this.byHash.get(hash);
  }

  private read(): void {
    this.reads += 1;
    if (this.isBroken) throw new Error('store is closed');
  }
}

export interface TestZones {
  readonly clock: Clock;
  readonly source: TestSource;
  readonly root: Zone;
  readonly test: Zone;
  readonly directory: BindingsZone;
  /** DS line of the root. */
  readonly trustAnchor: string;
  readonly directoryKeys: ZoneKeys;
}

/** Where the zones' name servers are said to be, and the directory's API. */
export interface TestPlaces {
  readonly root: readonly string[];
  readonly test: readonly string[];
  readonly directory: readonly string[];
  readonly api: ApiHost;
  readonly hosts: HostRecords;
}

const loopbackPlaces: TestPlaces = {
  root: ['127.0.0.1'],
  test: ['127.0.0.1'],
  directory: ['127.0.0.1', '::1'],
  api: {
    addresses: ['192.0.2.1', '2001:db8::1'],
    service: { alpn: ['h2', 'http/1.1'], port: 8443, ohttp: true },
  },
  hosts: { apiKeyHashes: [new Uint8Array(32)], challenges: [] },
};

/** Makes the root, `test.` and `e164.alpha.test.`, each delegating to the next. */
export function createTestZones(
  algorithm: ZoneAlgorithm = 13,
  clock: Clock = new TestClock(),
  places: TestPlaces = loopbackPlaces,
): TestZones {
  const keys = {
    root: generateZoneKeys(algorithm),
    test: generateZoneKeys(algorithm),
    directory: generateZoneKeys(algorithm),
  };
  const source = new TestSource();
  source.publish({ identifier: 'tel:+4915123456789' });
  source.publish({ identifier: 'tel:+34912345678', visibility: 'api' });
  source.publish({ identifier: 'tel:+15555550100', routes: [], keys: [] });
  source.publish({ identifier: 'mailto:alice@example.com' });
  const directory = createDirectoryZone({
    apex: directoryApex,
    nameservers: [{ name: `ns1.${directoryApex}`, addresses: places.directory }],
    contact: 'hostmaster@alpha.test',
    api: places.api,
    hostRecords: () => places.hosts,
    charterHash: () => new Uint8Array(32).fill(0xcc),
    source,
    keys: keys.directory,
    clock,
  });
  const test = createStaticZone({
    apex: 'test.',
    nameservers: [{ name: 'ns.test.', addresses: places.test }],
    delegations: [
      {
        name: directoryApex,
        nameservers: [{ name: `ns1.${directoryApex}`, addresses: places.directory }],
        ds: [dsRecord(directoryApex, keys.directory)],
      },
      {
        name: 'plain.test.',
        nameservers: [{ name: 'ns.plain.test.', addresses: ['127.0.0.1'] }],
        ds: [],
      },
    ],
    records: [{ name: 'www.deep.test.', rdatas: [{ type: 'A', address: '192.0.2.80' }] }],
    keys: keys.test,
    clock,
  });
  const root = createStaticZone({
    apex: '.',
    nameservers: [{ name: 'ns.root-servers.test.', addresses: places.root }],
    delegations: [
      {
        name: 'test.',
        nameservers: [{ name: 'ns.test.', addresses: places.test }],
        ds: [dsRecord('test.', keys.test)],
      },
    ],
    keys: keys.root,
    clock,
  });
  const trustAnchor = dsRecord('.', keys.root);
  return { clock, source, root, test, directory, trustAnchor, directoryKeys: keys.directory };
}

export interface QueryDraft {
  readonly name: string;
  readonly type: number;
  readonly class?: number;
  /** Undefined sends no OPT. */
  readonly edns?: Partial<Message['edns'] & object>;
  readonly recursionDesired?: boolean;
}

/** Encodes a query. */
export function queryOf(draft: QueryDraft): Uint8Array {
  const { name, type, class: questionClass = 1, recursionDesired = false } = draft;
  const question = { name: nameOf(name), type, class: questionClass };
  return encodeMessage(
    queryMessage(question, {
      id: 0x1234,
      recursionDesired,
      edns:
        draft.edns === undefined
          ? undefined
          : {
              udpPayloadBytes: 1232,
              version: 0,
              dnssecOk: false,
              compactOk: false,
              options: [],
              ...draft.edns,
            },
    }),
  );
}

/** Asks a responder over UDP and parses what it says. */
export function ask(respond: Responder, draft: QueryDraft): Message {
  const response = respond(queryOf(draft), 'udp');
  if (response === undefined) throw new Error('no response');
  const message = parseMessage(response);
  if (message.verdict !== 'accept') throw new Error(message.message);
  return message.value;
}

/** Makes a responder for the directory zone alone. */
export function directoryResponder(zones: TestZones = createTestZones()): Responder {
  return createResponder([zones.directory]);
}
