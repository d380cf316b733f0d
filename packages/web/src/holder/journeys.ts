/**
 * The steps of a journey that ask the directory or change keys. Each writes what it has come to before it
 * goes on, so that a reload, a crash or a full disk at any point loses nothing and repeats nothing.
 */
import { publishedKeysOf, type CodeForm, type Holding, type PendingEntry } from '@callbook/client';
import { deriveKeys, type Identifier, type RequestClass } from '@callbook/protocol';
import { keepAuthority, keptSigner } from '../vault/browser-key.ts';
import { codesSentAtMs, forgetCodes, keptChallenges } from '../vault/kept-challenges.ts';
import { webError } from '../errors.ts';
import type { RunPorts } from './code-run.ts';
import type { Holder } from './holder.ts';
import { keysToPublish, type BackupWay, type Journey, type Reach } from './journey.ts';
import { newlyKept } from './kept-number.ts';

/** People type digits; a browser that reads the message fills them in. */
const form: CodeForm = 'digits';

/** What the SDK signs with. */
type KeySourceOfPage =
  | { readonly seed: Uint8Array }
  | { readonly signer: NonNullable<Awaited<ReturnType<typeof keptSigner>>> };

/** Begins a journey with a new seed: kept before any member is told of its key. */
export async function beginJourney(
  { keeper, directory }: Holder,
  of: { readonly identifier: Identifier; readonly requestClass?: RequestClass },
): Promise<void> {
  await directory.walk();
  const { identifier, requestClass } = of;
  const { labelEpoch } = directory.charter;
  const seed = crypto.getRandomValues(new Uint8Array(32));
  const keys = deriveKeys(seed, { identifier, labelEpoch });
  await keeper.setJourney({
    kind: requestClass === undefined ? 'claim' : 'replace',
    identifier,
    labelEpoch,
    seed,
    authorityKey: keys.authority.publicKey,
    derivedKeys: publishedKeysOf(keys),
    backup: null,
    reach: null,
    requestClass: requestClass ?? null,
    attempt: 0,
    replacement: null,
    pending: null,
  });
}

/** The backup is proven: from here on the browser has the key where no script can read it. */
export async function backedUp({ keeper }: Holder, way: BackupWay): Promise<void> {
  const journey = journeyOf(keeper.kept.journey);
  const { seed } = journey;
  if (seed === null) return;
  // If we crash between the two, the seed is still there and the key is kept once more.
  const isKept = await keepAuthority(keeper.vault.bare, seed, journey);
  await keeper.setJourney({ ...journey, backup: way, seed: isKept ? null : seed });
}

/** Notes how the holder is to be reached. */
export async function setReach({ keeper }: Holder, reach: Reach): Promise<void> {
  await keeper.setJourney({ ...journeyOf(keeper.kept.journey), reach });
}

/** What a screen gives beside the journey. */
export interface RunOptions {
  /** Names of members to ask first. */
  readonly members: readonly string[];
  /** Of a replacement; neither is kept. */
  readonly recoveryCode?: string | undefined;
  readonly email?: Identifier | undefined;
}

/** Claims, or goes on with a claim that was signed. */
export async function runClaim(
  holder: Holder,
  ports: RunPorts,
  { members }: RunOptions,
): Promise<void> {
  const { keeper, directory } = holder;
  const journey = journeyOf(keeper.kept.journey);
  const savePending = savingPending(holder, journey);
  const { identifier, pending, reach } = journey;
  const holding =
    pending === null
      ? await directory.claim({
          identifier,
          ...(await keySourceOf(holder, journey)),
          keys: keysToPublish(journey),
          routes: reach?.routes ?? [],
          visibility: reach?.visibility ?? 'dns',
          form,
          members,
          challenges: keptChallenges(keeper.vault.bare),
          savePending,
          ...ports,
        })
      : await resumePending(holder, pending, ports);
  await arrive(holder, journey, holding);
}

