/**
 * A front end's DNS on its sockets: datagrams by threads that answer from one table and hand on what is not
 * there; TCP, TLS and HTTPS in this thread, which waits for the database by promises. Where the fast engine
 * does not work, datagrams are answered in this thread too.
 */
import { randomBytes } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import {
  AnswerNotices,
  chooseDatagramEngine,
  createAnswerTableMemory,
  startDnsServer,
} from '@callbook/dns';
import type {
  CookieSecrets,
  DatagramServer,
  DnsServer,
  DnsServerOptions,
  LateResponder,
  Listener,
  ListenAddress,
  WorkerCrash,
} from '@callbook/dns';
import type { PostgresStoreOptions, SharedView } from '@callbook/replication/shared-database';
import type { DnsGuard } from '../dns-guard.ts';
import { answerTableRoom } from '../zone-server.ts';
import { FrontAnswers } from './front-answers.ts';
import { parseFrontDescription } from './front-description.ts';
import type { FrontDescription } from './front-description.ts';
import type { FrontFreshness } from './front-freshness.ts';
import { LookupThreads } from './front-lookup-threads.ts';
import type { FrontNotice, FrontWorkerData } from './front-worker.ts';
import { createMissRing, MissBell } from './miss-ring.ts';

export interface FrontZoneOptions extends DnsGuard {
  readonly listen: readonly ListenAddress[];
  /** Threads for the datagrams of each address, and as many that look up. */
  readonly workers: number;
  readonly tls?: DnsServerOptions['tls'];
  readonly answerTableMebibytes: number;
  readonly zoneKeysFolder: string;
  readonly database: PostgresStoreOptions;
  /** That has a description. */
  readonly view: SharedView;
  readonly freshness: FrontFreshness;
  readonly onFallback: (cause: unknown) => void;
  readonly onWorkerCrash: (crash: Pick<WorkerCrash, 'cause'>) => void;
  /** What the member says of itself cannot be served: its keys are not here. */
  readonly onUnusable: (error: unknown) => void;
}

export interface FrontZone extends DnsServer {
  readonly engine: 'ffi' | 'dgram';
  /** Answers a query that came over HTTPS. */
  answer(query: Uint8Array): Promise<Uint8Array | undefined>;
  rollCookies(cookieSecrets: CookieSecrets): void;
  wash(): void;
  /** Whether it serves what the member says of itself now. */
  isCurrent(): boolean;
  traffic(): FrontTraffic;
}

export interface FrontTraffic {
  readonly received: number;
  readonly otherQueries: number;
  /** Answers sent by the threads that look up, and those of them that were SERVFAIL. */
  readonly lookedUp: number;
  readonly lookUpFailures: number;
}

/** Serves until disposed of. Codes: those of `startZoneServer`, `shared_store_foreign`. */
export async function startFrontZone(options: FrontZoneOptions): Promise<FrontZone> {
  // As `zone-server.ts` says: threads get small young generations.
  setFlagsFromString('--max-semi-space-size=0');
  const { engine, fallbackCause } = await chooseDatagramEngine();
  if (fallbackCause !== undefined) options.onFallback(fallbackCause);
  const serving = await FrontServing.open(options);
  await using parts = new AsyncDisposableStack();
  const hasThreads = engine.name === 'ffi';
  if (hasThreads) parts.use(await serving.startLookups());
  const server = parts.use(
    await startDnsServer({
      listen: options.listen,
      respond: serving.respond,
      ...(hasThreads && { startDatagrams: async (at) => await serving.startDatagrams(at, engine) }),
      ...(options.tls && { tls: options.tls }),
    }),
  );
  parts.defer(serving.follow());
  const open = parts.move();
  return {
    ...server,
    engine: engine.name,
    answer: async (query) => await serving.respond(query, 'tls'),
    rollCookies: (cookieSecrets) => serving.tell({ kind: 'cookies', cookieSecrets }),
    wash: () => serving.tell({ kind: 'wash' }),
    isCurrent: () => serving.isCurrent,
    traffic: () => serving.traffic(),
    [Symbol.asyncDispose]: async () => await open.disposeAsync(),
  };
}

class FrontServing {
  isCurrent = true;
  private readonly options: FrontZoneOptions;
  private readonly answers: FrontAnswers;
  private readonly table: SharedArrayBuffer;
  private readonly rings: SharedArrayBuffer[][];
  private readonly bells: readonly MissBell[];
  private readonly counts: readonly Float64Array<SharedArrayBuffer>[];
  private readonly running: DatagramServer[] = [];
  private readonly apex: string;
  private description: FrontDescription;
  private cookieSecrets: CookieSecrets;
  private lookups: LookupThreads | undefined;
  private otherQueries = 0;

  private constructor(
    options: FrontZoneOptions,
    parts: {
      readonly answers: FrontAnswers;
      readonly table: SharedArrayBuffer;
      readonly description: FrontDescription;
    },
  ) {
    this.options = options;
    this.answers = parts.answers;
    this.table = parts.table;
    this.description = parts.description;
    this.apex = parts.description.zone.apex;
    this.cookieSecrets = options.serving.cookieSecrets;
    const seats = Array.from({ length: options.workers }, (_nothing, seat) => seat);
    this.rings = options.listen.map(() => seats.map(() => createMissRing()));
    this.bells = seats.map(() => new MissBell());
    this.counts = seats.map(() => new Float64Array(new SharedArrayBuffer(16)));
  }

