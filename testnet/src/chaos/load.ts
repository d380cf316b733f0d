/**
 * The load of a run: holders who claim numbers, change what they publish, rotate their keys and give numbers
 * up at members of their choice, with the client that people use, and look each other up. What was signed
 * and not acknowledged is sent again, the same bytes, until it is; every receipt goes to the ledger.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDirectory, holdingPayload, isClientError } from '@callbook/client';
import type { CodeRequest, Directory, Fetch, Holding, PendingEntry } from '@callbook/client';
import type { Identifier } from '@callbook/protocol';
import { sodiumCryptography } from '@callbook/protocol/crypto/sodium';
import type { TestnetLayout } from '../layout.ts';
import type { SeededRandom } from '../simulation/seeded-random.ts';
import type { History } from './history.ts';
import type { Ledger } from './ledger.ts';
import { rootAt, Unanswered } from './member-view.ts';

/** A member that is frozen or cut off costs a call no longer than this. */
const callMsMax = 4000;
const retryPauseMs = 250;
const readPauseMsMin = 10;
const readPauseMsMax = 120;
/** Often enough that members which come back find rotates whose payloads are replaced. */
const rotateChance = 0.15;
const codeMsMax = 5000;
const refusalsKeptMax = 12;
/** Between two tries to claim a number again that was given up: its pause may not be over everywhere. */
const claimAgainMs = 4000;
/** How long members may go on showing what was given up, beyond the pause: for clocks that are wrong. */
const clockGraceMs = 10 * 60_000;

/** How much is written, and of what. */
export interface LoadShape {
  readonly holderCount: number;
  /** Whether every number is claimed before anything else happens. */
  readonly claimsFirst: boolean;
  /** Between two entries of one holder. */
  readonly pauseMsMin: number;
  readonly pauseMsMax: number;
  /** Chance of an entry to give the number up; it is claimed again afterwards. */
  readonly releaseChance: number;
  /** Holders come one after the other for so long; all at once without it. */
  readonly joinMs?: number;
}

export interface LoadOptions {
  readonly layout: TestnetLayout;
  readonly charterNote: string;
  readonly ledger: Ledger;
  readonly history: History;
  readonly random: SeededRandom;
  readonly shape: LoadShape;
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
  readonly place: number;
  readonly joinsAfterMs: number;
  /** A number that was given up is not claimed again before. */
  claimsFromMs: number;
}

