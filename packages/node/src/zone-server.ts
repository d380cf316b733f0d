/**
 * A directory zone on its sockets: datagrams by the engine of this machine in worker threads, which
 * share a table of hot answers; TCP and TLS in this thread, which also tells the table what has changed. The
 * store must be open with `sharedByThreads`, and stay so until the server is disposed of.
 */
import { randomBytes } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import {
  AnswerNotices,
  chooseDatagramEngine,
  createAnswerTableMemory,
  createDirectoryZone,
  createResponder,
  keyTimingsDefault,
  openKeyFolder,
  openKeyKeeper,
  startDnsServer,
} from '@callbook/dns';
import type {
  CookieSecrets,
  DatagramCounts,
  DatagramEngine,
  DatagramServer,
  DnsServer,
  DnsServerOptions,
  HostRecords,
  KeyKeeper,
  ListenAddress,
  Listener,
  Responder,
  WorkerCrash,
} from '@callbook/dns';
import type { Replica } from '@callbook/replication';
import { responderOptions } from './dns-worker.ts';
import { washDigits, washQuery } from './forgetting/wash-query.ts';
import type { FrontDescription } from './front/front-description.ts';
import type {
  DnsWorkerData,
  DnsWorkerNotice,
  ServingSettings,
  ZoneSettings,
} from './dns-worker.ts';
import { systemClock } from './system-ports.ts';

export interface ZoneServerOptions {
  readonly listen: readonly ListenAddress[];
  /** Threads for the datagrams of each address. */
  readonly workers: number;
  readonly answerTableMebibytes: number;
  readonly replica: Pick<Replica, 'bindings' | 'membership' | 'onChange' | 'onCharter'>;
  /** Of the replica's store. */
  readonly storeFolder: string;
  readonly zoneKeysFolder: string;
  /** Of that folder; without it keys stay as they are at the start. */
  readonly keys?: Pick<KeyKeeper, 'current' | 'snapshot' | 'onChange'>;
  readonly zone: Omit<ZoneSettings, 'madeAtMs'>;
  /** At the start. */
  readonly hostRecords?: HostRecords;
  readonly serving?: ServingSettings;
  readonly tls?: DnsServerOptions['tls'];
  /** Told when the fast engine does not work here. */
  readonly onFallback?: (cause: unknown) => void;
  readonly onWorkerCrash?: (crash: WorkerCrash) => void;
}

export interface ZoneServer extends DnsServer {
  readonly engine: DatagramEngine['name'];
  /** Answers a query that has come some other way, over TLS. */
  answer(query: Uint8Array): Uint8Array | undefined;
  /** Makes and takes cookies with other secrets, where it was started with some. */
  rollCookies(cookieSecrets: CookieSecrets): void;
  /** Publishes what the keys of the oblivious gateway hash to, the newest first. */
  announceObliviousKeys(hashes: readonly Uint8Array[]): void;
  /** Publishes these records of the member's hosts instead of those of before. */
  announceHostRecords(records: HostRecords): void;
  /** Queries since the start, of every transport. */
  asked(): number;
  /** The same for metrics: datagrams of each address, and all else. */
  traffic(): { readonly datagrams: readonly DatagramCounts[]; readonly otherQueries: number };
  /** What front ends need to know to answer alike. */
  describe(): FrontDescription;
  /** Makes the rooms and the threads of the server forget what was asked; not this thread's heap. */
  wash(): void;
}

/** Serves until disposed of. Codes: those of zone keys, `dns_listen_failed`, `dns_datagram_worker_failed`. */
export async function startZoneServer(options: ZoneServerOptions): Promise<ZoneServer> {
  // The daemon's own young generation, made by now, is large by this flag; those of threads that start
  // after this have the size that the engine gives them.
  setFlagsFromString('--max-semi-space-size=0');
  const { engine, fallbackCause } = await chooseDatagramEngine();
  if (fallbackCause !== undefined) options.onFallback?.(fallbackCause);
  const answers = createAnswerTableMemory({
    ...answerTableRoom(options.answerTableMebibytes),
    hashKey: randomBytes(8),
  });
  const state = await ZoneServing.create(options, answers);
  const notices = new AnswerNotices(answers, options.zone.apex);
  await using parts = new AsyncDisposableStack();
  // Before any worker fills the table: a change that nobody told would be missed for an hour.
  parts.defer(options.replica.onChange(({ identifiers }) => notices.bindingsChanged(identifiers)));
  const running: DatagramServer[] = [];
  const notify = (notice: DnsWorkerNotice): void =>
    running.forEach((datagrams) => datagrams.notify(notice));
  parts.defer(state.keys.onChange((snapshot) => notify({ kind: 'keys', snapshot })));
  const notifyCharter = (): void => notify({ kind: 'charter', charterHash: state.charterHash() });
  parts.defer(options.replica.onCharter(notifyCharter));
  const server = parts.use(
    await startDnsServer({
      listen: options.listen,
      respond: state.respond,
      startDatagrams: async (at) => await startEngine(engine, at, { options, state, running }),
      ...(options.tls && { tls: options.tls }),
    }),
  );
  // What has changed while the workers were starting.
  notify({ kind: 'keys', snapshot: state.keys.snapshot() });
  notifyCharter();
  const open = parts.move();
  return {
    ...server,
    engine: engine.name,
    // A copy: the next query is answered in the same room.
    answer: (query) => state.respond(query, 'tls')?.slice(),
    asked: () => state.askedCount + running.reduce((sum, { counts }) => sum + counts().received, 0),
    traffic: () => ({
      datagrams: running.map(({ counts }) => counts()),
      otherQueries: state.askedCount,
    }),
    wash: () => {
      state.wash();
      notify({ kind: 'wash' });
    },
    describe: () => state.describe(),
    announceObliviousKeys: (hashes) => {
      state.obliviousKeyHashes = hashes;
      notify({ kind: 'obliviousKeys', hashes });
    },
    announceHostRecords: (records) => {
      state.hostRecords = records;
      notify({ kind: 'hostRecords', records });
    },
    rollCookies: (cookieSecrets) => {
      state.cookieSecrets = cookieSecrets;
      notify({ kind: 'cookies', cookieSecrets });
    },
    [Symbol.asyncDispose]: async () => await open.disposeAsync(),
  };
}

