/**
 * The load of a chaos run: holders who claim numbers, change what they publish and rotate their keys at
 * members of their choice, with the client that people use, and look each other up. What was signed
 * and not acknowledged is sent again, the same bytes, until it is; every receipt goes to the ledger.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDirectory, isClientError } from '@callbook/client';
import type {
  CodeRequest,
  Directory,
  Fetch,
  Holding,
  MemberLookup,
  PendingEntry,
} from '@callbook/client';
import type { Identifier } from '@callbook/protocol';
import { sodiumCryptography } from '@callbook/protocol/crypto/sodium';
import type { TestnetLayout } from '../layout.ts';
import type { SeededRandom } from '../simulation/seeded-random.ts';
import type { Ledger } from './ledger.ts';
import { rootAt, Unanswered } from './member-view.ts';

/** A member that is frozen or cut off costs a call no longer than this. */
const callMsMax = 4000;
const retryPauseMs = 250;
const pauseMsMin = 10;
const pauseMsMax = 120;
const rotateChance = 0.03;
const codeMsMax = 5000;
const refusalsKeptMax = 12;

export interface LoadOptions {
  readonly layout: TestnetLayout;
  readonly charterNote: string;
  readonly ledger: Ledger;
  readonly random: SeededRandom;
  readonly holderCount: number;
}

/** One holder, with all that is signed and on its way. */
interface Holder {
  readonly identifier: Identifier;
  readonly directory: Directory;
  readonly random: SeededRandom;
  holding: Holding | undefined;
  pending: PendingEntry | undefined;
  /** Why the last try failed. */
  failure: Error | undefined;
  /** Codes that members last answered to its entries. */
  readonly refusals: readonly string[];
  /** Counts what was published, so that each is told from the others. */
  version: number;
}

