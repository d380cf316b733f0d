/**
 * Holds every answer of DNS against what holders were told: an answer is something that its holder signed
 * and that was so within the bound on staleness, or SERVFAIL, or none. From one server to the next question
 * at it, nothing goes back.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Identifier } from '@callbook/protocol';
import type { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { ask } from '../scale/dns-question.ts';

interface Asked {
  readonly server: string;
  readonly identifier: Identifier;
  readonly askedAtMs: number;
  readonly answer: number | 'absent' | 'servfail' | 'nothing';
}

export interface Promised {
  readonly version: number;
  /** Logs that have given receipts for it. */
  readonly origins: readonly string[];
  readonly atMs: number;
}

export interface Server {
  readonly name: string;
  readonly port: number;
  readonly apex: string;
}

/** How long what a holder was told may not be answered yet. */
export type BoundMs = (promised: Promised) => number;

const pauseMsMin = 5;
const pauseMsMax = 40;
const answerMsMax = 1_500;

/** `sip:v7@sip.example` is version 7 of what a holder publishes. */
export function versionOf(uri: string): number {
  return Number(/^sip:v(\d+)@/.exec(uri)?.[1] ?? Number.NaN);
}

export class AnswerWitness {
  readonly #asked: Asked[] = [];
  readonly #promised = new Map<Identifier, Promised[]>();
  readonly #stop = new AbortController();
  readonly #asking: Promise<void>[] = [];

  /** Takes that a holder was told that this is published. */
  promise(identifier: Identifier, version: number, origins: readonly string[]): void {
    const known = this.#promised.get(identifier) ?? [];
    known.push({ version, origins, atMs: Date.now() });
    this.#promised.set(identifier, known);
  }

  /** Asks a server for what was promised, and for numbers that nobody has, until `end`. */
  ask(server: Server, nobodys: readonly Identifier[], random: SeededRandom): void {
    const run = async (): Promise<void> => {
      while (!this.#stop.signal.aborted) {
        const identifier = random.pick([...this.#promised.keys(), ...nobodys]);
        const transport = random.chance(0.1) ? 'tcp' : 'udp';
        await this.#one(server, identifier, transport);
        await sleep(random.between(pauseMsMin, pauseMsMax));
      }
    };
    const running = run();
    running.catch(() => undefined);
    this.#asking.push(running);
  }

  async #one({ name, ...at }: Server, identifier: Identifier, transport: 'udp' | 'tcp') {
    const askedAtMs = Date.now();
    const digits = identifier.slice('tel:+'.length);
    const found = await ask({ ...at, digits, transport, answerMsMax }).catch(() => undefined);
    const answer =
      found === undefined
        ? 'nothing'
        : found.code === 2
          ? 'servfail'
          : found.sip === undefined
            ? 'absent'
            : versionOf(found.sip);
    this.#asked.push({ server: name, identifier, askedAtMs, answer });
  }

  /** Resolves when nobody asks any more. */
  async end(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#asking);
  }

  /** How a server has answered, from a moment on. */
  counts(server: string, sinceMs = 0): Record<'right' | 'absent' | 'servfail' | 'nothing', number> {
    const counts = { right: 0, absent: 0, servfail: 0, nothing: 0 };
    for (const { server: name, answer, askedAtMs } of this.#asked) {
      if (name !== server || askedAtMs < sinceMs) continue;
      counts[typeof answer === 'number' ? 'right' : answer] += 1;
    }
    return counts;
  }

  /** What was answered wrongly. To be asked when every holder has been told how the last change ended. */
  lies(boundMs: BoundMs): string[] {
    const newest = new Map<string, number>();
    return this.#asked.flatMap((asked) => {
      const { server, identifier, askedAtMs, answer } = asked;
      if (answer === 'servfail' || answer === 'nothing') return [];
      const promised = this.#promised.get(identifier) ?? [];
      const due = promised.filter((one) => one.atMs <= askedAtMs - boundMs(one));
      const least = Math.max(-1, ...due.map(({ version }) => version));
      const version = answer === 'absent' ? -1 : answer;
      const place = `${server} ${identifier}`;
      const before = newest.get(place) ?? -1;
      newest.set(place, Math.max(before, version));
      const problem =
        version >= 0 && !promised.some((one) => one.version === version)
          ? 'what nobody has signed'
          : version < least
            ? `what was replaced by version ${least} long before`
            : version < before
              ? `what it knew to be replaced by version ${before}`
              : undefined;
      if (problem === undefined) return [];
      const newer = promised.find((one) => one.version > version);
      const ageMs = newer === undefined ? 0 : askedAtMs - newer.atMs;
      return [`${server} answers ${answer}, ${problem}; it ended ${ageMs} ms before`];
    });
  }

  /** The longest time, in ms, for which a server answered something that had been replaced. */
  oldest(server: string): number {
    const ages = this.#asked.flatMap(({ server: name, identifier, askedAtMs, answer }) => {
      if (name !== server || answer === 'servfail' || answer === 'nothing') return [];
      const version = answer === 'absent' ? -1 : answer;
      const newer = this.#promised.get(identifier)?.find((one) => one.version > version);
      return newer === undefined ? [] : [Math.max(0, askedAtMs - newer.atMs)];
    });
    return Math.max(0, ...ages);
  }
}
