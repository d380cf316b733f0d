/**
 * A chain of three zones (root, `test.`, a directory) that answers in this process, each question as a
 * resolver would: the DS of a zone from the one above. Tests count the questions and edit the answers.
 */
import { createValidator, parseTrustAnchor } from '@callbook/client';
import type { DnsTransport, TrustAnchor, Validator, ValidatorOptions } from '@callbook/client';
import { createResponder } from '@callbook/dns';
import {
  encodeMessage,
  formatName,
  isAtOrBelow,
  parseMessage,
  recordTypes,
  type Message,
  type Question,
} from '@callbook/dns/wire';
import { nodeCryptography } from '@callbook/protocol/crypto/node';
import { createTestZones, type TestZones } from '../../../dns/test/test-zones.ts';

export type EditAnswer = (answer: Message, question: Question) => Message;

export class TestChain implements DnsTransport {
  readonly zones: TestZones;
  /** `name type` of each question in the order of asking. */
  readonly asked: string[];
  edit: EditAnswer;
  /** Waves in which questions were asked: round trips, if each wave takes one. */
  roundTrips: number;
  private wave: Promise<void> | undefined;

  constructor(algorithm: 13 | 15 = 13) {
    this.zones = createTestZones(algorithm);
    this.asked = [];
    this.edit = (answer) => answer;
    this.roundTrips = 0;
    this.wave = undefined;
  }

  async exchange(query: Uint8Array): Promise<Uint8Array> {
    const [question] = messageOf(query).questions;
    this.asked.push(`${formatName(question!.name)} ${question!.type}`);
    this.wave ??= this.nextWave();
    await this.wave;
    const { root, test, directory } = this.zones;
    const zone = [directory, test, root].find(
      ({ apex }) =>
        isAtOrBelow(question!.name, apex) &&
        (question!.type !== recordTypes.DS || question!.name.labelCount > apex.labelCount),
    );
    const octets = createResponder([zone ?? root])(query, 'tcp');
    const answer = this.edit(messageOf(octets!), question!);
    return encodeMessage(answer);
  }

  private async nextWave(): Promise<void> {
    this.roundTrips += 1;
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
    this.wave = undefined;
  }

  /** The root's anchor. */
  get rootAnchor(): TrustAnchor {
    return anchorOf('.', this.zones.trustAnchor);
  }

  validator(options: Partial<ValidatorOptions> = {}): Validator {
    return createValidator({
      transport: this,
      clock: this.zones.clock,
      anchor: this.rootAnchor,
      crypto: nodeCryptography,
      ...options,
    });
  }
}

/** The anchor of a zone by a line of its DS. */
export function anchorOf(zone: string, dsLine: string): TrustAnchor {
  const rdata = /DS (\d+ \d+ \d+ [\da-f]+)/i.exec(dsLine)?.[1] ?? dsLine;
  const anchor = parseTrustAnchor(zone, [rdata]);
  if (anchor === undefined) throw new Error(`not a DS: ${dsLine}`);
  return anchor;
}

function messageOf(octets: Uint8Array): Message {
  const message = parseMessage(octets);
  if (message.verdict !== 'accept') throw new Error(message.message);
  return message.value;
}
