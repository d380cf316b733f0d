/**
 * What must be so when a chaos run has healed: all members have the same logs, every leaf that somebody
 * has a receipt for is in them, and each of them shows, and proves, what every holder was last told.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createDirectory, holdingPayload, verifyProof } from '@callbook/client';
import type { Holding } from '@callbook/client';
import { bytesEqual, charterSet } from '@callbook/protocol';
import type { KnownCharter } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import type { MemberLayout, TestnetLayout } from '../layout.ts';
import type { Ledger, PromisedLeaf } from './ledger.ts';
import { leavesAt, logSizeAt, proofAt, Unanswered } from './member-view.ts';

const convergenceMsMax = 120_000;
const pollEveryMs = 250;
/** Proofs are limited to so many a second at a member; those of one holder at a time are below it. */
const proofRetriesMax = 40;
/** Of what members show; each try takes as long as the client lets one be busy. */
const answerRetriesMax = 5;

export interface HealedRun {
  readonly layout: TestnetLayout;
  readonly charterNote: string;
  readonly ledger: Ledger;
  /** What every holder was last told. */
  readonly holdings: readonly Holding[];
}

/** Resolves with the leaves of all logs together; throws for the first thing that is not as it must be. */
export async function checkHealed(run: HealedRun): Promise<{ readonly leaves: number }> {
  const { promised } = run.ledger;
  const sizes = await untilEqual(run.layout, promised);
  const logs = await equalLogs(run.layout, sizes);
  assertKept(promised, logs);
  await checkHolders(run);
  return { leaves: [...sizes.values()].reduce((sum, size) => sum + size, 0) };
}

/** Throws for the first receipt whose leaf is not where it says. */
export function assertKept(
  promised: readonly PromisedLeaf[],
  logs: ReadonlyMap<string, readonly Uint8Array[]>,
): void {
  for (const { origin, index, leaf } of promised) {
    const kept = logs.get(origin)?.[index];
    if (kept === undefined || !bytesEqual(kept, leaf)) {
      throw new Error(`lost: ${origin} has not the leaf at ${index} that a receipt promises`);
    }
  }
}

/**
 * Waits until every member has as much of every log as its writer, and all that is promised: a receipt
 * comes before the checkpoint that a quorum signs. Resolves with the sizes when nothing grows any more.
 */
async function untilEqual(
  { members }: TestnetLayout,
  promised: readonly PromisedLeaf[],
): Promise<Map<string, number>> {
  const deadlineMs = Date.now() + convergenceMsMax;
  let before = '';
  for (;;) {
    const rows = await Promise.all(
      members.map(async (member) => {
        const sizes = members.map(({ origin }) => logSizeAt(member, origin).catch(() => -1));
        return await Promise.all(sizes);
      }),
    );
    const [first = []] = rows;
    const text = first.join(' ');
    const sizes = new Map(members.map(({ origin }, place) => [origin, first[place]!]));
    const missing = promised.find(({ origin, index }) => index >= (sizes.get(origin) ?? 0));
    const isEqual = rows.every((row) => row.join(' ') === text) && !first.includes(-1);
    if (isEqual && missing === undefined && text === before) return sizes;
    before = text;
    if (Date.now() > deadlineMs) {
      if (isEqual && missing !== undefined) {
        const { origin, index } = missing;
        throw new Error(`lost: ${origin} has not the leaf at ${index} that a receipt promises`);
      }
      const table = rows.map((row, place) => `${members[place]!.name}: ${row.join(' ')}`);
      throw new Error(`the members do not converge:\n${table.join('\n')}`);
    }
    await sleep(pollEveryMs);
  }
}

async function equalLogs(
  { members }: TestnetLayout,
  sizes: ReadonlyMap<string, number>,
): Promise<Map<string, Uint8Array[]>> {
  const logs = new Map<string, Uint8Array[]>();
  for (const [origin, size] of sizes) {
    for (const member of members) {
      const leaves = await leavesAt(member, origin, size);
      const known = logs.get(origin);
      const same = known?.every((leaf, index) => bytesEqual(leaf, leaves[index]!)) ?? true;
      if (leaves.length !== size || !same) {
        throw new Error(`${member.name} has another log of ${origin} than the member before it`);
      }
      logs.set(origin, leaves);
    }
  }
  return logs;
}

async function checkHolders({ layout, charterNote, ledger, holdings }: HealedRun): Promise<void> {
  const charters = charterSet([charterNote], crypto);
  if (charters.verdict !== 'accept') throw new Error(charters.message);
  const directory = createDirectory({ charterNote, crypto });
  for (const holding of holdings) {
    const members = await answered(
      async () => (await directory.survey(holding.identifier)).members,
    );
    for (const answer of members) {
      const shown =
        answer.state === 'published' &&
        bytesEqual(answer.binding.entryId, holding.entryId) &&
        bytesEqual(answer.binding.ownershipId, holding.ownershipId) &&
        answer.binding.routes[0]?.uri === holdingPayload(holding).routes[0]?.uri;
      if (!shown) {
        const found = answer.state === 'published' ? `entry ${answer.binding.seq}` : answer.state;
        throw new Error(
          `${answer.member} shows ${found} of a holder who was told entry ${holding.seq}`,
        );
      }
    }
    for (const id of [holding.entryId, holding.ownershipId]) {
      for (const state of await answered(async () => await directory.entryState(id))) {
        const ended = id === holding.ownershipId && holding.seq > 0;
        if (state.state !== 'complete' || (!state.inForce && !ended)) {
          throw new Error(`${state.member} says ${state.state} of an entry that was complete`);
        }
      }
    }
    for (const member of layout.members) {
      const proven = { member, charter: charters.value.current, ledger };
      await checkProof(holding, proven);
    }
  }
}

/** Asks until all members answer: nobody is down any more, but some may be busy. */
async function answered<T extends { readonly state: string }>(
  ask: () => Promise<readonly T[]>,
): Promise<readonly T[]> {
  for (let attempt = 1; ; attempt++) {
    const answers = await ask();
    const isWhole = answers.every(({ state }) => state !== 'failed');
    if (isWhole || attempt === answerRetriesMax) return answers;
    await sleep(pollEveryMs);
  }
}

async function checkProof(
  holding: Holding,
  at: { readonly member: MemberLayout; readonly charter: KnownCharter; readonly ledger: Ledger },
): Promise<void> {
  const { member, charter, ledger } = at;
  for (let attempt = 1; ; attempt++) {
    try {
      const answer = await proofAt(member, holding.identifier);
      const claim = { charter, identifier: holding.identifier, crypto, nowMs: Date.now() };
      const { binding, payload } = verifyProof(answer, claim);
      const published = holdingPayload(holding).routes[0]?.uri;
      if (!bytesEqual(binding?.entryId ?? noEntry, holding.entryId)) {
        throw new Error(`${member.name} proves another entry than the holder was told`);
      }
      if (payload?.routes[0]?.uri !== published) {
        throw new Error(`${member.name} proves another payload than the holder signed`);
      }
      ledger.meet(answer.root);
      return;
    } catch (error) {
      // Nobody is down any more, but some may be busy, or close what was kept open.
      if (!(error instanceof Unanswered) || attempt === proofRetriesMax) {
        throw new Error(`${member.name} gives no good proof after healing`, { cause: error });
      }
      await sleep(pollEveryMs);
    }
  }
}

const noEntry = new Uint8Array(32);
