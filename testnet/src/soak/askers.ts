/**
 * What a soak asks beside the load's own reading: every member's zone, by UDP, TCP and TLS, validated from the
 * DS of the charter; and the directory as applications do: one number with everything that proves it, a
 * list, and proofs of each member. Every answer is held against what was true. A failure is counted: no
 * answer is not a wrong one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createValidator, isClientError, parseTrustAnchor, verifyProof } from '@callbook/client';
import type { Directory, DnsTransport, Validation, Validator } from '@callbook/client';
import { socketTransport } from '@callbook/client/node';
import { ownerNames, parseName, parseRdata, recordTypes } from '@callbook/dns/wire';
import type { DomainName } from '@callbook/dns/wire';
import { charterSet } from '@callbook/protocol';
import type { Identifier, KnownCharter } from '@callbook/protocol';
import { nodeCryptography } from '@callbook/protocol/crypto/node';
import { sodiumCryptography } from '@callbook/protocol/crypto/sodium';
import type { RunningMembers } from '../chaos/fault-run.ts';
import { proofAt, Unanswered } from '../chaos/member-view.ts';
import { loopback } from '../layout.ts';
import type { MemberLayout } from '../layout.ts';
import type { SeededRandom } from '../simulation/seeded-random.ts';
import { streamTransport } from './stream-transport.ts';

/** Numbers that nobody will ever have, asked for again and again. */
const unheldCount = 500;
const heldChance = 0.6;
const freshChance = 0.5;
const listLength = 30;

/** Pauses between two questions of one asker. */
const pauses = {
  udp: [5, 20],
  tcp: [200, 600],
  tls: [300, 900],
  lookup: [300, 900],
  bulk: [1500, 3000],
  proof: [150, 450],
} as const satisfies Readonly<Record<string, readonly [number, number]>>;

export type Way = keyof typeof pauses;

export interface AskersOptions {
  readonly run: RunningMembers;
  readonly random: SeededRandom;
  /** Port at which a member answers DNS over TLS. */
  readonly tlsPortOf: (member: MemberLayout) => number;
}

export class Askers implements AsyncDisposable {
  /** Answers so far, wrong ones included. */
  readonly answered: Record<Way, number> = {
    udp: 0,
    tcp: 0,
    tls: 0,
    lookup: 0,
    bulk: 0,
    proof: 0,
  };
  readonly #options: AskersOptions;
  readonly #charter: KnownCharter;
  readonly #directory: Directory;
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>;
  /** Makes numbers that were never asked for before. */
  #freshCount = 0;

