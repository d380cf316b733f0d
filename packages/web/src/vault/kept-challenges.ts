/**
 * Codes that are on their way, kept over a reload: a telephone that opens the message often ends the page.
 * Named by the authority key, which is the journey's alone; no number is in them, and nothing that answers
 * without the code.
 */
import type { ChallengePlace, ChallengeStore, KeptChallenge } from '@callbook/client';
import type { KeptStore } from './kept-store.ts';

/** Members forget a challenge after ten minutes, by their clock; by ours a little before. */
const lifeMs = 590_000;

interface Timed extends KeptChallenge {
  readonly sentAtMs: number;
}

/** The challenges of the SDK in the browser's store; what cannot be kept is sent anew. */
export function keptChallenges(store: KeptStore): ChallengeStore {
  return {
    load: async (place) => await freshChallenge(store, nameOf(place)),
    save: async (place, kept) => {
      const timed: Timed = { ...kept, sentAtMs: Date.now() };
      await store.write(nameOf(place), timed).catch(() => undefined);
    },
  };
}

/** When the oldest code for a key was sent that still counts; undefined where there is none. */
export async function codesSentAtMs(
  store: KeptStore,
  authorityKey: Uint8Array,
): Promise<number | undefined> {
  const fresh = await Promise.all(
    (await namesFor(store, authorityKey)).map(async (name) => await freshChallenge(store, name)),
  );
  const times = fresh.flatMap((kept) => (kept === undefined ? [] : [kept.sentAtMs]));
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Forgets the codes for a key: they were used, or others are wanted. */
export async function forgetCodes(store: KeptStore, authorityKey: Uint8Array): Promise<void> {
  await Promise.all(
    (await namesFor(store, authorityKey)).map(async (name) => await store.erase(name)),
  );
}

async function freshChallenge(store: KeptStore, name: string): Promise<Timed | undefined> {
  const kept = (await store.read(name).catch(() => undefined)) as Timed | undefined;
  if (kept === undefined) return undefined;
  const ageMs = Date.now() - kept.sentAtMs;
  return ageMs >= 0 && ageMs < lifeMs ? kept : undefined;
}

async function namesFor(store: KeptStore, authorityKey: Uint8Array): Promise<string[]> {
  const start = startOf(authorityKey);
  return (await store.names().catch(() => [])).filter((name) => name.startsWith(start));
}

function startOf(authorityKey: Uint8Array): string {
  return `challenge ${authorityKey.toHex()} `;
}

function nameOf({ authorityKey, member, identifier, form }: ChallengePlace): string {
  const [scheme] = identifier.split(':');
  return `${startOf(authorityKey)}${member} ${scheme} ${form}`;
}
