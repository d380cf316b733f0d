/**
 * What a member publishes, as a front end reads it from the shared database. Every read brings the position
 * with it, in one statement: so no answer is made from a database that has gone back in time, or that is
 * being filled, however lately that was found out. How old a reading may be is reckoned by this machine's
 * own clock alone: a sign of life that was not there at one reading, and was at the next, came after the one.
 */
import type { Identifier, PublishedBinding } from '@callbook/protocol';
import { DirectoryError } from '@callbook/protocol';

import type { ReplicationErrorCode } from '../errors.ts';
import { Listeners } from '../listeners.ts';
import { sharedNoticesKept } from '../limits.ts';
import {
  bindingKey,
  sharedDescriptionKey,
  sharedNoticeKey,
  sharedPositionKey,
} from '../store/row-keys.ts';
import type { SharedStore } from '../store/store.ts';
import { parseBinding } from '../view/binding-row.ts';
import { ownerKeysOf } from '../view/owner-names.ts';
import { parseSharedNotice } from './shared-notice.ts';
import type { SharedNotice } from './shared-notice.ts';
import { isEarlier, parseSharedPosition } from './shared-position.ts';
import type { SharedPosition } from './shared-position.ts';

/** What DNS asks for: a telephone number by its digits, or any identifier by the hash in its names. */
export type WantedBinding =
  | { readonly digits: string }
  | { readonly ownerHash: string }
  | { readonly identifier: Identifier };

export type FoundBinding = PublishedBinding | undefined | 'unknown';

/** The least position that a reading must be of. */
export type SeenPosition = Pick<SharedPosition, 'term' | 'generation'>;

const nothingSeen: SeenPosition = { term: 0, generation: 0 };

export interface BindingsReading {
  /** In the order of what was wanted. */
  readonly bindings: FoundBinding[];
  /** That it was of. What it says was said to somebody: no later reading may be of an earlier one. */
  readonly seen: SeenPosition;
}

/**
 * Reads bindings, each as it stands in the database now; `unknown` is one whose row is not as it was written,
 * or whose payload the writer awaits. Errors: those of `SharedStore`, `shared_store_restored`, `shared_store_filling`, `shared_store_foreign`.
 */
export async function readBindings(
  shared: SharedStore,
  wanted: readonly WantedBinding[],
  seen: SeenPosition,
): Promise<BindingsReading> {
  const keys = wanted.map(keysOf);
  const { rows, position } = await readWithPosition(shared, keys.flat(), seen);
  let place = 0;
  const found = keys.map((own) => rows.slice(place, (place += own.length)));
  // A hash leads to an identifier first.
  const named = wanted.map((one, index) =>
    'ownerHash' in one ? found[index]!.find((row) => row !== undefined) : undefined,
  );
  const second = named.map((row) => row && bindingKey(Buffer.from(row).toString() as Identifier));
  const more = second.filter((rowKey) => rowKey !== undefined);
  const last =
    more.length === 0 ? { rows: [], position } : await readWithPosition(shared, more, position);
  let next = 0;
  const bindings = wanted.map((one, index) => {
    if ('ownerHash' in one) return second[index] && parsed(last.rows[next++]);
    return parsed(found[index]![0]);
  });
  return { bindings, seen: last.position };
}

function keysOf(wanted: WantedBinding): Uint8Array[] {
  if ('ownerHash' in wanted) return ownerKeysOf(wanted.ownerHash);
  return [bindingKey('digits' in wanted ? `tel:+${wanted.digits}` : wanted.identifier)];
}

function parsed(row: Uint8Array | undefined): FoundBinding {
  if (row === undefined) return undefined;
  try {
    return parseBinding(row);
  } catch {
    return 'unknown';
  }
}

async function readWithPosition(
  shared: SharedStore,
  rowKeys: readonly Uint8Array[],
  seen: SeenPosition,
): Promise<{ readonly rows: (Uint8Array | undefined)[]; readonly position: SharedPosition }> {
  const [row, ...rows] = await shared.getMany([sharedPositionKey(), ...rowKeys]);
  const position = wholePosition(row);
  if (isEarlier(position, seen)) throw stateError('shared_store_restored');
  return { rows, position };
}

function wholePosition(row: Uint8Array | undefined): SharedPosition {
  if (row === undefined || row.length === 0) throw stateError('shared_store_filling');
  const position = parseSharedPosition(row);
  if (!position.isWhole) throw stateError('shared_store_filling');
  return position;
}

const sentences = {
  shared_store_filling: 'the shared database is being filled',
  shared_store_restored: 'the shared database has gone back in time',
  shared_store_stale: 'nothing new has been heard of the shared database for too long',
} as const;

function stateError(code: keyof typeof sentences): DirectoryError<ReplicationErrorCode> {
  return new DirectoryError(code, sentences[code]);
}

export interface SharedViewOptions {
  readonly shared: SharedStore;
  /** Time that only goes forward, in ms. */
  readonly monotonicMs: () => number;
  /** Older than this, nothing is to be answered. */
  readonly stalenessMsMax: number;
}