/**
 * What this thread keeps: of numbers that somebody has, their records and signatures, as the store's
 * cache has them too; of what nobody has, nothing, since a denial is a note of who was looked for.
 */
const cacheLimits = { bindingsMax: 32_768, signaturesMax: 65_536, denialsMax: 0 };

/** What this thread answers TCP with, and what it hands to workers, whenever they start. */
class ZoneServing {
  readonly respond: Responder;
  readonly keys: NonNullable<ZoneServerOptions['keys']>;
  readonly wash: () => void;
  cookieSecrets: CookieSecrets | undefined;
  askedCount = 0;
  obliviousKeyHashes: readonly Uint8Array[] = [];
  hostRecords: HostRecords;
  private readonly options: ZoneServerOptions;
  private readonly zone: ZoneSettings;
  private readonly answers: SharedArrayBuffer;

  private constructor(parts: {
    readonly options: ZoneServerOptions;
    readonly keys: NonNullable<ZoneServerOptions['keys']>;
    readonly answers: SharedArrayBuffer;
  }) {
    const { options, keys } = parts;
    const { serving = {}, replica } = options;
    this.options = options;
    this.keys = keys;
    this.answers = parts.answers;
    this.cookieSecrets = serving.cookieSecrets;
    this.hostRecords = options.hostRecords ?? { apiKeyHashes: [], challenges: [] };
    this.zone = { ...options.zone, madeAtMs: systemClock.nowMs() };
    const zone = createDirectoryZone({
      ...this.zone,
      charterHash: () => this.charterHash(),
      obliviousKeyHashes: () => this.obliviousKeyHashes,
      hostRecords: () => this.hostRecords,
      source: replica.bindings,
      keys,
      clock: systemClock,
      limits: cacheLimits,
    });
    const respond = createResponder([zone], {
      ...responderOptions(serving, () => this.cookieSecrets!),
      reusesRoom: true,
    });
    this.respond = (query, transport, client) => {
      this.askedCount += 1;
      return respond(query, transport, client);
    };
    this.wash = () => {
      respond(washQuery(this.zone.apex), 'tls');
      replica.bindings.byDigits(washDigits);
    };
  }

  static async create(
    options: ZoneServerOptions,
    answers: SharedArrayBuffer,
  ): Promise<ZoneServing> {
    const keys =
      options.keys ??
      (await openKeyKeeper({
        apex: options.zone.apex,
        store: openKeyFolder(options.zoneKeysFolder),
        timings: keyTimingsDefault,
        clock: systemClock,
      }));
    return new ZoneServing({ options, keys, answers });
  }

  charterHash(): Uint8Array {
    return this.options.replica.membership.charters.current.hash;
  }

  describe(): FrontDescription {
    return {
      version: 1,
      zone: this.zone,
      keys: this.keys.snapshot(),
      charterHash: this.charterHash(),
      obliviousKeyHashes: this.obliviousKeyHashes,
      hostRecords: this.hostRecords,
    };
  }

  workerData(): DnsWorkerData {
    const { storeFolder, zoneKeysFolder, serving = {} } = this.options;
    return {
      storeFolder,
      zoneKeysFolder,
      keys: this.keys.snapshot(),
      zone: this.zone,
      serving: this.cookieSecrets ? { ...serving, cookieSecrets: this.cookieSecrets } : serving,
      charterHash: this.charterHash(),
      obliviousKeyHashes: this.obliviousKeyHashes,
      hostRecords: this.hostRecords,
      answers: this.answers,
    };
  }
}

async function startEngine(
  engine: DatagramEngine,
  at: ListenAddress,
  parts: {
    readonly options: ZoneServerOptions;
    readonly state: ZoneServing;
    readonly running: DatagramServer[];
  },
): Promise<Listener> {
  const { options, state, running } = parts;
  const datagrams = await engine.start({
    ...at,
    workers: options.workers,
    responderModule: workerModule(),
    responderData: () => state.workerData(),
    ...(options.onWorkerCrash && { onWorkerCrash: options.onWorkerCrash }),
  });
  running.push(datagrams);
  return {
    port: datagrams.port,
    [Symbol.asyncDispose]: async () => {
      running.splice(running.indexOf(datagrams), 1);
      await datagrams[Symbol.asyncDispose]();
    },
  };
}

/** Built files end in `.js`, and references in strings are not rewritten by the build. */
function workerModule(): URL {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  return new URL(`./dns-worker${extension}`, import.meta.url);
}

/** With two words beside each slot, 2^17 answers take 63 MiB; a signed answer with its key is some 300 octets. */
const slotBytes = 496;
const slotOverheadBytes = 8;

/** Returns the largest table, of a power of two of answers, that the memory has room for. */
export function answerTableRoom(mebibytes: number): { answersMax: number; slotBytes: number } {
  const answers = (mebibytes * 2 ** 20) / (slotBytes + slotOverheadBytes);
  return { answersMax: 2 ** Math.floor(Math.log2(answers)), slotBytes };
}
