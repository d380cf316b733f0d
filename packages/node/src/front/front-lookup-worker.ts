/**
 * The thread that looks up what datagram threads have not found: it takes all that has come meanwhile, asks
 * the database for it with one statement, signs, keeps and sends the answers. Several statements are under
 * way at once, each on its connection, so that one is answered while the next is asked.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { DatagramSender } from '@callbook/dns';
import { isEarlier, openPostgresStore, readBindings } from '@callbook/replication/shared-database';
import type {
  BindingsReading,
  PostgresStoreOptions,
  SeenPosition,
  SharedStore,
  WantedBinding,
} from '@callbook/replication/shared-database';
import { washThread } from '../forgetting/wash-thread.ts';
import { FrontAnswers } from './front-answers.ts';
import { FrontFreshness } from './front-freshness.ts';
import type { FrontNotice, FrontWorkerData } from './front-worker.ts';
import { MissBell, MissRing } from './miss-ring.ts';
import type { Miss } from './miss-ring.ts';

export interface FrontLookupData extends Omit<FrontWorkerData, 'misses'> {
  readonly database: PostgresStoreOptions;
  /** One for each datagram thread that this one looks up for. */
  readonly misses: readonly SharedArrayBuffer[];
  /** Answers sent, and those of them that were SERVFAIL. */
  readonly counts: SharedArrayBuffer;
}

/** What this thread tells the main one. */
export type LookupMessage =
  | { readonly kind: 'ready' }
  /** It has read of a position that is later than the main thread knew. */
  | { readonly kind: 'seen'; readonly seen: SeenPosition };

/** Asked for with one statement; with more of them a statement is no cheaper for each. */
const missesAtOnceMax = 64;
/** Sent with one system call; signing more before would make the first of them wait. */
const answersAtOnceMax = 16;
/** The bell is rung for each; this is for the case that it was not heard. */
const sleepMsMax = 200;

interface Waiting {
  readonly miss: Miss;
  readonly ring: MissRing;
}

class LookupLoop {
  private readonly data: FrontLookupData;
  private readonly shared: SharedStore;
  private readonly answers: FrontAnswers;
  private readonly sender: DatagramSender;
  private readonly rings: readonly MissRing[];
  private readonly bell: MissBell;
  private readonly freshness: FrontFreshness;
  private readonly counts: Float64Array;
  private told: SeenPosition;
  private underWay = 0;
  private freed = Promise.withResolvers<void>();

  constructor(data: FrontLookupData, parts: { shared: SharedStore; answers: FrontAnswers }) {
    this.data = data;
    this.shared = parts.shared;
    this.answers = parts.answers;
    this.sender = DatagramSender.open()!;
    this.rings = data.misses.map((memory) => new MissRing(memory));
    this.bell = new MissBell(data.bell);
    this.freshness = new FrontFreshness(data.freshness);
    this.told = this.freshness.seen();
    this.counts = new Float64Array(data.counts);
  }

  async run(): Promise<never> {
    for (;;) {
      if (this.underWay >= this.data.database.connections) await this.freed.promise;
      const waiting = this.take();
      if (waiting.length === 0) {
        await this.bell.wait(() => this.rings.every(({ isEmpty }) => isEmpty), sleepMsMax);
        continue;
      }
      this.underWay += 1;
      void this.answer(waiting).finally(() => {
        this.underWay -= 1;
        this.freed.resolve();
        this.freed = Promise.withResolvers();
      });
    }
  }

  take(): Waiting[] {
    const waiting: Waiting[] = [];
    for (const ring of this.rings) {
      while (waiting.length < missesAtOnceMax) {
        const miss = ring.take();
        if (miss === undefined) break;
        waiting.push({ miss, ring });
      }
    }
    return waiting;
  }

  private async read(wanted: readonly WantedBinding[]): Promise<BindingsReading> {
    const reading = await readBindings(this.shared, wanted, this.freshness.seen());
    const { seen } = reading;
    // Before anybody is answered from it: none may be answered from an earlier one afterwards.
    if (isEarlier(this.told, seen)) {
      this.told = seen;
      if (isEarlier(this.freshness.seen(), seen)) {
        const { term, generation } = seen;
        tellMain({ kind: 'seen', seen: { term, generation } });
      }
    }
    return reading;
  }

  private async answer(waiting: readonly Waiting[]): Promise<void> {
    const wanted = waiting.map(({ miss }) => miss.wanted);
    const found = (await this.read(wanted).catch(() => undefined))?.bindings;
    // What was found may be right, but others would be told something else by now.
    const isFound = found !== undefined && this.freshness.isFresh();
    let room = 0;
    let descriptor = -1;
    const flush = (): void => {
      if (room > 0) this.counts[0]! += this.sender.send(descriptor, room);
      room = 0;
    };
    for (const [place, { miss, ring }] of waiting.entries()) {
      if (ring.descriptor !== descriptor || room === answersAtOnceMax) flush();
      ({ descriptor } = ring);
      const size = this.answers.respondLate(miss.query, this.sender.rooms[room]!, {
        ...miss,
        found: isFound ? found[place] : 'failed',
      });
      if (!isFound) this.counts[1]! += 1;
      if (size > 0) this.sender.address(room++, size, miss.client);
      miss.query.fill(0);
      miss.client.octets.fill(0);
    }
    flush();
  }
}

function tellMain(message: LookupMessage): void {
  parentPort!.postMessage(message, []);
}

const data = workerData as FrontLookupData;
const answers = await FrontAnswers.open(data);
const shared = await openPostgresStore(data.database);
const loop = new LookupLoop(data, { shared, answers });
parentPort!.on('message', (notice: FrontNotice) => {
  if (notice.kind === 'cookies') answers.rollCookies(notice.cookieSecrets);
  else if (notice.kind === 'description') answers.describe(notice.description);
  else washThread();
});
tellMain({ kind: 'ready' });
await loop.run();
