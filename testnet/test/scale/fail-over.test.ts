/**
 * A member that runs as two processes, in a federation that people use: the one that writes is stopped where
 * it stands, the other takes over, the first wakes up. Real processes, a real database, and the other members
 * as witnesses: they hold every checkpoint that either has signed.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDirectory, isClientError } from '@callbook/client';
import type { Directory, Fetch, Holding, PendingEntry } from '@callbook/client';
import type { Identifier } from '@callbook/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leavesAt, logSizeAt } from '../../src/chaos/member-view.ts';
import type { MemberLayout } from '../../src/layout.ts';
import { MemberProcess } from '../../src/member-process.ts';
import { Postgres } from '../../src/postgres.ts';
import { eventually, openLab } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { changeConfig, copyElsewhere, logOf, newestCode } from './member-elsewhere.ts';
import { isQuiet } from './quiet-machine.ts';

const takeOverMsMax = 60_000;
/** The goal, where nobody else uses the processors. */
const nextCheckpointMsMax = 10_000;
const readyMsMax = 60_000;
/** A process that is stopped where it stands costs a change no longer than this. */
const answerMsMax = 4_000;
const retryMs = 100;

let lab: Lab;
let alpha: MemberLayout;
/** The same member on another machine: the same keys, its own disk and addresses. */
let alphaElsewhere: MemberLayout;
let beta: MemberLayout;
let first: MemberProcess;
let postgres: Postgres;
/** Where people reach alpha. */
let address: MemberLayout;
let people: Directory;
let holding: Holding;
let version = 0;
let isPatient = true;
const parts = new AsyncDisposableStack();

beforeAll(async () => {
  postgres = parts.use(await Postgres.start());
  lab = parts.use(await openLab(3));
  [alpha, beta] = lab.testnet.layout.members as [MemberLayout, MemberLayout];
  await writeFile(join(alpha.folder, 'database'), postgres.url, { mode: 0o600 });
  await changeConfig(alpha, { sharedDatabase: { urlFile: 'database', standby: true } });
  // Its store is what the ledger begins with; whoever is to follow needs a copy of it.
  await lab.testnet.restart('alpha');
  address = alpha;
  people = await openPeople();
  holding = await claimNumber();
  isPatient = false;
  await lab.testnet.members[0]!.stop();
  alphaElsewhere = await copyElsewhere(alpha, { withData: true });
  first = await lab.testnet.restart('alpha');
  parts.use(new MemberProcess(alphaElsewhere));
}, 180_000);

afterAll(async () => await parts.disposeAsync());

/** People who reach the member where it is now: at an address that moves with the lease. */
async function openPeople(): Promise<Directory> {
  const charterNote = await readFile(lab.testnet.layout.charterFile, 'utf8');
  const { members } = lab.testnet.layout;
  const fetchThere: Fetch = async (input, init) => {
    const { port, pathname } = new URL(input);
    const member = members.find(({ apiPort }) => String(apiPort) === port)!;
    const { webPort } = member.name === 'alpha' ? address : member;
    const given = init?.signal == null ? [] : [init.signal];
    const signal = AbortSignal.any([
      ...(isPatient ? [] : [AbortSignal.timeout(answerMsMax)]),
      ...given,
    ]);
    return await fetch(`http://localhost:${webPort}${pathname}`, { ...init, signal });
  };
  const options = { charterNote, fetch: fetchThere, members: ['alpha'] };
  return createDirectory({ ...options, privacy: 'plain' });
}

async function claimNumber(): Promise<Holding> {
  const outbox = lab.description.outbox;
  return await people.claim({
    identifier: '+34912600100'.replace('+', 'tel:+') as Identifier,
    seed: crypto.getRandomValues(new Uint8Array(32)),
    routes: routesOf(0),
    visibility: 'dns',
    form: 'app',
    code: async ({ to }) =>
      await eventually(
        async () => await newestCode(outbox, to),
        (code) => code !== '',
        readyMsMax,
      ),
  });
}

