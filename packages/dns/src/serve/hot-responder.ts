/**
 * The responder of a worker: looks the plain query up in the table of hot answers and patches what is
 * found (id, RD, the question's case, the cookie), else asks the full responder and keeps its answer.
 * What it sends is octet for octet what the full responder would. It never sees the store: `respond`
 * reads it, and the name's generation is read before, so that an answer made from what has since
 * changed is not kept.
 */
import type { Clock } from '@callbook/protocol';
import { judgeCookie } from '../cookie/server-cookie.ts';
import type { AnswerKey } from '../datagram/answer-key.ts';
import type { AnswerTable } from '../datagram/answer-table.ts';
import { datagramAnswerBytesMax } from '../datagram/datagram-engine.ts';
import type { ClientAddress } from '../datagram/datagram-engine.ts';
import type { RateLimiter } from '../rate-limit/rate-limiter.ts';
import { headerBytes } from '../wire/message.ts';
import { isKeptAnswer, isKeptType, keptUntilSeconds } from './hot-answer.ts';
import {
  addCookie,
  cookieOptionBytes,
  cutToQuestion,
  endsInCookie,
  readdress,
  setOptionsBytes,
} from './hot-patch.ts';
import { PlainQuery } from './plain-query.ts';
import type { CookieOptions } from './query-options.ts';
import type { Responder } from './responder.ts';

export interface HotResponderOptions {
  readonly table: AnswerTable;
  /** For what the table does not have; made with the same cookies and rate limiter. */
  readonly respond: Responder;
  /** When what `respond` has found since the last call ceases to be true by itself, in ms. */
  readonly takeEndMs: () => number;
  readonly clock: Clock;
  readonly cookies?: CookieOptions;
  readonly rateLimiter?: RateLimiter;
}

/** RFC 6891 §6.2.3: smaller sizes count as 512, which is also RFC 1035's limit without EDNS. */
const udpAnswerBytesPlain = 512;

export class HotResponder {
  /** Of the last name that was looked for in vain. */
  generation = 0;
  private readonly options: HotResponderOptions;
  private readonly table: AnswerTable;
  private readonly plain = new PlainQuery();
  private readonly key: AnswerKey;

  constructor(options: HotResponderOptions) {
    this.options = options;
    this.table = options.table;
    this.key = options.table.createKey();
  }

  /** As `WorkerResponder` has it: writes the answer into `out`, returns its size or 0. */
  respondInto(query: Uint8Array, out: Uint8Array, client: ClientAddress): number {
    const { plain, key, table } = this;
    if (!plain.read(query) || !isKeptType(plain.type)) return this.respondFully(query, out, client);
    key.setName(query, headerBytes, plain.nameEnd);
    key.setQuestion(plain.type, plain.flagsClass);
    const nowSeconds = Math.floor(this.options.clock.nowMs() / 1000);
    const found = table.find(key, out, nowSeconds);
    if (found > 0) {
      const size = this.complete(query, out, { found, client });
      if (size >= 0) return size;
    }
    const generation = table.generationOf(key);
    this.generation = generation;
    // Answers that are not kept have left something there.
    this.options.takeEndMs();
    const size = this.respondFully(query, out, client);
    if (size > 0) this.keep(out.subarray(0, size), { generation, nowSeconds });
    return size;
  }

  /**
   * Writes the answer to a query that `respondInto` has looked for before, in this thread or another, and
   * keeps it; `generation` is that of then, when the store had not been read.
   */
  respondLate(
    query: Uint8Array,
    out: Uint8Array,
    asked: { readonly client: ClientAddress; readonly generation: number },
  ): number {
    const { plain, key } = this;
    const isKept = plain.read(query) && isKeptType(plain.type);
    this.options.takeEndMs();
    const size = this.respondFully(query, out, asked.client);
    if (!isKept || size === 0) return size;
    key.setName(query, headerBytes, plain.nameEnd);
    key.setQuestion(plain.type, plain.flagsClass);
    const nowSeconds = Math.floor(this.options.clock.nowMs() / 1000);
    this.keep(out.subarray(0, size), { generation: asked.generation, nowSeconds });
    return size;
  }

  /** Makes what was found the answer to this query; returns its size, or -1: ask the full responder. */
  private complete(
    query: Uint8Array,
    out: Uint8Array,
    { found, client }: { readonly found: number; readonly client: ClientAddress },
  ): number {
    const { plain } = this;
    const { cookies, rateLimiter } = this.options;
    const hasCookie = cookies !== undefined && plain.cookieBytes > 0;
    const size = hasCookie ? found + cookieOptionBytes : found;
    if (size > udpLimit(plain.udpPayloadBytes)) return -1;
    if (hasCookie) {
      const cookie = judgeCookie(query.subarray(query.length - plain.cookieBytes), {
        secrets: cookies.secrets(),
        clientOctets: client.octets,
        nowMs: cookies.clock.nowMs(),
      });
      // Whoever has not proved its address is charged, and perhaps answered otherwise; that is seldom.
      if (cookie === undefined || (cookie.state !== 'valid' && rateLimiter !== undefined))
        return -1;
      readdress(out, query, plain.nameEnd);
      addCookie(out, found, cookie.answer);
      return size;
    }
    const verdict = rateLimiter?.decide(client.octets) ?? 'answer';
    if (verdict === 'drop') return 0;
    readdress(out, query, plain.nameEnd);
    return verdict === 'slip' ? cutToQuestion(out, size, plain) : size;
  }

  private keep(
    answer: Uint8Array,
    { generation, nowSeconds }: { readonly generation: number; readonly nowSeconds: number },
  ): void {
    const { plain, table, key } = this;
    // Without its cookie the answer is anybody's; it gets it back below.
    const hasCookie = plain.cookieBytes > 0 && endsInCookie(answer);
    const bareBytes = hasCookie ? answer.length - cookieOptionBytes : answer.length;
    if (hasCookie) setOptionsBytes(answer, bareBytes, 0);
    const bare = answer.subarray(0, bareBytes);
    if (isKeptAnswer(bare, plain.flagsClass)) {
      const endSeconds = Math.floor(this.options.takeEndMs() / 1000);
      const expiresAtSeconds = Math.min(keptUntilSeconds(bare, nowSeconds), endSeconds);
      if (expiresAtSeconds > nowSeconds)
        table.put(key, bare, { generation, expiresAtSeconds, nowSeconds });
    }
    if (hasCookie) setOptionsBytes(answer, bareBytes, cookieOptionBytes);
  }

  private respondFully(query: Uint8Array, out: Uint8Array, client: ClientAddress): number {
    const answer = this.options.respond(query, 'udp', client);
    if (answer === undefined) return 0;
    out.set(answer);
    return answer.length;
  }
}

function udpLimit(udpPayloadBytes: number): number {
  return Math.min(datagramAnswerBytesMax, Math.max(udpAnswerBytesPlain, udpPayloadBytes));
}