/** What has been seen of the shared database, from one reading to the next. */
export class SharedView {
  readonly #options: SharedViewOptions;
  readonly #changes = new Listeners<SharedNotice>();
  readonly #descriptions = new Listeners<Uint8Array>();
  /** Whose changes have been told. */
  #position: SharedPosition | undefined;
  #seen = nothingSeen;
  #readAtMs = Number.NEGATIVE_INFINITY;
  /** All that was published by then is in the database, unless its backlog says otherwise. */
  #freshAtMs = Number.NEGATIVE_INFINITY;
  #code: ReplicationErrorCode | undefined = 'shared_store_filling';
  #isServable = false;
  #description: Uint8Array | undefined;

  constructor(options: SharedViewOptions) {
    this.#options = options;
  }

  /** Identifiers whose answers have ended, after the database has the new ones. */
  onChange(listener: (notice: SharedNotice) => void): () => void {
    return this.#changes.add(listener);
  }

  onDescription(listener: (description: Uint8Array) => void): () => void {
    return this.#descriptions.add(listener);
  }

  /** What the member says of itself; undefined before the first reading of it. */
  get description(): Uint8Array | undefined {
    return this.#description;
  }

  /** The latest position that anything was read of. */
  get seen(): SeenPosition {
    return this.#seen;
  }

  /** Takes note of the position of a reading that was made elsewhere: it may be ahead of what `poll` has read. */
  note(seen: SeenPosition): void {
    if (isEarlier(this.#seen, seen)) this.#seen = seen;
  }

  /** Reads bindings. Errors: those of `readBindings`. */
  async lookUp(wanted: readonly WantedBinding[]): Promise<FoundBinding[]> {
    const { bindings, seen } = await readBindings(this.#options.shared, wanted, this.#seen);
    this.note(seen);
    return bindings;
  }

  /** How old what is answered may be. */
  get stalenessMs(): number {
    return this.#options.monotonicMs() - this.#freshAtMs + (this.#position?.backlogMs ?? 0);
  }

  /** Until when answers may be given, by the same clock, if nothing more is heard. */
  get freshUntilMs(): number {
    if (!this.#isServable) return Number.NEGATIVE_INFINITY;
    return this.#freshAtMs + this.#options.stalenessMsMax - (this.#position?.backlogMs ?? 0);
  }

  /** What is wrong with the database, whether it can still be answered for or not. */
  get code(): ReplicationErrorCode | undefined {
    if (this.#code !== undefined) return this.#code;
    return this.stalenessMs > this.#options.stalenessMsMax ? 'shared_store_stale' : undefined;
  }

  /** Whether answers may be given. */
  get isFresh(): boolean {
    return this.#options.monotonicMs() < this.freshUntilMs;
  }

  /** Reads what is new. Never rejects: `code` says what it came to. */
  async poll(): Promise<void> {
    const startedAtMs = this.#options.monotonicMs();
    try {
      await this.#read(startedAtMs);
    } catch (error) {
      this.#code =
        error instanceof DirectoryError
          ? (error.code as ReplicationErrorCode)
          : 'shared_store_failed';
      // A database that cannot be asked has not changed its mind; one that says what cannot be has.
      if (!unheard.has(this.#code)) this.#isServable = false;
    }
  }

  async #read(startedAtMs: number): Promise<void> {
    const { shared } = this.#options;
    // What others see while this reads may be later, and is not what the database has gone back from.
    const seen = this.#seen;
    const position = wholePosition(await shared.get(sharedPositionKey()));
    if (isEarlier(position, seen)) throw stateError('shared_store_restored');
    this.note(position);
    const before = this.#position;
    await this.#noteChanges(before, position);
    if (before !== undefined && (before.beat !== position.beat || before.term !== position.term)) {
      // It was not there when the reading before this one began.
      this.#freshAtMs = this.#readAtMs;
    }
    this.#position = position;
    this.#readAtMs = startedAtMs;
    this.#isServable = true;
    this.#code = undefined;
  }

  async #noteChanges(before: SharedPosition | undefined, now: SharedPosition): Promise<void> {
    if (before?.term === now.term && before.generation === now.generation) return;
    const notices = await this.#notices(before, now);
    const everything = notices === undefined || notices.includes('everything');
    // The description is told with a notice of everything, and read before that is passed on.
    const description = everything
      ? await this.#options.shared.get(sharedDescriptionKey())
      : undefined;
    if (description !== undefined) {
      this.#description = description;
      this.#descriptions.tell(description);
    }
    if (everything) this.#changes.tell('everything');
    else for (const notice of notices) this.#changes.tell(notice);
  }

  /** The notices between two positions; undefined when they are not all there any more. */
  async #notices(
    before: SharedPosition | undefined,
    now: SharedPosition,
  ): Promise<SharedNotice[] | undefined> {
    if (before === undefined || before.term !== now.term) return undefined;
    const count = now.generation - before.generation;
    if (count >= sharedNoticesKept) return undefined;
    const rows = await this.#options.shared.range({
      gte: sharedNoticeKey(before.generation + 1),
      lt: sharedNoticeKey(now.generation + 1),
      countMax: count,
    });
    return rows.length === count ? rows.map(([, value]) => parseSharedNotice(value)) : undefined;
  }
}

/** Failures of the way to the database, not of what it holds. */
const unheard: ReadonlySet<ReplicationErrorCode> = new Set<ReplicationErrorCode>([
  'shared_store_unavailable',
  'shared_store_slow',
  'shared_store_failed',
  'store_closed',
]);
