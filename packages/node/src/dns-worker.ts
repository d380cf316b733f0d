/**
 * What a worker thread of the DNS server runs: the zone over the store that the daemon has open, with
 * hot answers in the table that all workers share. Loaded by the datagram engine, once a thread; the
 * daemon and its workers speak through `DnsWorkerData` and `DnsWorkerNotice` alone.
 */
import {
  AnswerTable,
  createDirectoryZone,
  createResponder,
  datagramAnswerBytesMax,
  FollowedKeyring,
  HotResponder,
  RateLimiter,
} from '@callbook/dns';
import type {
  ApiHost,
  ClientAddress,
  CookieSecrets,
  HostRecords,
  KeyringSnapshot,
  Nameserver,
  RateLimitMemory,
  ResponderOptions,
  WorkerResponder,
} from '@callbook/dns';
import { openBindingsReader } from '@callbook/replication/bindings-reader';
import { washDigits, washQuery } from './forgetting/wash-query.ts';
import { washThread } from './forgetting/wash-thread.ts';
import { systemClock } from './system-ports.ts';
import { pickZoneSigners } from './zone-signers.ts';

/** Settings of a member's zone, the same in every thread. */
export interface ZoneSettings {
  readonly apex: string;
  readonly nameservers: readonly Nameserver[];
  readonly contact: string;
  readonly api?: ApiHost;
  /** When the zone was made; its SOA has one serial in all threads. */
  readonly madeAtMs: number;
}

/** What guards and names the server, the same in every thread; each part may be left out. */
export interface ServingSettings {
  readonly cookieSecrets?: CookieSecrets;
  readonly rateLimit?: RateLimitMemory;
  readonly nsid?: Uint8Array;
}

export interface DnsWorkerData {
  readonly storeFolder: string;
  readonly zoneKeysFolder: string;
  /** Which of the keys in that folder are used for what. */
  readonly keys: KeyringSnapshot;
  readonly zone: ZoneSettings;
  readonly serving: ServingSettings;
  readonly charterHash: Uint8Array;
  /** Of the gateway's keys. */
  readonly obliviousKeyHashes: readonly Uint8Array[];
  readonly hostRecords: HostRecords;
  /** Of the table of hot answers. */
  readonly answers: SharedArrayBuffer;
}

export type DnsWorkerNotice =
  | { readonly kind: 'charter'; readonly charterHash: Uint8Array }
  | { readonly kind: 'keys'; readonly snapshot: KeyringSnapshot }
  | { readonly kind: 'obliviousKeys'; readonly hashes: readonly Uint8Array[] }
  | { readonly kind: 'hostRecords'; readonly records: HostRecords }
  | { readonly kind: 'cookies'; readonly cookieSecrets: CookieSecrets }
  | { readonly kind: 'wash' };

/**
 * Most answers come from the table, so a thread itself keeps few: the SOA's signature, which is in
 * every denial, and those of names that are being asked for right now.
 */
const threadCacheLimits = { bindingsMax: 64, signaturesMax: 64, denialsMax: 0 };

/** Who asks when nobody does. */
const nobody: ClientAddress = { octets: new Uint8Array(4), port: 0 };

/** As the datagram engine wants it. */
export async function createWorkerResponder(responderData: unknown): Promise<WorkerResponder> {
  const worker = responderData as DnsWorkerData;
  const reader = await openBindingsReader(worker.storeFolder);
  let { charterHash, obliviousKeyHashes, hostRecords } = worker;
  let { cookieSecrets } = worker.serving;
  const openSigner = await pickZoneSigners();
  const keys = new FollowedKeyring(worker.zoneKeysFolder, worker.keys, openSigner);
  const zone = createDirectoryZone({
    ...worker.zone,
    charterHash: () => charterHash,
    obliviousKeyHashes: () => obliviousKeyHashes,
    hostRecords: () => hostRecords,
    source: reader.bindings,
    keys,
    clock: systemClock,
    limits: threadCacheLimits,
  });
  const serving = responderOptions(worker.serving, () => cookieSecrets!);
  const table = new AnswerTable(worker.answers);
  const wash = washQuery(worker.zone.apex);
  const washRoom = new Uint8Array(datagramAnswerBytesMax);
  const respond = createResponder([zone], { ...serving, reusesRoom: true });
  const hot = new HotResponder({
    table,
    respond,
    takeEndMs: () => zone.takeEndMs(),
    clock: systemClock,
    ...serving,
  });
  return {
    respondInto: (query, out, client) => hot.respondInto(query, out, client),
    takeNotice: (given) => {
      const notice = given as DnsWorkerNotice;
      if (notice.kind === 'cookies') {
        cookieSecrets = notice.cookieSecrets;
        return;
      }
      if (notice.kind === 'wash') {
        hot.respondInto(wash, washRoom, nobody);
        reader.bindings.byDigits(washDigits);
        washThread();
        return;
      }
      if (notice.kind === 'keys') keys.follow(notice.snapshot);
      else if (notice.kind === 'charter') charterHash = notice.charterHash;
      else if (notice.kind === 'hostRecords') hostRecords = notice.records;
      else obliviousKeyHashes = notice.hashes;
      // Here and not by who sent it: a thread that has not yet heard would fill the table again with
      // answers of before. The last one to hear ends those.
      table.invalidateAll();
    },
    close: async () => await reader[Symbol.asyncDispose](),
  };
}

/** What a responder takes of the settings; secrets are asked for at each use, so they can be rolled. */
export function responderOptions(
  { cookieSecrets, rateLimit, nsid }: ServingSettings,
  secrets: () => CookieSecrets,
): ResponderOptions {
  return {
    ...(cookieSecrets !== undefined && { cookies: { secrets, clock: systemClock } }),
    ...(rateLimit !== undefined && { rateLimiter: new RateLimiter(rateLimit, systemClock) }),
    ...(nsid !== undefined && { nsid }),
  };
}
