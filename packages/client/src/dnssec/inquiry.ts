/**
 * The questions of one validation: each is asked once, whoever wants its answer, and all count towards
 * the budget. An answer is taken for nothing but octets that fit the question; nothing in its header
 * is believed, AD least of all.
 */
import {
  encodeQuery,
  opcodes,
  parseMessage,
  responseCodes,
  sameName,
  type DomainName,
  type Message,
} from '@callbook/dns/wire';
import type { DnsTransport } from './dns-transport.ts';
import { signedRrsetsOf, type SignedRrset } from './signed-rrset.ts';
import { bogus, indeterminate, type Judgement } from './validation.ts';
import type { WorkBudget } from './work-budget.ts';

/** A datagram that crosses any network whole (RFC 9715). */
const udpPayloadBytes = 1232;

export interface DnsAnswer {
  /** Whether it says NXDOMAIN. */
  readonly isNameError: boolean;
  readonly answers: readonly SignedRrset[];
  readonly authorities: readonly SignedRrset[];
}

export type Asked = DnsAnswer | Judgement;

/** Questions that are on their way, for all validations of one validator. */
export type QuestionsUnderWay = Map<string, Promise<Asked>>;

interface AskedQuestion {
  readonly name: DomainName;
  readonly type: number;
}

export class Inquiry {
  private readonly transport: DnsTransport;
  private readonly budget: WorkBudget;
  private readonly underWay: QuestionsUnderWay;
  private readonly asked: Map<string, Promise<Asked>>;

  constructor(transport: DnsTransport, budget: WorkBudget, underWay: QuestionsUnderWay) {
    this.transport = transport;
    this.budget = budget;
    this.underWay = underWay;
    this.asked = new Map();
  }

  /** Asks, or gives the answer that was asked for before. Never rejects. */
  ask(name: DomainName, type: number): Promise<Asked> {
    const rowKey = String.fromCharCode(type) + name.lookupKey;
    const known = this.asked.get(rowKey) ?? this.underWay.get(rowKey);
    const asking = known ?? this.begin(rowKey, { name, type });
    this.asked.set(rowKey, asking);
    return asking;
  }

  private begin(rowKey: string, question: AskedQuestion): Promise<Asked> {
    if (!this.budget.mayAsk()) return Promise.resolve(bogus('work_exceeded'));
    const asking = this.exchange(question).finally(() => this.underWay.delete(rowKey));
    this.underWay.set(rowKey, asking);
    return asking;
  }

  private async exchange({ name, type }: AskedQuestion): Promise<Asked> {
    // RFC 6840 §5.9: CD, so that a resolver which validates hands out what it would hold back; the
    // verdict is made here.
    const query = encodeQuery({ name, type }, udpPayloadBytes);
    let octets: Uint8Array;
    try {
      octets = await this.transport.exchange(query);
    } catch {
      return indeterminate('transport_failed');
    }
    const parsed = parseMessage(octets);
    if (parsed.verdict !== 'accept') return indeterminate('answer_malformed');
    return answerOf(parsed.value, name, type);
  }
}

function answerOf(message: Message, name: DomainName, type: number): Asked {
  const [question] = message.questions;
  const fits =
    message.isResponse &&
    message.opcode === opcodes.QUERY &&
    !message.truncated &&
    message.questions.length === 1 &&
    question!.type === type &&
    sameName(question!.name, name);
  if (!fits) return indeterminate('answer_malformed');
  const { responseCode } = message;
  if (responseCode !== responseCodes.NOERROR && responseCode !== responseCodes.NXDOMAIN)
    return indeterminate('server_failed');
  return {
    isNameError: responseCode === responseCodes.NXDOMAIN,
    answers: signedRrsetsOf(message.answers),
    authorities: signedRrsetsOf(message.authorities),
  };
}
