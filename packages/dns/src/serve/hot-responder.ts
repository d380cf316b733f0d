/**
 * The responder of a worker: looks the plain query up in the table of hot answers and patches what is
 * found (id, RD, the question's case), else asks the full responder and keeps its answer. What it sends
 * is octet for octet what the full responder would. It never sees the store: `respond` reads it, and
 * the name's generation is read before, so that an answer made from what has since changed is not kept.
 */
import type { Clock } from '@callbook/protocol';
import type { AnswerTable } from '../datagram/answer-table.ts';
import type { AnswerKey } from '../datagram/answer-key.ts';
import { datagramAnswerBytesMax } from '../datagram/datagram-engine.ts';
import type { ClientAddress } from '../datagram/datagram-engine.ts';
import { headerBytes, headerFlags } from '../wire/message.ts';
import { isKeptAnswer, isKeptType, keptUntilSeconds } from './hot-answer.ts';
import { PlainQuery } from './plain-query.ts';
import type { Responder } from './responder.ts';

export interface HotResponderOptions {
  readonly table: AnswerTable;
  /** For what the table does not have. */
  readonly respond: Responder;
  readonly clock: Clock;
}

/** RFC 6891 §6.2.3: smaller sizes count as 512, which is also RFC 1035's limit without EDNS. */
const udpAnswerBytesPlain = 512;
const recursionDesired = headerFlags.recursionDesired >> 8;

export class HotResponder {
  private readonly table: AnswerTable;
  private readonly respond: Responder;
  private readonly clock: Clock;
  private readonly plain = new PlainQuery();
  private readonly key: AnswerKey;

  constructor(options: HotResponderOptions) {
    this.table = options.table;
    this.respond = options.respond;
    this.clock = options.clock;
    this.key = options.table.createKey();
  }

  /** As `WorkerResponder` has it: writes the answer into `out`, returns its size or 0. */
  respondInto(query: Uint8Array, out: Uint8Array, client: ClientAddress): number {
    const { plain, key, table } = this;
    if (!plain.read(query) || !isKeptType(plain.type)) return this.respondFully(query, out, client);
    key.setName(query, headerBytes, plain.nameEnd);
    key.setQuestion(plain.type, plain.flagsClass);
    const nowSeconds = Math.floor(this.clock.nowMs() / 1000);
    const size = table.find(key, out, nowSeconds);
    if (size > 0 && size <= udpLimit(plain.udpPayloadBytes)) {
      patch(out, query, plain.nameEnd);
      return size;
    }
    const generation = table.generationOf(key);
    const sizeMade = this.respondFully(query, out, client);
    const answer = out.subarray(0, sizeMade);
    if (sizeMade > 0 && isKeptAnswer(answer, plain.flagsClass)) {
      const expiresAtSeconds = keptUntilSeconds(answer, nowSeconds);
      if (expiresAtSeconds > nowSeconds)
        table.put(key, answer, { generation, expiresAtSeconds, nowSeconds });
    }
    return sizeMade;
  }

  private respondFully(query: Uint8Array, out: Uint8Array, _client: ClientAddress): number {
    const answer = this.respond(query, 'udp');
    if (answer === undefined) return 0;
    out.set(answer);
    return answer.length;
  }
}

function udpLimit(udpPayloadBytes: number): number {
  return Math.min(datagramAnswerBytesMax, Math.max(udpAnswerBytesPlain, udpPayloadBytes));
}

/** Makes the answer to somebody else's query that of this one. */
function patch(answer: Uint8Array, query: Uint8Array, nameEnd: number): void {
  answer[0] = query[0]!;
  answer[1] = query[1]!;
  answer[2] = (answer[2]! & ~recursionDesired) | (query[2]! & recursionDesired);
  // The question repeats the query's case (draft-vixie-dnsext-dns0x20); owners point to it.
  for (let at = headerBytes; at < nameEnd; at += 1) answer[at] = query[at]!;
}
