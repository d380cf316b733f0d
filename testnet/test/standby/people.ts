/**
 * People who use a federation: at each member somebody claims a number, changes what is published a few
 * times, claims the next, and so on. What was signed and not acknowledged is sent again, the same bytes,
 * until it is; every receipt goes to the ledger.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createDirectory, isClientError } from '@callbook/client';
import type { CodeRequest, Directory, Holding, PendingEntry } from '@callbook/client';
import type { Identifier } from '@callbook/protocol';
import type { Ledger } from '../../src/chaos/ledger.ts';
import type { TestnetLayout } from '../../src/layout.ts';
import type { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { eventually } from '../lab.ts';
import { newestCode } from '../scale/member-elsewhere.ts';

const changesEach = 6;
const pauseMsMin = 50;
const pauseMsMax = 250;
const retryMs = 200;
const entryMsMax = 90_000;
const codeMsMax = 5_000;

export interface PeopleOptions {
  readonly layout: TestnetLayout;
  readonly charterNote: string;
  readonly ledger: Pick<Ledger, 'acknowledge'>;
  readonly random: SeededRandom;
}

type Step = (saving: { savePending: (next: PendingEntry) => void }) => Promise<Holding>;

export class People {
  readonly #options: PeopleOptions;
  readonly #stop = new AbortController();
  readonly #holdings = new Map<Identifier, Holding>();
  readonly #running: Promise<unknown>;
  #failure: Error | undefined;

  /** Begins at once. */
  constructor(options: PeopleOptions) {
    this.#options = options;
    this.#running = Promise.all(options.layout.members.map(({ name }) => this.#use(name)));
    this.#running.catch((error: unknown) => (this.#failure = error as Error));
  }

  /** What each of them was told last. */
  get holdings(): readonly Holding[] {
    if (this.#failure !== undefined) throw this.#failure;
    return [...this.#holdings.values()];
  }

  /** Begins nothing new, and brings what is on its way to its end. */
  async end(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #use(member: string): Promise<void> {
    const { charterNote, layout } = this.#options;
    const random = this.#options.random.branch(member);
    const directory = createDirectory({ charterNote, members: [member] });
    const place = layout.members.findIndex(({ name }) => name === member);
    for (let count = 0; !this.#stop.signal.aborted; count += 1) {
      const identifier: Identifier = `tel:+3491260${place}${String(count).padStart(3, '0')}`;
      const seed = random.bytes(32);
      const claimed = { identifier, seed, visibility: 'dns', ...this.#code } as const;
      let holding = await this.#untilDone(
        directory,
        async (saving) => await directory.claim({ ...claimed, routes: routesOf(0), ...saving }),
      );
      for (let version = 1; version <= changesEach && !this.#stop.signal.aborted; version += 1) {
        await sleep(random.between(pauseMsMin, pauseMsMax));
        const [before, routes] = [holding, routesOf(version)];
        holding = await this.#untilDone(
          directory,
          async (saving) => await directory.publish(before, { routes }, saving),
        );
      }
    }
  }

  async #untilDone(directory: Directory, step: Step): Promise<Holding> {
    let pending: PendingEntry | undefined;
    const savePending = (next: PendingEntry): void => void (pending = next);
    const deadlineMs = Date.now() + entryMsMax;
    for (;;) {
      try {
        const holding =
          pending === undefined
            ? await step({ savePending })
            : await directory.resume(pending, { savePending, challenge: this.#code });
        this.#options.ledger.acknowledge(holding);
        this.#holdings.set(holding.identifier, holding);
        return holding;
      } catch (error) {
        if (!isClientError(error) || Date.now() > deadlineMs) throw error;
        await sleep(retryMs);
      }
    }
  }

  readonly #code = {
    form: 'app',
    code: async ({ to, attempt }: CodeRequest): Promise<string> =>
      await eventually(
        async () => await newestCode(this.#options.layout.outboxFile, to, attempt),
        (sent) => sent !== '',
        codeMsMax,
      ).catch(() => ''),
  } as const;
}

const routesOf = (version: number) =>
  [{ service: 'sip', uri: `sip:v${version}@sip.example`, preference: 10 }] as const;
