/**
 * A member's zone over bindings that are not here: it is asked, says which binding it wants, and is asked
 * again when that has been looked up. Between the two nothing is kept; a query that cannot be looked up is
 * answered SERVFAIL, and what needs no binding, such as the apex, at once. One for each thread.
 */
import {
  AnswerTable,
  createDirectoryZone,
  createResponder,
  FollowedKeyring,
  HotResponder,
} from '@callbook/dns';
import type {
  BindingSource,
  ClientAddress,
  CookieSecrets,
  OpenSigner,
  Responder,
} from '@callbook/dns';
import type { PublishedBinding } from '@callbook/protocol';
import type { FoundBinding, WantedBinding } from '@callbook/replication/shared-database';
import { responderOptions } from '../dns-worker.ts';
import type { ServingSettings } from '../dns-worker.ts';
import { systemClock } from '../system-ports.ts';
import { pickZoneSigners } from '../zone-signers.ts';
import type { FrontDescription } from './front-description.ts';

/** As `dns-worker.ts` has it: most answers come from the table. */
const threadCacheLimits = { bindingsMax: 64, signaturesMax: 64, denialsMax: 0 };

/** Never seen outside: the responder answers SERVFAIL. */
const wantedNow = new Error('the binding has to be looked up');
const wantedNever = new Error('bindings cannot be looked up');
wantedNow.stack = '';
wantedNever.stack = '';

/** Answers with the one binding that it was given, and otherwise notes what it was asked for. */
class WaitingSource implements BindingSource {
  wanted: WantedBinding | undefined;
  mode: 'wanting' | 'given' | 'closed' = 'wanting';
  given: PublishedBinding | undefined;

  byDigits(digits: string): PublishedBinding | undefined {
    return this.find({ digits });
  }

  byOwnerHash(ownerHash: string): PublishedBinding | undefined {
    return this.find({ ownerHash });
  }

  private find(wanted: WantedBinding): PublishedBinding | undefined {
    if (this.mode === 'given') return this.given;
    if (this.mode === 'closed') throw wantedNever;
    this.wanted = wanted;
    throw wantedNow;
  }
}

export interface FrontAnswersOptions {
  readonly description: FrontDescription;
  readonly zoneKeysFolder: string;
  readonly serving: ServingSettings;
  /** Of the table of hot answers. */
  readonly answers: SharedArrayBuffer;
}

export class FrontAnswers {
  private readonly options: FrontAnswersOptions;
  private readonly openSigner: OpenSigner;
  private readonly source = new WaitingSource();
  private readonly table: AnswerTable;
  private cookieSecrets: CookieSecrets | undefined;
  private respond!: Responder;
  /** Without the accounts of the rate limit: who is answered late has been charged. */
  private respondCharged!: Responder;
  private hot!: HotResponder;
  private hotCharged!: HotResponder;

  private constructor(options: FrontAnswersOptions, openSigner: OpenSigner) {
    this.options = options;
    this.openSigner = openSigner;
    this.table = new AnswerTable(options.answers);
    this.cookieSecrets = options.serving.cookieSecrets;
    this.describe(options.description);
  }

  /** Errors: those of zone keys. */
  static async open(options: FrontAnswersOptions): Promise<FrontAnswers> {
    return new FrontAnswers(options, await pickZoneSigners());
  }

  /** Answers as the member says from now on. Errors: those of zone keys; all stays as it was then. */
  describe(description: FrontDescription): void {
    const { zone, keys, charterHash, obliviousKeyHashes, hostRecords } = description;
    const { zoneKeysFolder, serving } = this.options;
    const made = createDirectoryZone({
      ...zone,
      charterHash: () => charterHash,
      obliviousKeyHashes: () => obliviousKeyHashes,
      hostRecords: () => hostRecords,
      source: this.source,
      keys: new FollowedKeyring(zoneKeysFolder, keys, this.openSigner),
      clock: systemClock,
      limits: threadCacheLimits,
    });
    const options = responderOptions(serving, () => this.cookieSecrets!);
    const { rateLimiter: _charged, ...charged } = options;
    this.respond = createResponder([made], { ...options, reusesRoom: true });
    this.respondCharged = createResponder([made], { ...charged, reusesRoom: true });
    const { table } = this;
    const kept = { table, takeEndMs: () => made.takeEndMs(), clock: systemClock };
    this.hot = new HotResponder({ ...kept, ...charged, ...options, respond: this.respond });
    this.hotCharged = new HotResponder({ ...kept, ...charged, respond: this.respondCharged });
    table.invalidateAll();
  }

  rollCookies(cookieSecrets: CookieSecrets): void {
    this.cookieSecrets = cookieSecrets;
  }

  /** Of the name that was looked for last, in the table and in vain. */
  get generation(): number {
    return this.hot.generation;
  }

  /** What the last answer wanted; undefined when it was whole. */
  get wanted(): WantedBinding | undefined {
    return this.source.wanted;
  }

  /** Answers a datagram from the table or without a binding; what is written is SERVFAIL where one is `wanted`. */
  respondInto(query: Uint8Array, out: Uint8Array, client: ClientAddress): number {
    this.open();
    return this.hot.respondInto(query, out, client);
  }

  /** Answers a datagram without any binding: SERVFAIL where one would be needed. */
  refuseInto(query: Uint8Array, out: Uint8Array, client: ClientAddress): number {
    this.close();
    const answer = this.respond(query, 'udp', client);
    if (answer === undefined) return 0;
    out.set(answer);
    return answer.length;
  }

  /** Answers a datagram whose binding was looked up; `failed` is SERVFAIL. */
  respondLate(
    query: Uint8Array,
    out: Uint8Array,
    asked: {
      readonly client: ClientAddress;
      readonly generation: number;
      readonly found: FoundBinding | 'failed';
    },
  ): number {
    this.give(asked.found);
    return this.hotCharged.respondLate(query, out, asked);
  }

  /** As `respondInto`, over any transport, into a room that the next answer uses again. */
  readonly first: Responder = (query, transport, client) => {
    this.open();
    return this.respond(query, transport, client);
  };

  /** As `respondLate`, likewise. */
  late(found: FoundBinding | 'failed', ...asked: Parameters<Responder>): Uint8Array | undefined {
    this.give(found);
    return this.respondCharged(...asked);
  }

  private open(): void {
    this.source.mode = 'wanting';
    this.source.wanted = undefined;
  }

  private close(): void {
    this.source.mode = 'closed';
    this.source.wanted = undefined;
  }

  private give(found: FoundBinding | 'failed'): void {
    if (found === 'failed' || found === 'unknown') return this.close();
    this.source.mode = 'given';
    this.source.given = found;
  }
}
