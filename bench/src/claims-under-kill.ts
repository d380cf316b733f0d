/**
 * Claims and requests while their members are killed: the two that send the codes are ended by `kill -9`
 * in turns, at moments of chance, and started again, until every claimant has been through. What counts
 * is the outbox, which is what telephones would have shown: a code that comes twice, or a holder told
 * more often of one request than members have challenged it, was sent twice.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Directory, PendingEntry, Replacement } from '@callbook/client';
import type { Testnet } from '@callbook/testnet';
import { claimOf, inLanes } from './claimants.ts';
import type { Outbox } from './claimants.ts';
import { measured } from './measurement.ts';
import type { Measurement } from './measurement.ts';

const claimantCount = 60;
const laneCount = 8;
const killCount = 6;
const attemptsMax = 40;
const attemptPauseMs = 500;
/** Notices of the last requests. */
const settleMs = 2000;

export interface KillBench {
  readonly testnet: Testnet;
  readonly directory: Directory;
  readonly outbox: Outbox;
  /** Number of the first claimant. */
  readonly first: number;
  readonly say: (line: string) => void;
}

/** Measures what is sent twice; the testnet's members are all running before and after. */
export async function benchKills(bench: KillBench): Promise<Measurement[]> {
  const { directory, outbox, first, say, testnet } = bench;
  const requests: Replacement[] = [];
  const over = new AbortController();
  const claiming = inLanes({ count: claimantCount, laneCount }, async (n) => {
    requests.push(await claimAndReplace(first + n, bench));
  }).finally(() => over.abort());
  let kills = 0;
  for (; kills < killCount && !over.signal.aborted; kills++) {
    await sleep(500 + Math.random() * 2500);
    const { name } = testnet.layout.members[kills % 2]!;
    await killAndRestart(testnet, name);
    say(`${name} was killed; ${requests.length} of ${claimantCount} claimants are through`);
  }
  await claiming;
  await sleep(settleMs);
  const codes = (await outbox.all()).flatMap(({ code }) => code ?? []);
  let [noticeCount, twice] = [0, 0];
  for (const request of requests) {
    const messages = await outbox.to(request.identifier);
    const notices = messages.filter(({ code }) => code === undefined).length;
    noticeCount += notices;
    twice += Math.max(0, notices - (await challengersOf(request, directory)));
  }
  return [
    measured({ name: 'claims, kill -9 of members that send', value: kills, unit: 'kills' }),
    measured({
      name: 'claims, codes sent twice under kill -9',
      value: codes.length - new Set(codes).size,
      unit: `of ${codes.length}`,
      goal: '<= 0',
    }),
    measured({
      name: 'claims, notices sent twice under kill -9',
      value: twice,
      unit: `of ${noticeCount}`,
      goal: '<= 0',
    }),
  ];
}

/** Members that have logged the request as challenged: each tells the holder. */
async function challengersOf({ requestId }: Replacement, directory: Directory): Promise<number> {
  const states = await directory.entryState(requestId);
  const leaves = states.flatMap((state) => ('leaves' in state ? state.leaves : []));
  const challenged = leaves.filter(({ role }) => role === 'challenged');
  return new Set(challenged.map(({ origin }) => origin)).size;
}

async function killAndRestart(testnet: Testnet, name: string): Promise<void> {
  const member = testnet.members.find(({ layout }) => layout.name === name)!;
  await member.stop('SIGKILL');
  await testnet.restart(name);
}

/**
 * Registers, and then asks to replace the holder by another key, until both are done. What is signed is
 * kept and sent again, as an app on a telephone does: another entry would have to wait for the first.
 */
async function claimAndReplace(n: number, { directory, outbox }: KillBench): Promise<Replacement> {
  const claim = claimOf(n, outbox);
  const { identifier, form, code } = claim;
  const challenge = { form, code };
  let pending: PendingEntry | undefined;
  const savePending = async (signed: PendingEntry): Promise<void> => void (pending = signed);
  await persist(async () => {
    if (pending === undefined) return await directory.claim({ ...claim, savePending });
    return await directory.resume(pending, { challenge, savePending });
  });
  const seed = globalThis.crypto.getRandomValues(new Uint8Array(32));
  let saved: Replacement | undefined;
  const save = async (replacement: Replacement): Promise<void> => void (saved = replacement);
  await persist(async () => {
    const asked = { requestClass: 'possession', identifier, seed, form, code, save } as const;
    return await directory.replace(saved === undefined ? asked : { ...asked, replacement: saved });
  });
  return saved!;
}

/** As a person would: again after a while, when members did not answer or lost a challenge. */
async function persist<T>(step: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await step();
    } catch (error) {
      if (attempt === attemptsMax) throw error;
      await sleep(attemptPauseMs);
    }
  }
}