export class Load {
  readonly #options: LoadOptions;
  readonly #holders: readonly Holder[];
  readonly #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: LoadOptions) {
    const { charterNote, layout, random, holderCount } = options;
    const names = layout.members.map(({ name }) => name);
    this.#options = options;
    this.#holders = Array.from({ length: holderCount }, (_, n) => {
      const refusals: string[] = [];
      return {
        identifier: `tel:+4915123${String(100_000 + n)}` as const,
        directory: createDirectory({
          charterNote,
          crypto: sodiumCryptography,
          fetch: impatientFetch(refusals),
          members: [names[n % names.length]!],
        }),
        random: random.branch(`holder ${n}`),
        holding: undefined,
        pending: undefined,
        failure: undefined,
        refusals,
        version: 0,
      };
    });
  }

  /** What every holder has, once `drain` has resolved. */
  get holdings(): readonly Holding[] {
    return this.#holders.flatMap(({ holding }) => (holding === undefined ? [] : [holding]));
  }

  /** Claims every number while all members are well. */
  async claimAll(msMax: number): Promise<void> {
    const late = AbortSignal.timeout(msMax);
    const claims = this.#holders.map(async (holder) => {
      while (holder.holding === undefined) {
        if (late.aborted)
          throw new Error('the numbers cannot be claimed', { cause: holder.failure });
        await this.#step(holder);
      }
    });
    await Promise.all(claims);
  }

  /** Writes and looks up until `drain`. */
  start(): void {
    const writing = this.#holders.map((holder) => this.#write(holder));
    const reading = [this.#read(), this.#read(), this.#compareRoots()];
    this.#running = Promise.all([...writing, ...reading]);
    // Reported where it is awaited.
    this.#running.catch(() => undefined);
  }

  /** Begins nothing new, and brings what is on its way to its end. */
  async drain(msMax: number): Promise<void> {
    this.#stop.abort();
    const late = AbortSignal.timeout(msMax);
    await this.#running;
    for (const holder of this.#holders) {
      while (holder.pending !== undefined || holder.holding === undefined) {
        if (late.aborted) {
          const what = holder.pending?.kind ?? 'first entry';
          const refusals = holder.refusals.join(', ');
          throw new Error(`a ${what} does not come to its end after healing: ${refusals}`, {
            cause: holder.failure,
          });
        }
        await this.#step(holder);
      }
    }
  }

  async #write(holder: Holder): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#step(holder);
      await sleep(holder.random.between(pauseMsMin, pauseMsMax));
    }
  }

  /** One entry of a holder: the one on its way, the first, or a change. */
  async #step(holder: Holder): Promise<void> {
    const { ledger } = this.#options;
    try {
      const holding = await this.#send(holder);
      holder.holding = holding;
      holder.pending = undefined;
      ledger.acknowledge(holding);
    } catch (error) {
      if (!isClientError(error)) throw error;
      holder.failure = error;
      ledger.fail(error.code);
      await sleep(retryPauseMs);
    }
  }

  async #send(holder: Holder): Promise<Holding> {
    const { directory, holding, identifier, pending, random } = holder;
    const savePending = (next: PendingEntry): void => void (holder.pending = next);
    const code = {
      form: 'app',
      code: (request: CodeRequest) => this.#code(identifier, request),
    } as const;
    if (pending !== undefined) {
      const challenge = { challenge: code };
      return directory.resume(pending, { savePending, ...challenge });
    }
    const routes = [
      { service: 'sip', uri: `sip:v${holder.version++}@sip.example`, preference: 10 },
    ] as const;
    if (holding === undefined) {
      const claim = {
        identifier,
        seed: random.bytes(32),
        routes,
        visibility: 'dns',
        ...code,
      } as const;
      return directory.claim({ ...claim, savePending });
    }
    if (random.chance(rotateChance))
      return directory.rotate(holding, random.bytes(32), { savePending });
    return directory.publish(holding, { routes }, { savePending });
  }

  /** Looks holders up everywhere: a route that its holder never signed would be a lie. */
  async #read(): Promise<void> {
    const { ledger, random } = this.#options;
    const reader = random.branch('reader');
    while (!this.#stop.signal.aborted) {
      const holder = reader.pick(this.#holders);
      try {
        const { members } = await holder.directory.survey(holder.identifier);
        ledger.looked(members.length);
        for (const answer of members) {
          if (answer.state === 'published') assertSigned(answer, holder);
        }
      } catch (error) {
        if (!isClientError(error)) throw error;
        ledger.fail(error.code);
      }
      await sleep(reader.between(pauseMsMin, pauseMsMax));
    }
  }

  /** Asks members for signed roots: those for one vector must be the same. */
  async #compareRoots(): Promise<void> {
    const { layout, ledger, random } = this.#options;
    const reader = random.branch('roots');
    while (!this.#stop.signal.aborted) {
      const asked = layout.members.map(async (member) => {
        try {
          ledger.meet(await rootAt(member));
        } catch (error) {
          if (!(error instanceof Unanswered)) throw error;
          ledger.fail(error.code);
        }
      });
      await Promise.all(asked);
      await sleep(reader.between(pauseMsMin, pauseMsMax));
    }
  }

  /** Reads a code from the outbox, the newest first: members send theirs side by side. */
  async #code(to: Identifier, { attempt, expiresAtMs }: CodeRequest): Promise<string> {
    const deadlineMs = Math.min(Date.now() + codeMsMax, expiresAtMs);
    for (;;) {
      const lines = (await readFile(this.#options.layout.outboxFile, 'utf8')).trim().split('\n');
      const sent = lines
        .filter((line) => line.endsWith('}'))
        .map((line) => JSON.parse(line) as { to: string; code: string });
      const code = sent.filter((message) => message.to === to).at(-attempt)?.code;
      if (code !== undefined) return code;
      if (Date.now() > deadlineMs) return '';
      await sleep(50);
    }
  }
}

/** Looked at after the answer came: what its holder signs meanwhile is no false alarm. */
function assertSigned(
  { member, binding }: Extract<MemberLookup, { state: 'published' }>,
  { version }: Holder,
): void {
  const published = Number(/^sip:v(\d+)@/.exec(binding.routes[0]?.uri ?? '')?.[1] ?? Number.NaN);
  if (!(published < version)) throw new Error(`${member} publishes what no holder has signed`);
}

/** Notes the codes that members refuse with: the client has one code for them all. */
function impatientFetch(refusals: string[]): Fetch {
  return async (url, init) => {
    const given = init?.signal == null ? [] : [init.signal];
    const signal = AbortSignal.any([AbortSignal.timeout(callMsMax), ...given]);
    const response = await fetch(url, { ...init, signal });
    if (response.status >= 400) {
      const problem = (await response.clone().json()) as { code?: string };
      refusals.push(`${new URL(url).port} ${new URL(url).pathname} ${problem.code ?? ''}`);
      if (refusals.length > refusalsKeptMax) refusals.shift();
    }
    return response;
  };
}