  /** Asks until disposed of, which throws what it ended by, if by itself. */
  constructor(options: AskersOptions) {
    const { run, random } = options;
    this.#options = options;
    const charters = charterSet([run.charterNote], sodiumCryptography);
    if (charters.verdict !== 'accept') throw new Error(charters.message);
    this.#charter = charters.value.current;
    this.#directory = run.load.openDirectory();
    const asking = run.layout.members.flatMap((member) => [
      this.#askZone(member, 'udp'),
      this.#askZone(member, 'tcp'),
      this.#askZone(member, 'tls'),
    ]);
    this.#running = Promise.all([
      ...asking,
      this.#repeat('lookup', random, async (reader) => await this.#lookUp(this.#number(reader))),
      this.#repeat('bulk', random, async (reader) => await this.#lookManyUp(reader)),
      this.#repeat('proof', random, async (reader) => await this.#askForProof(reader)),
    ]);
    // Reported where it is awaited.
    this.#running.catch(() => undefined);
  }

  async #repeat(
    way: Way,
    random: SeededRandom,
    ask: (reader: SeededRandom) => Promise<void>,
  ): Promise<void> {
    const reader = random.branch(way);
    const [least, most] = pauses[way];
    while (!this.#stop.signal.aborted) {
      await ask(reader);
      await sleep(reader.between(least, most));
    }
  }

  async #askZone(member: MemberLayout, way: 'udp' | 'tcp' | 'tls'): Promise<void> {
    const validator = this.#openValidator(member, this.#transport(member, way));
    const apex = nameOf(member.zone);
    await this.#repeat(way, this.#options.random.branch(member.name), async (reader) => {
      await this.#askOne({ member: member.name, way, validator, apex }, this.#number(reader));
    });
  }

  async #askOne(
    of: {
      readonly member: string;
      readonly way: Way;
      readonly validator: Validator;
      readonly apex: DomainName;
    },
    identifier: Identifier,
  ): Promise<void> {
    const { history, ledger } = this.#options.run;
    const { member, way, validator, apex } = of;
    const asking = history.asking(identifier, member, way);
    const name = ownerNames(identifier, apex)!.binding;
    const found = await validator.validate(name, recordTypes.NAPTR);
    if (found.verdict === 'indeterminate') {
      ledger.fail(found.code);
    } else if (found.verdict === 'secure') {
      this.#judged(way, history.judge(asking, publishedUri(found)));
    } else {
      this.#judged(way, `${member} by ${way}: ${found.verdict}, ${found.code}`);
    }
  }

  /** The directory's whole answer: agreed, proven, and borne out by a zone. */
  async #lookUp(identifier: Identifier): Promise<void> {
    const asking = this.#options.run.history.asking(identifier, 'the directory', 'lookup');
    await this.#failing(async () => {
      const found = await this.#directory.lookup(identifier);
      const uri = found.state === 'published' ? (found.binding.routes[0]?.uri ?? '') : null;
      this.#judged('lookup', this.#options.run.history.judge(asking, uri));
    });
  }

  async #lookManyUp(reader: SeededRandom): Promise<void> {
    const { history, ledger } = this.#options.run;
    const numbers = [...new Set(Array.from({ length: listLength }, () => this.#number(reader)))];
    const askings = numbers.map((number) => history.asking(number, 'the directory', 'bulk'));
    await this.#failing(async () => {
      const found = await this.#directory.lookupMany(numbers, { privacy: 'plain' });
      for (const [place, answer] of found.entries()) {
        if (answer.state === 'unanswered') {
          ledger.fail(answer.code);
          continue;
        }
        const uri = answer.state === 'published' ? (answer.binding.routes[0]?.uri ?? '') : null;
        this.#judged('bulk', history.judge(askings[place]!, uri));
      }
    });
  }

  async #askForProof(reader: SeededRandom): Promise<void> {
    const { history, layout } = this.#options.run;
    const member = reader.pick(layout.members);
    const identifier = this.#number(reader);
    const asking = history.asking(identifier, member.name, 'proof');
    await this.#failing(async () => {
      const uri = await this.#provenUri(member, identifier);
      this.#judged('proof', history.judge(asking, uri));
    });
  }

  /** The URI that a member proves, or null where it shows none. */
  async #provenUri(member: MemberLayout, identifier: Identifier): Promise<string | null> {
    try {
      const answer = await proofAt(member, identifier);
      this.#options.run.ledger.meet(answer.root);
      const claim = { charter: this.#charter, identifier, crypto: sodiumCryptography };
      const { payload } = verifyProof(answer, { ...claim, nowMs: Date.now() });
      return payload?.routes[0]?.uri ?? null;
    } catch (error) {
      if (error instanceof Unanswered && error.code === 'token_missing') return null;
      throw error;
    }
  }

  async #failing(ask: () => Promise<void>): Promise<void> {
    try {
      await ask();
    } catch (error) {
      if (!isClientError(error) && !(error instanceof Unanswered)) throw error;
      this.#options.run.ledger.fail(error.code);
    }
  }

  #judged(way: Way, wrong: string | undefined): void {
    this.answered[way]++;
    if (wrong !== undefined) this.#options.run.ledger.violate(wrong);
  }

  #number(reader: SeededRandom): Identifier {
    if (reader.chance(heldChance)) return reader.pick(this.#options.run.load.identifiers);
    const number = reader.chance(freshChance) ? this.#freshCount++ : reader.below(unheldCount);
    return `tel:+44770${String(10_000_000 + number)}`;
  }

  #openValidator({ name, zone }: MemberLayout, transport: DnsTransport): Validator {
    const member = this.#charter.charter.members.find((one) => one.name === name)!;
    const anchor = parseTrustAnchor(zone, member.zoneDs)!;
    const clock = { nowMs: () => Date.now() };
    return createValidator({ transport, clock, crypto: nodeCryptography, anchor });
  }

  #transport(member: MemberLayout, way: 'udp' | 'tcp' | 'tls'): DnsTransport {
    const plain = { address: loopback, port: member.dnsPort };
    if (way === 'udp') return socketTransport(plain);
    if (way === 'tcp') return streamTransport(plain);
    const port = this.#options.tlsPortOf(member);
    return streamTransport({ address: loopback, port, servername: 'localhost' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

/** What a secure answer publishes: the URI of its first route, or null for a name that is not there. */
function publishedUri({ state, rdatas }: Validation): string | null {
  if (state !== 'records') return null;
  const [rdata] = rdatas;
  const parsed = rdata === undefined ? undefined : parseRdata(recordTypes.NAPTR, rdata);
  const regexp =
    parsed?.verdict === 'accept' && parsed.value.type === 'NAPTR' ? parsed.value.regexp : '';
  return /^!\^\.\*\$!([^!\\]+)!$/.exec(regexp)?.[1] ?? '';
}

function nameOf(zone: string): DomainName {
  const name = parseName(zone);
  if (name.verdict !== 'accept') throw new Error(`${zone} is no name`);
  return name.value;
}