  static async open(options: FrontZoneOptions): Promise<FrontServing> {
    const table = createAnswerTableMemory({
      ...answerTableRoom(options.answerTableMebibytes),
      hashKey: randomBytes(8),
    });
    const description = parseFrontDescription(options.view.description!);
    const { serving, zoneKeysFolder } = options;
    const given = { description, zoneKeysFolder, serving, answers: table };
    return new FrontServing(options, {
      answers: await FrontAnswers.open(given),
      table,
      description,
    });
  }

  /** Answers over a stream, or wherever one may wait. */
  readonly respond: LateResponder = (query, transport, client) => {
    this.otherQueries += 1;
    const { answers, options } = this;
    const first = answers.first(query, transport, client);
    const { wanted } = answers;
    // The next query is answered in the same room.
    if (wanted === undefined) return first?.slice();
    if (!options.freshness.isFresh())
      return answers.late('failed', query, transport, client)?.slice();
    return options.view
      .lookUp([wanted])
      .then(([found]) => (options.freshness.isFresh() ? found : 'failed'))
      .catch(() => 'failed' as const)
      .then((found) => answers.late(found, query, transport, client)?.slice());
  };

  async startLookups(): Promise<LookupThreads> {
    const { options } = this;
    const { onWorkerCrash, database, view } = options;
    const dataOf = this.bells.map((bell, seat) => () => ({
      ...this.threadData(bell),
      database,
      misses: this.rings.map((seats) => seats[seat]!),
      counts: this.counts[seat]!.buffer,
    }));
    this.lookups = await LookupThreads.start({
      dataOf,
      onSeen: (seen) => view.note(seen),
      onCrash: (cause) => onWorkerCrash({ cause }),
    });
    return this.lookups;
  }

  async startDatagrams(
    at: ListenAddress,
    engine: Awaited<ReturnType<typeof chooseDatagramEngine>>['engine'],
  ): Promise<Listener> {
    const { workers, onWorkerCrash } = this.options;
    // Addresses are opened in their order, again where a free port turns out not to be.
    const rings = this.rings[this.running.length]!;
    const datagrams = await engine.start({
      ...at,
      workers,
      responderModule: workerModule(),
      responderData: (seat): FrontWorkerData => ({
        ...this.threadData(this.bells[seat]!),
        misses: rings[seat]!,
      }),
      onWorkerCrash,
    });
    this.running.push(datagrams);
    return {
      port: datagrams.port,
      [Symbol.asyncDispose]: async () => {
        this.running.splice(this.running.indexOf(datagrams), 1);
        await datagrams[Symbol.asyncDispose]();
      },
    };
  }

  /** Takes note of what changes in the database; returns what ends that. */
  follow(): () => void {
    const { view } = this.options;
    const notices = new AnswerNotices(this.table, this.apex);
    const ends = [
      view.onChange((notice) => {
        if (notice === 'everything') notices.everythingChanged();
        else notices.bindingsChanged(notice);
      }),
      view.onDescription((row) => this.describe(row)),
    ];
    // What has changed while the threads were starting.
    notices.everythingChanged();
    this.describe(view.description!);
    return () => ends.forEach((end) => end());
  }

  tell(notice: FrontNotice): void {
    if (notice.kind === 'cookies') {
      this.cookieSecrets = notice.cookieSecrets;
      this.answers.rollCookies(notice.cookieSecrets);
    }
    this.lookups?.tell(notice);
    for (const datagrams of this.running) datagrams.notify(notice);
  }

  traffic(): FrontTraffic {
    const sum = (of: readonly number[]): number => of.reduce((total, one) => total + one, 0);
    return {
      received: sum(this.running.map((datagrams) => datagrams.counts().received)),
      otherQueries: this.otherQueries,
      lookedUp: sum(this.counts.map((counts) => counts[0]!)),
      lookUpFailures: sum(this.counts.map((counts) => counts[1]!)),
    };
  }

  /** In this thread first: where the keys are missing here they are missing everywhere. */
  private describe(row: Uint8Array): void {
    try {
      const description = parseFrontDescription(row);
      if (description.zone.apex !== this.apex) throw new RangeError('the zone has another apex');
      this.answers.describe(description);
      this.description = description;
      this.isCurrent = true;
    } catch (error) {
      this.isCurrent = false;
      this.options.onUnusable(error);
      return;
    }
    this.tell({ kind: 'description', description: this.description });
  }

  private threadData(bell: MissBell): Omit<FrontWorkerData, 'misses'> {
    const { zoneKeysFolder, serving, freshness } = this.options;
    return {
      description: this.description,
      zoneKeysFolder,
      serving: { ...serving, cookieSecrets: this.cookieSecrets },
      answers: this.table,
      freshness: freshness.memory,
      bell: bell.memory,
    };
  }
}

/** Built files end in `.js`, and references in strings are not rewritten by the build. */
function workerModule(): URL {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  return new URL(`./front-worker${extension}`, import.meta.url);
}