const routesOf = (version: number) =>
  [{ service: 'sip', uri: `sip:v${version}@sip.example`, preference: 10 }] as const;

/** A holder who changes what is published, one change after the other, until told otherwise. */
function load(): { stop(): Promise<number> } {
  const over = new AbortController();
  let count = 0;
  const running = (async () => {
    while (!over.signal.aborted) {
      version += 1;
      let pending: PendingEntry | undefined;
      const savePending = (next: PendingEntry): void => void (pending = next);
      // The same bytes again, until somebody has logged them: whoever left them behind could sign nothing else.
      for (let isLogged = false; !isLogged;) {
        try {
          holding =
            pending === undefined
              ? await people.publish(holding, { routes: routesOf(version) }, { savePending })
              : await people.resume(pending, { savePending });
          isLogged = true;
          count += 1;
        } catch (error) {
          if (!isClientError(error)) throw error;
          await sleep(retryMs);
        }
      }
    }
  })();
  return {
    stop: async () => {
      over.abort();
      await running;
      return count;
    },
  };
}

async function messages(member: MemberLayout): Promise<string[]> {
  return (await logOf(member)).map(({ msg }) => msg);
}

/** What all have seen of alpha's log; more than `size` leaves. */
async function logBeyond(size: number): Promise<Uint8Array[]> {
  const found = await eventually(
    async () => await logSizeAt(beta, alpha.origin),
    (known) => known > size,
    takeOverMsMax,
  );
  return await leavesAt(beta, alpha.origin, found);
}

describe('a member with a stand-by', () => {
  let before: Uint8Array[];

  it('is one process that writes, and one that opens no port and keeps up', async () => {
    expect(await messages(alpha)).toContain('lease_taken');
    await eventually(
      async () => await messages(alphaElsewhere),
      (said) => said.includes('standing_by'),
      readyMsMax,
    );
    const size = await logSizeAt(beta, alpha.origin);
    const changes = load();
    before = await logBeyond(size);
    expect(await changes.stop()).toBeGreaterThan(0);
    expect(await messages(alphaElsewhere)).not.toContain('lease_taken');
  }, 180_000);

  it('signs its next checkpoint elsewhere, soon after the stop of who wrote, in the middle of a load', async () => {
    const changes = load();
    await logBeyond(before.length);
    const stoppedAtMs = Date.now();
    process.kill(first.pid!, 'SIGSTOP');
    address = alphaElsewhere;
    // Until then the log may still grow by what the first had sent before it was stopped.
    await eventually(
      async () => await messages(alphaElsewhere),
      (said) => said.includes('lease_taken'),
      takeOverMsMax,
    );
    const size = await logSizeAt(beta, alpha.origin);
    const after = await logBeyond(size);
    const tookMs = Date.now() - stoppedAtMs;
    console.info(`fail-over: next checkpoint after ${tookMs} ms`);
    if (isQuiet()) expect(tookMs).toBeLessThan(nextCheckpointMsMax);
    expect(await changes.stop()).toBeGreaterThan(0);
    expect(after.slice(0, before.length)).toEqual(before);
    before = after;
  }, 180_000);

  it('sends the one that wakes up away before it signs anything', async () => {
    process.kill(first.pid!, 'SIGCONT');
    expect(await first.ended).toBe(75);
    expect((await messages(alpha)).at(-1)).toBe('lease_lost');
  }, 60_000);

  it('keeps every change that somebody was told of, and has contradicted itself nowhere', async () => {
    await eventually(
      async () => {
        const { members } = await people.survey(holding.identifier);
        return members.map((one) => (one.state === 'published' ? one.binding.seq : -1));
      },
      (shown) => Math.min(...shown) >= holding.seq,
      takeOverMsMax,
    );
    for (const { layout } of lab.testnet.members) {
      const said = await messages(layout);
      expect(said).not.toContain('evidence_found');
      expect(said).not.toContain('own_log_contradicted');
    }
  }, 90_000);
});
