/**
 * What a holder changes about a number that this browser holds. Every change is saved before a member sees
 * it and gone on with after a break; then the next one may begin.
 */
import {
  holdingPayload,
  recoveryCommitment,
  type OwnershipTerms,
  type PendingEntry,
} from '@callbook/client';
import { encodeRecoveryCode, entryId, type Identifier } from '@callbook/protocol';
import { nobleCryptography } from '@callbook/protocol/crypto/noble';
import { forgetAuthority, keepAuthority, keptSigner } from '../vault/browser-key.ts';
import type { RunPorts } from './code-run.ts';
import type { Holder } from './holder.ts';
import { withOwnKeys, type Reach } from './journey.ts';
import { newlyKept, type KeptNumber } from './kept-number.ts';

/** Goes on with a change that was broken off, which every other change waits for. Returns the number as it is then. */
export async function resumeChange(holder: Holder, number: KeptNumber): Promise<KeptNumber> {
  const { pending } = number;
  if (pending === null) return number;
  const holding = await holder.directory.resume(pending);
  const released = pending.kind === 'release' ? (number.released ?? null) : null;
  return await settle(holder, { ...number, holding, released });
}

/** Gives a change up that the members refuse, as after one that was made elsewhere. */
export async function dropChange(holder: Holder, number: KeptNumber): Promise<void> {
  await holder.keeper.setNumber({ ...number, pending: null });
}

/** Publishes other addresses, visibility or keys. */
export async function changeReach(
  holder: Holder,
  number: KeptNumber,
  reach: Reach,
): Promise<KeptNumber> {
  const now = await resumeChange(holder, number);
  const { routes, visibility, ownKeys } = reach;
  const keys = withOwnKeys(holdingPayload(now.holding).keys, ownKeys);
  const savePending = saving(holder, now);
  const changes = { routes, visibility, keys };
  const holding = await holder.directory.publish(now.holding, changes, { savePending });
  return await settle(holder, { ...now, holding });
}

/** Changes lock, recovery or e-mail commitment. */
export async function changeTerms(
  holder: Holder,
  number: KeptNumber,
  terms: OwnershipTerms,
): Promise<KeptNumber> {
  const now = await resumeChange(holder, number);
  const savePending = saving(holder, now);
  const holding = await holder.directory.changeTerms(now.holding, terms, { savePending });
  return await settle(holder, { ...now, holding });
}

/** A new recovery code; it is shown once and kept nowhere. */
export function newRecoveryCode(): string {
  return encodeRecoveryCode(crypto.getRandomValues(new Uint8Array(16)));
}

/** What puts a recovery code in force. */
export function recoveryTerms(code: string, identifier: Identifier): OwnershipTerms {
  return { recovery: recoveryCommitment(code, identifier) };
}

/** Refuses a request to take the number over: at once, or with codes where members want them. */
export async function vetoRequest(
  holder: Holder,
  number: KeptNumber,
  of: {
    readonly requestId: Uint8Array;
    readonly ports?: RunPorts;
    readonly members?: readonly string[];
  },
): Promise<void> {
  const { requestId, ports, members = [] } = of;
  const name = requestId.toHex();
  const { identifier } = number.holding;
  const now =
    holder.keeper.kept.numbers.find(({ holding }) => holding.identifier === identifier) ?? number;
  const attempt = now.vetoes[name] ?? 0;
  // If we crash here, a number is skipped, which no rule minds; one that is used twice would collide.
  await holder.keeper.setNumber({ ...now, vetoes: { ...now.vetoes, [name]: attempt + 1 } });
  await holder.directory.veto(number.holding, requestId, {
    attempt,
    ...(ports === undefined
      ? {}
      : {
          challenge: { form: 'digits', code: ports.code, members },
          onProgress: ports.onProgress,
        }),
  });
}

/** Gives the number up. The key stays until the pause is over. */
export async function releaseNumber(holder: Holder, number: KeptNumber): Promise<KeptNumber> {
  const now = await resumeChange(holder, number);
  const savePending = saving(holder, now);
  const releaseId = await holder.directory.release(now.holding, { savePending });
  const released = { atMs: Date.now(), releaseId: releaseId.toHex() };
  return await settle(holder, { ...now, released });
}

/** Forgets a number here, with its key; at the members nothing changes. */
export async function forgetNumber({ keeper }: Holder, { holding }: KeptNumber): Promise<void> {
  await keeper.dropNumber(holding.identifier);
  await forgetAuthority(keeper.vault.bare, holding.authorityKey);
}

/** Brings a number back from the seed of its backup. */
export async function restoreNumber(
  holder: Holder,
  of: { readonly identifier: Identifier; readonly seed: Uint8Array },
): Promise<KeptNumber> {
  const holding = await holder.directory.restore(of);
  const isKept = await keepAuthority(holder.keeper.vault.bare, of.seed, holding);
  const number = newlyKept(isKept ? { ...holding, seed: null } : holding, 'restored');
  await holder.keeper.setNumber(number);
  return number;
}

/** Loads the newest state of a number that the same key has changed elsewhere. */
export async function reloadNumber(holder: Holder, number: KeptNumber): Promise<KeptNumber> {
  const { identifier, seed, authorityKey } = number.holding;
  const signer = await keptSigner(holder.keeper.vault.bare, authorityKey);
  const holding = await holder.directory.restore({ identifier, seed, signer });
  return await settle(holder, { ...number, holding });
}

/** If we crash before it is saved, no member has seen the change; after it, it is gone on with. */
function saving(holder: Holder, number: KeptNumber): (pending: PendingEntry) => Promise<void> {
  return async (pending) => {
    const released = pending.kind === 'release' ? releasedBy(pending) : number.released;
    await holder.keeper.setNumber({ ...number, pending, released });
  };
}

function releasedBy({ entry }: PendingEntry): KeptNumber['released'] {
  return { atMs: Date.now(), releaseId: entryId(entry, nobleCryptography).toHex() };
}

async function settle(holder: Holder, after: KeptNumber): Promise<KeptNumber> {
  const settled = { ...after, pending: null };
  await holder.keeper.setNumber(settled);
  return settled;
}