export class Load {
  readonly #options: LoadOptions;
  readonly #holders: readonly Holder[];
  readonly #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: LoadOptions) {
    const { layout, random, shape } = options;
    const { holderCount, joinMs = 0 } = shape;
    const names = layout.members.map(({ name }) => name);
    this.#options = options;
    this.#holders = Array.from({ length: holderCount }, (_, n) => {
      const refusals: string[] = [];
      return {
        identifier: `tel:+4915123${String(100_000 + n)}` as const,
        directory: this.openDirectory([names[n % names.length]!], refusals),
        random: random.branch(`holder ${n}`),
        holding: undefined,
        pending: undefined,
        failure: undefined,
        refusals,
        version: 0,
        place: n,
        joinsAfterMs: Math.floor((joinMs * n) / holderCount),
        claimsFromMs: 0,
      };
    });
  }

  /** What every holder has, once `drain` has resolved; a number that was given up is not among them. */
  get holdings(): readonly Holding[] {
    return this.#holders.flatMap(({ holding }) => (holding === undefined ? [] : [holding]));
  }

  /** Every number that somebody has, or will have. */
  get identifiers(): readonly Identifier[] {
    return this.#holders.map(({ identifier }) => identifier);
  }

  /** A client of these members that gives up early and says what it was refused for. */
  openDirectory(members: readonly string[] = [], refusals: string[] = []): Directory {
    return createDirectory({
      charterNote: this.#options.charterNote,
      crypto: sodiumCryptography,
      fetch: impatientFetch(refusals),
      members,
    });
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
    const reading = [this.#read('reader'), this.#read('other reader'), this.#compareRoots()];
    this.#running = Promise.all([...writing, ...reading]);
    // Reported where it is awaited.
    this.#running.catch(() => undefined);
  }

  /** Ends what it does, however it stands. */
  async abandon(): Promise<void> {
    this.#stop.abort();
    await this.#running.catch(() => undefined);
  }

  /** Begins nothing new, and brings what is on its way to its end. */
  async drain(msMax: number): Promise<void> {
    this.#stop.abort();
    const late = AbortSignal.timeout(msMax);
    await this.#running;
    await Promise.all(this.#holders.map((holder) => this.#finish(holder, late)));
  }

  async #finish(holder: Holder, late: AbortSignal): Promise<void> {
    while (holder.pending !== undefined || isYetToClaim(holder)) {
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

  async #write(holder: Holder): Promise<void> {
    const { pauseMsMin, pauseMsMax } = this.#options.shape;
    const { signal } = this.#stop;
    await sleep(holder.joinsAfterMs, undefined, { signal }).catch(() => undefined);
    while (!signal.aborted) {
      if (Date.now() >= holder.claimsFromMs) await this.#step(holder);
      await sleep(holder.random.between(pauseMsMin, pauseMsMax));
    }
  }

  /** One entry of a holder: the one on its way, the first, or a change. */
  async #step(holder: Holder): Promise<void> {
    const { ledger } = this.#options;
    try {
      const holding = await this.#send(holder);
      ledger.acknowledge(holding);
      if (holder.pending?.kind === 'release') this.#giveUp(holder);
      else this.#hold(holder, holding);
      holder.pending = undefined;
    } catch (error) {
      if (!isClientError(error)) throw error;
      holder.failure = error;
      ledger.fail(error.code);
      if (isClaimingAgain(holder)) holder.claimsFromMs = Date.now() + claimAgainMs;
      await sleep(retryPauseMs);
    }
  }

  #hold(holder: Holder, holding: Holding): void {
    holder.holding = holding;
    this.#options.history.acknowledge(holder.identifier, uriOf(holding));
  }

  #giveUp(holder: Holder): void {
    const { releaseMs } = holder.directory.charter.holds;
    holder.holding = undefined;
    holder.claimsFromMs = Date.now() + releaseMs;
    this.#options.history.acknowledge(holder.identifier, null, releaseMs + clockGraceMs);
  }

  async #send(holder: Holder): Promise<Holding> {
    const { directory, holding, identifier, pending, random } = holder;
    const { history, shape } = this.#options;
    const savePending = (next: PendingEntry): void => {
      holder.pending = next;
      history.sign(identifier, next.kind === 'release' ? null : uriOf(next.holding));
    };
    const code = {
      form: 'app',
      code: (request: CodeRequest) => this.#code(identifier, request),
    } as const;
    if (pending !== undefined) {
      const challenge = { challenge: code };
      return directory.resume(pending, { savePending, ...challenge });
    }
    const uri = `sip:v${holder.version++}@h${holder.place}.example`;
    const routes = [{ service: 'sip', uri, preference: 10 }] as const;
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
    if (random.chance(shape.releaseChance)) {
      await directory.release(holding, { savePending });
      // The same bytes again: what comes back are the receipts.
      return directory.resume(holder.pending!);
    }
    if (random.chance(rotateChance))
      return directory.rotate(holding, random.bytes(32), { savePending });
    return directory.publish(holding, { routes }, { savePending });
  }

  /** Looks holders up everywhere: each answer must be one that was true, and not long ago. */
  async #read(name: string): Promise<void> {
    const { history, layout, ledger, random } = this.#options;
    const reader = random.branch(name);
    while (!this.#stop.signal.aborted) {
      const { directory, identifier } = reader.pick(this.#holders);
      const askings = new Map(
        layout.members.map((member) => [
          member.name,
          history.asking(identifier, member.name, 'survey'),
        ]),
      );
      try {
        const { members } = await directory.survey(identifier);
        for (const answer of members) {
          if (answer.state === 'failed') {
            ledger.fail(answer.code);
            continue;
          }
          ledger.looked(1);
          const uri = answer.state === 'absent' ? null : (answer.binding.routes[0]?.uri ?? '');
          const wrong = history.judge(askings.get(answer.member)!, uri);
          if (wrong !== undefined) ledger.violate(wrong);
        }
      } catch (error) {
        if (!isClientError(error)) throw error;
        ledger.fail(error.code);
      }
      await sleep(reader.between(readPauseMsMin, readPauseMsMax));
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
      await sleep(reader.between(readPauseMsMin, readPauseMsMax));
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

/** What is published under the number. */
function uriOf(holding: Holding): string {
  return holdingPayload(holding).routes[0]!.uri;
}

function isClaimingAgain({ claimsFromMs, pending, holding }: Holder): boolean {
  return claimsFromMs > 0 && pending === undefined && holding === undefined;
}

/** Whoever has given a number up may have to wait until the clocks of all have come so far. */
function isYetToClaim(holder: Holder): boolean {
  return holder.holding === undefined && holder.claimsFromMs === 0;
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
