/**
 * What a worker thread of the DNS server runs: the zone over the store that the daemon has open, with
 * hot answers in the table that all workers share. Loaded by the datagram engine, once a thread; the
 * daemon and its workers speak through `DnsWorkerData` and `DnsWorkerNotice` alone.
 */
import {
  AnswerTable,
  createDirectoryZone,
  createResponder,
  HotResponder,
  loadZoneKeys,
} from '@callbook/dns';
import type { ApiHost, Nameserver, WorkerResponder } from '@callbook/dns';
import { openBindingsReader } from '@callbook/replication/bindings-reader';
import { systemClock } from './system-ports.ts';

/** Settings of a member's zone, the same in every thread. */
export interface ZoneSettings {
  readonly apex: string;
  readonly nameservers: readonly Nameserver[];
  readonly contact: string;
  readonly api?: ApiHost;
  /** When the zone was made; its SOA has one serial in all threads. */
  readonly madeAtMs: number;
}

export interface DnsWorkerData {
  readonly storeFolder: string;
  readonly zoneKeysFolder: string;
  readonly zone: ZoneSettings;
  readonly charterHash: Uint8Array;
  readonly answers: SharedArrayBuffer;
}

export type DnsWorkerNotice = { readonly kind: 'charter'; readonly charterHash: Uint8Array };

/**
 * Most answers come from the table, so a thread itself keeps few: what is left to keep is the SOA's
 * signature, with every denial, and the names being asked for right now.
 */
const threadCacheLimits = { bindingsMax: 2048, signaturesMax: 4096, denialsMax: 256 };

/** As the datagram engine wants it. */
export async function createWorkerResponder(responderData: unknown): Promise<WorkerResponder> {
  const worker = responderData as DnsWorkerData;
  const reader = await openBindingsReader(worker.storeFolder);
  const keys = await loadZoneKeys(worker.zoneKeysFolder);
  let { charterHash } = worker;
  const zone = createDirectoryZone({
    ...worker.zone,
    charterHash: () => charterHash,
    source: reader.bindings,
    keys,
    clock: systemClock,
    limits: threadCacheLimits,
  });
  const table = new AnswerTable(worker.answers);
  const hot = new HotResponder({ table, respond: createResponder([zone]), clock: systemClock });
  return {
    respondInto: (query, out, client) => hot.respondInto(query, out, client),
    takeNotice: (notice) => {
      ({ charterHash } = notice as DnsWorkerNotice);
      // Here and not by who sent it: a thread that has not yet heard would fill the table again with
      // answers of before. The last one to hear ends those.
      table.invalidateAll();
    },
    close: async () => await reader[Symbol.asyncDispose](),
  };
}
