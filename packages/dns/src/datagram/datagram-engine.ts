/**
 * Port of what carries UDP datagrams between the network and a responder. A responder cannot be
 * passed to another thread, so an engine is given the module that makes one and runs it in each of
 * its workers. Two engines implement the port, and one acceptance suite holds for both: `ffi-engine.ts`
 * takes and sends 64 datagrams with one system call, `dgram-engine.ts` works wherever Node does.
 */

export interface DatagramEngine {
  readonly name: 'ffi' | 'dgram';
  /**
   * Binds, starts the workers and answers until the server is disposed of. Codes:
   * `dns_listen_failed`, `dns_datagram_worker_failed`; nothing stays bound then.
   */
  start(options: DatagramEngineOptions): Promise<DatagramServer>;
}

export interface DatagramEngineOptions {
  /** IPv4 or IPv6; one of the host's own where it has several, as answers leave from any of them. */
  readonly address: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Threads, 1 to `datagramWorkersMax`. */
  readonly workers: number;
  /** Exports `createWorkerResponder`, a `CreateWorkerResponder`; loaded by every worker. */
  readonly responderModule: URL;
  /** Asked at every start of a worker, by its place; what it returns must be fit for structured clone. */
  readonly responderData: (workerIndex: number) => unknown;
  /** Longer queries are dropped. Default `datagramQueryBytesMax`. */
  readonly queryBytesMax?: number;
  /** Room for an answer. Default `datagramAnswerBytesMax`. */
  readonly answerBytesMax?: number;
  /** Told when a worker ended that nobody had stopped; it is started again after `pauseMs`. */
  readonly onWorkerCrash?: (crash: WorkerCrash) => void;
}

export interface WorkerCrash {
  readonly workerIndex: number;
  /** Crashes in a row, this one included. */
  readonly crashCount: number;
  readonly pauseMs: number;
  /** What ended it, where it was an error. */
  readonly cause: unknown;
}

/** A bound port that answers. Disposing of it takes less than a second, whatever the load. */
export interface DatagramServer extends AsyncDisposable {
  /** As bound, never 0. */
  readonly port: number;
  /**
   * Gives each worker's responder a notice, before its next batch or within 100 ms. A worker that
   * starts again later does not get it: what must outlast a crash belongs into `responderData`.
   */
  notify(notice: unknown): void;
  counts(): DatagramCounts;
}

/** Sums over all workers since the start, crashes included. */
export interface DatagramCounts {
  readonly received: number;
  readonly answered: number;
  /** Empty, oversized or from port 0. */
  readonly dropped: number;
  /** Answers that could not be sent. */
  readonly sendFailures: number;
  /** Queries on which the responder threw, or returned no size within its room. */
  readonly responderFailures: number;
  readonly workerRestarts: number;
}

/**
 * Made by `createWorkerResponder` in a worker thread; used by that thread alone. From then until `close`
 * the thread may never return to its event loop: no timer fires and no promise goes on.
 */
export interface WorkerResponder {
  /**
   * Writes the answer from the start of `out` on and returns its size; 0 sends nothing, or leaves it to
   * another thread to send later (`DatagramSender`). All three arguments are used again for other
   * datagrams: none may be kept.
   */
  respondInto(query: Uint8Array, out: Uint8Array, client: ClientAddress): number;
  takeNotice?(notice: unknown): void;
  /** Awaited when the worker stops. */
  close?(): Promise<void>;
}

/** What a responder may know of the worker that it answers for. */
export interface WorkerPlace {
  /** Of the socket, which every thread of the process may send by; undefined where the engine has none. */
  readonly descriptor?: number | undefined;
}

export type CreateWorkerResponder = (
  responderData: unknown,
  place: WorkerPlace,
) => WorkerResponder | Promise<WorkerResponder>;

export interface ClientAddress {
  /** 4 octets of IPv4 or 16 of IPv6, in network order. */
  readonly octets: Uint8Array;
  readonly port: number;
}

export const datagramWorkersMax = 64;
/** One question and any options in use take a few hundred octets. */
export const datagramQueryBytesMax = 4096;
/** Larger answers get lost where fragments do: the DNS flag day's size. */
export const datagramAnswerBytesMax = 1232;