/** Does the next step of a replacement: the request, or after the hold the commit. */
export async function runReplace(
  holder: Holder,
  ports: RunPorts,
  { members, recoveryCode, email }: RunOptions,
): Promise<void> {
  const { keeper, directory } = holder;
  const journey = journeyOf(keeper.kept.journey);
  const { identifier, pending, reach, replacement, requestClass, attempt } = journey;
  if (pending !== null) {
    await arrive(holder, journey, await resumePending(holder, pending, ports));
    return;
  }
  const step = await directory.replace({
    identifier,
    ...(await keySourceOf(holder, journey)),
    requestClass: requestClass ?? 'possession',
    attempt,
    keys: keysToPublish(journey),
    routes: reach?.routes ?? [],
    visibility: reach?.visibility ?? 'dns',
    form,
    members,
    challenges: keptChallenges(keeper.vault.bare),
    ...(replacement === null ? {} : { replacement }),
    ...(recoveryCode === undefined ? {} : { recoveryCode }),
    ...(email === undefined ? {} : { email }),
    save: async (saved) => {
      await keeper.setJourney({ ...journey, replacement: saved });
    },
    savePending: savingPending(holder, journey),
    ...ports,
  });
  if (step.state === 'taken') await arrive(holder, journey, step.holding);
  else await keeper.setJourney({ ...journey, replacement: step.replacement });
  // The commit needs codes of its own.
  await forgetSent(holder, journey);
}

/** Whether codes for this journey are on their way that still count. */
export async function areCodesSent({ keeper }: Holder, journey: Journey): Promise<boolean> {
  return (await codesSentAtMs(keeper.vault.bare, journey.authorityKey)) !== undefined;
}

/** Has other codes sent the next time. */
export async function forgetSent({ keeper }: Holder, journey: Journey): Promise<void> {
  await forgetCodes(keeper.vault.bare, journey.authorityKey);
}

/** Asks once more after a veto, with the same key: pauses count by it. */
export async function askAgain({ keeper }: Holder): Promise<void> {
  const journey = journeyOf(keeper.kept.journey);
  const attempt = (journey.replacement?.attempt ?? journey.attempt) + 1;
  await keeper.setJourney({ ...journey, attempt, replacement: null, pending: null });
}

/** Gives an entry up that can no longer be logged; the key and its backup stay good. */
export async function dropPending({ keeper }: Holder): Promise<void> {
  await keeper.setJourney({ ...journeyOf(keeper.kept.journey), pending: null });
}

async function arrive(holder: Holder, journey: Journey, holding: Holding): Promise<void> {
  await forgetSent(holder, journey);
  await holder.keeper.arrive(newlyKept(holding, journey.backup ?? 'words'));
}

function savingPending(
  { keeper }: Holder,
  journey: Journey,
): (pending: PendingEntry) => Promise<void> {
  return async (pending) => {
    const now = keeper.kept.journey ?? journey;
    await keeper.setJourney({ ...now, pending });
  };
}

async function resumePending(
  holder: Holder,
  pending: PendingEntry,
  { code, onProgress }: RunPorts,
): Promise<Holding> {
  return await holder.directory.resume(pending, {
    challenge: { form, code },
    onProgress,
    savePending: savingPending(holder, journeyOf(holder.keeper.kept.journey)),
  });
}

async function keySourceOf({ keeper }: Holder, journey: Journey): Promise<KeySourceOfPage> {
  if (journey.seed !== null) return { seed: journey.seed };
  const signer = await keptSigner(keeper.vault.bare, journey.authorityKey);
  if (signer === undefined) throw webError('storage_lost', 'the key of the journey is gone');
  return { signer };
}

/** Screens of a journey are shown only while there is one. */
function journeyOf(journey: Journey | null): Journey {
  if (journey === null) throw webError('storage_lost', 'there is no journey any more');
  return journey;
}
