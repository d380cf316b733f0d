/**
 * The holder's things in this browser: the numbers, and the journey to one more. Everything is read when
 * the page opens and written before anything goes on, so that a reload finds it; tabs tell each other, and
 * write one after the other.
 */
import { isClientError } from '@callbook/client';
import type { Identifier } from '@callbook/protocol';
import { webError } from '../errors.ts';
import { openKeptStore } from '../vault/kept-store.ts';
import { openVault, type Vault } from '../vault/vault.ts';
import { encodeJourneyJson, parseJourneyJson, type Journey } from './journey.ts';
import { encodeNumberJson, parseNumberJson, type KeptNumber } from './kept-number.ts';

/** What the browser keeps of a holder, as it is now. */
export interface Kept {
  readonly numbers: readonly KeptNumber[];
  readonly journey: Journey | null;
}

/** Changes `Kept`, durably: what has returned survives a reload. All throw `storage_full`. */
export interface Keeper {
  readonly vault: Vault;
  readonly kept: Kept;
  setJourney(journey: Journey | null): Promise<void>;
  /** Adds a number, or puts a newer state in its place. */
  setNumber(number: KeptNumber): Promise<void>;
  dropNumber(identifier: Identifier): Promise<void>;
  /** Ends a journey with the number it led to, in one write each, the number first. */
  arrive(number: KeptNumber): Promise<void>;
  onChange(listener: () => void): () => void;
}

const journeyName = 'journey';
const numbersName = 'numbers';

let opening: Promise<Keeper> | undefined;

/** The page's one keeper. A failure is not kept, so that it can be tried again. */
export async function openKeeper(): Promise<Keeper> {
  opening ??= openKeptStore().then(openVault).then(keeperOf);
  try {
    return await opening;
  } catch (error) {
    opening = undefined;
    throw error;
  }
}

/** A keeper over a vault. Throws `storage_lost` where what is kept cannot be read. */
export async function keeperOf(vault: Vault): Promise<Keeper> {
  let kept = await readKept(vault);
  const listeners = new Set<() => void>();
  const tabs = vault.lasting ? openTabs() : undefined;
  const tell = (next: Kept): void => {
    kept = next;
    for (const listener of listeners) listener();
  };
  tabs?.onMessage(() => {
    void readKept(vault).then(tell, () => undefined);
  });
  /** Reads again inside the lock: another tab may have written since. */
  const change = async (write: (now: Kept) => Promise<Kept>): Promise<void> => {
    await locked(vault, async () => tell(await write(await readKept(vault))));
    tabs?.tell();
  };
  const keeper: Keeper = {
    vault,
    get kept() {
      return kept;
    },
    setJourney: async (journey) =>
      await change(async (now) => ({ ...now, journey: await writeJourney(vault, journey) })),
    setNumber: async (number) =>
      await change(async (now) => ({
        ...now,
        numbers: await writeNumbers(vault, withNumber(now, number)),
      })),
    dropNumber: async (identifier) =>
      await change(async (now) => {
        const left = now.numbers.filter(({ holding }) => holding.identifier !== identifier);
        return { ...now, numbers: await writeNumbers(vault, left) };
      }),
    // If we crash between the two, the journey is still there, and going on with it finds it complete.
    arrive: async (number) =>
      await change(async (now) => ({
        numbers: await writeNumbers(vault, withNumber(now, number)),
        journey: await writeJourney(vault, null),
      })),
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return keeper;
}

/** The other tabs of this browser. */
function openTabs(): { readonly tell: () => void; readonly onMessage: (hear: () => void) => void } {
  const channel = new BroadcastChannel('callbook');
  const post: (message: string) => void = channel.postMessage.bind(channel);
  return {
    tell: () => post('changed'),
    onMessage: (hear) => channel.addEventListener('message', hear),
  };
}

function withNumber({ numbers }: Kept, number: KeptNumber): KeptNumber[] {
  const { identifier } = number.holding;
  const others = numbers.filter(({ holding }) => holding.identifier !== identifier);
  return [...others, number];
}

async function readKept(vault: Vault): Promise<Kept> {
  try {
    const numbers = ((await vault.read(numbersName)) ?? []) as unknown[];
    const journey = await vault.read(journeyName);
    return {
      numbers: numbers.map(parseNumberJson),
      journey: journey === undefined ? null : parseJourneyJson(journey),
    };
  } catch (cause) {
    if (isClientError(cause))
      throw webError('storage_lost', 'what was kept is malformed', { cause });
    throw cause;
  }
}

async function writeJourney(vault: Vault, journey: Journey | null): Promise<Journey | null> {
  if (journey === null) await vault.erase(journeyName);
  else await vault.write(journeyName, encodeJourneyJson(journey));
  return journey;
}

async function writeNumbers(vault: Vault, numbers: KeptNumber[]): Promise<KeptNumber[]> {
  await vault.write(numbersName, numbers.map(encodeNumberJson));
  return numbers;
}

async function locked(vault: Vault, write: () => Promise<void>): Promise<void> {
  const locks = vault.lasting ? navigator.locks : undefined;
  if (locks === undefined) await write();
  else await locks.request('callbook', write);
}
