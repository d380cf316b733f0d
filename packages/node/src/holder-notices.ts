/**
 * Tells holders that somebody has asked to replace them: by the identifier's own channel and by e-mail
 * to the addresses that the holder has published. The texts are fixed and name nobody.
 *
 * A request stays in the store until its notices are sent or given up, so a restart goes on where it
 * was (see `logged-requests.ts`); what went out is remembered in memory until then, so of a request that
 * was half told a restart tells all again, under the same ids (request and place in the list, which say
 * nothing of the address), and the sender's journal drops what it has handed over before.
 */
import type { NoticeSender } from '@callbook/api';
import { DirectoryError, parseIdentifier } from '@callbook/protocol';
import type { Clock, Identifier, Route } from '@callbook/protocol';
import type { LoggedRequest, Replica, Scheduler } from '@callbook/replication';
import type { Logger } from 'pino';
import { errorCodes } from './event-log.ts';

/** Holders told of requests against one identifier, in 24 hours; more are not told. */
export const noticesPerDayMax = 6;
/** Addresses that one request is told to: the identifier, and routes of e-mail. */
const noticeAddressesMax = 4;
/** A notice that its channel does not take is tried again after this, until it is given up. */
export const noticeRetryMs = 60_000;
export const noticeGivenUpMs: number = 24 * 3600 * 1000;
/** Labels whose notices of the last day are counted; the oldest leave first. */
const countedLabelsMax = 10_000;
const dayMs = 24 * 3600 * 1000;

export const noticeText =
  'Callbook: somebody has asked to take over your entry. If it was not you, open Callbook and veto the request.';

export interface HolderNoticesParts {
  readonly replica: Pick<Replica, 'requests' | 'bindings'>;
  readonly sender: NoticeSender;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly log: Pick<Logger, 'warn'>;
}

/** A request whose holder is being told. */
interface Telling {
  readonly addresses: readonly Identifier[];
  /** Positions of the addresses that are done. */
  readonly sent: Set<number>;
}

export class HolderNotices implements AsyncDisposable {
  readonly #parts: HolderNoticesParts;
  readonly #stop = new AbortController();
  readonly #unlisten: () => void;
  readonly #working: Promise<void>;
  /** Ends the pause between two rounds. */
  #wake = new AbortController();
  /** Request id → what has come of it. */
  readonly #tellings = new Map<string, Telling>();
  /** Label → times at which its holder was told, the label told of longest ago first. */
  readonly #counted = new Map<string, readonly number[]>();

  constructor(parts: HolderNoticesParts) {
    this.#parts = parts;
    this.#unlisten = parts.replica.requests.onRequest(() => this.#wake.abort());
    this.#working = this.#work();
  }

  async #work(): Promise<void> {
    const { scheduler, log } = this.#parts;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      // Before the rows are read: a request that comes meanwhile begins another round.
      this.#wake = new AbortController();
      try {
        await this.#round();
      } catch (error) {
        // A store that has failed is told of elsewhere; the rows are there at the next start.
        log.warn(errorCodes(error), 'notices_failed');
      }
      await scheduler.delay(noticeRetryMs, AbortSignal.any([signal, this.#wake.signal]));
    }
  }

  async #round(): Promise<void> {
    const { requests } = this.#parts.replica;
    let page = await requests.untold();
    while (page.length > 0 && !this.#stop.signal.aborted) {
      await Promise.all(page.map(async (request) => await this.#tell(request)));
      page = await requests.untold(page.at(-1));
    }
  }

  /** Makes one attempt at each notice that is still to go out. */
  async #tell(request: LoggedRequest): Promise<void> {
    const { replica } = this.#parts;
    const name = request.requestId.toHex();
    const telling = this.#tellings.get(name) ?? this.#begin(request);
    const attempts = telling.addresses.entries().map(async ([at, to]) => {
      if (telling.sent.has(at)) return;
      if (await this.#send(to, `${name}.${at}`)) telling.sent.add(at);
    });
    await Promise.all(attempts);
    if (telling.sent.size < telling.addresses.length && !this.#isOver(request)) return;
    await replica.requests.told(request.requestId);
    this.#tellings.delete(name);
  }

  /** Nobody is told of what is long past, as after a restored backup, or too often in a day. */
  #begin(request: LoggedRequest): Telling {
    const mayTell = !this.#isOver(request) && this.#mayTell(request);
    const addresses = mayTell ? this.#addressesOf(request) : [];
    const telling: Telling = { addresses, sent: new Set() };
    this.#tellings.set(request.requestId.toHex(), telling);
    return telling;
  }

  #isOver({ atMs }: LoggedRequest): boolean {
    return this.#parts.clock.nowMs() - atMs >= noticeGivenUpMs;
  }

  async #send(to: Identifier, noticeId: string): Promise<boolean> {
    const { sender, log } = this.#parts;
    try {
      await sender.sendNotice({ to, text: noticeText, noticeId });
      return true;
    } catch (error) {
      log.warn(errorCodes(error), 'notice_not_taken');
      return false;
    }
  }

  /** The identifier first, then the e-mail addresses that its holder has published. */
  #addressesOf({ identifier }: LoggedRequest): Identifier[] {
    if (identifier === undefined) return [];
    const published = this.#routesOf(identifier)
      .filter(({ service }) => service === 'email:mailto')
      .flatMap(({ uri }) => {
        const address = parseIdentifier(uri);
        return address.verdict === 'accept' ? [address.value] : [];
      });
    return [...new Set([identifier, ...published])].slice(0, noticeAddressesMax);
  }

  /** Nothing while its payload is awaited: the identifier itself is told then, and does not wait for it. */
  #routesOf(identifier: Identifier): readonly Route[] {
    try {
      return this.#parts.replica.bindings.byIdentifier(identifier)?.routes ?? [];
    } catch (error) {
      if (error instanceof DirectoryError && error.code === 'binding_awaited') return [];
      throw error;
    }
  }

  /** Counts a request that is told now; false when its holder has been told often enough today. */
  #mayTell({ label }: LoggedRequest): boolean {
    const nowMs = this.#parts.clock.nowMs();
    const name = label.toHex();
    const today = (this.#counted.get(name) ?? []).filter((atMs) => nowMs - atMs < dayMs);
    if (today.length >= noticesPerDayMax) return false;
    this.#counted.delete(name);
    this.#counted.set(name, [...today, nowMs]);
    const [oldest] = this.#counted.keys();
    if (this.#counted.size > countedLabelsMax) this.#counted.delete(oldest!);
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unlisten();
    this.#stop.abort();
    await this.#working;
  }
}
