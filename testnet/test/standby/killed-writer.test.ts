/**
 * A member as one that many people use runs: two front ends answer, a stand-by waits, and others write at the
 * same time. Its writer is killed in the middle. Every process is a real one, with a real database between
 * them; every answer and every receipt is kept, and held against what came of it.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { holdingPayload } from '@callbook/client';
import type { Holding } from '@callbook/client';
import type { Identifier } from '@callbook/protocol';
import { openLevelStore } from '@callbook/replication';
import { openPostgresStore } from '@callbook/replication/shared-database';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fillShared } from '../../../packages/replication/src/shared/shared-filling.ts';
import { checkHealed } from '../../src/chaos/final-checks.ts';
import { Ledger } from '../../src/chaos/ledger.ts';
import { logSizeAt } from '../../src/chaos/member-view.ts';
import type { MemberLayout, TestnetLayout } from '../../src/layout.ts';
import { MemberProcess } from '../../src/member-process.ts';
import { Postgres } from '../../src/postgres.ts';
import { SeededRandom } from '../../src/simulation/seeded-random.ts';
import { eventually, openLabWith } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { AnswerWitness, versionOf } from './answer-witness.ts';
import type { Promised } from './answer-witness.ts';
import { ask } from '../scale/dns-question.ts';
import { FloatingAddress } from './floating-address.ts';
import { FrontProcess } from '../scale/front-process.ts';
import { changeConfig, copyElsewhere, logOf, moveToFreePorts } from '../scale/member-elsewhere.ts';
import { isQuiet } from '../scale/quiet-machine.ts';
import { People } from './people.ts';

const memberCount = 4;
const takeOverMsMax = 10_000;
const readyMsMax = 60_000;
/** The bound that the front ends are given, and keep. */
const stalenessSecondsMax = 4;
/** Beside it: from a receipt until the member has written to the shared table. */
const writingMsMax = 2_000;
/** What others log while a member is away is unknown to it until it has caught up. */
const catchUpMsMax = 10_000;
const loadedMs = 3_000;
const nobodys: readonly Identifier[] = ['tel:+447700900111', 'tel:+447700900112'];

/** Tells the witness of every receipt as well. */
class WitnessedLedger extends Ledger {
  readonly #witness: AnswerWitness;

  constructor(witness: AnswerWitness) {
    super();
    this.#witness = witness;
  }

  override acknowledge(holding: Holding): void {
    super.acknowledge(holding);
    const uri = holdingPayload(holding).routes[0]?.uri ?? '';
    const origins = holding.receipts.map(({ origin }) => origin);
    this.#witness.promise(holding.identifier, versionOf(uri), origins);
  }
}

const parts = new AsyncDisposableStack();
const random = new SeededRandom('a killed writer');
const witness = new AnswerWitness();
const ledger = new WitnessedLedger(witness);
let lab: Lab;
let layout: TestnetLayout;
let charterNote: string;
let postgres: Postgres;
/** The processes of alpha, each with its own ports. */
let alphaHere: MemberLayout;
let alphaThere: MemberLayout;
let first: MemberProcess;
let second: MemberProcess;
let fronts: FrontProcess[];
let people: People;

beforeAll(async () => {
  postgres = parts.use(await Postgres.start());
  lab = parts.use(await openLabWith({ memberCount, onFounded: prepareAlpha }));
  ({ layout } = lab.testnet);
  first = lab.testnet.members[0]!;
  second = parts.use(new MemberProcess(alphaThere));
  setDefaultCACertificates([
    ...getCACertificates('default'),
    await readFile(layout.caFile, 'utf8'),
  ]);
  charterNote = await readFile(layout.charterFile, 'utf8');
  await saidBy(alphaThere, 'standing_by');
  fronts = [await startFront('front-1'), await startFront('front-2')];
}, 180_000);

afterAll(async () => await parts.disposeAsync());

/** Its charter names addresses that go with the lease; its processes listen on others. */
async function prepareAlpha({ members: [alpha] }: TestnetLayout): Promise<void> {
  const { folder, apiPort, webPort, meshPort } = alpha!;
  await writeFile(join(folder, 'database'), postgres.url, { mode: 0o600 });
  await changeConfig(alpha!, { sharedDatabase: { urlFile: 'database', standby: true } });
  alphaThere = await copyElsewhere(alpha!, { withData: false });
  alphaHere = await moveToFreePorts(alpha!);
  for (const [port, ...targets] of [
    [apiPort, alphaHere.apiPort, alphaThere.apiPort],
    [webPort, alphaHere.webPort, alphaThere.webPort],
    [meshPort, alphaHere.meshPort, alphaThere.meshPort],
  ] as const) {
    parts.use(await FloatingAddress.open(port, targets));
  }
}

/** As docs/operators/scale.md has it: with the zone's keys, and a user that only reads. */
async function startFront(name: string): Promise<FrontProcess> {
  const folder = join(layout.folder, name);
  await mkdir(folder, { mode: 0o700 });
  // The member makes it beside its start.
  await eventually(
    async () => await postgres.query(`SELECT to_regclass('callbook')`),
    (table) => table === 'callbook',
    readyMsMax,
  );
  await postgres.query(
    `DO $$ BEGIN CREATE ROLE front LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
     GRANT SELECT ON callbook TO front`,
  );
  const url = postgres.url.replace('user=callbook', 'user=front');
  await writeFile(join(folder, 'database'), url, { mode: 0o600 });
  return parts.use(
    await FrontProcess.start(folder, {
      sharedDatabase: { urlFile: 'database', stalenessSecondsMax },
      keys: { zone: join(alphaHere.folder, 'zone-keys') },
    }),
  );
}

/** Waits for a line in a process's log, after the first so many. */
async function saidBy(member: MemberLayout, message: string, after = 0): Promise<void> {
  await eventually(
    async () => (await logOf(member)).slice(after).map(({ msg }) => msg),
    (said) => said.includes(message),
    readyMsMax,
  );
}

/** Where the shared table is: term, generation, and the least and greatest notice in it. */
async function noticesIn(): Promise<{ count: number; least: number; greatest: number }> {
  const [count, least, greatest] = (
    await postgres.query(
      `SELECT count(*), min(encode(substr(row_key, 3), 'hex')), max(encode(substr(row_key, 3), 'hex'))
       FROM callbook WHERE substr(row_key, 1, 2) = 'un'`,
    )
  ).split('|');
  return {
    count: Number(count),
    least: Number.parseInt(least!, 16),
    greatest: Number.parseInt(greatest!, 16),
  };
}

/** What a front end says before its member has written, and when that does not write for a while. */
const waiting = ['shared_store_filling', 'shared_store_stale'];

function troublesIn(log: readonly { readonly msg: string; readonly code?: string }[]): string[] {
  return log.filter(({ msg }) => msg === 'shared_database_troubled').map(({ code }) => code!);
}

describe('a member with two front ends and a stand-by', () => {
  let noticesBefore: Awaited<ReturnType<typeof noticesIn>>;
  let killedAtMs: number;
  /** From the death of the writer until the stand-by had what the others had logged meanwhile. */
  let caughtUpMs: number;

  it('answers at all three while people claim and change', async () => {
    const apex = layout.members[0]!.zone;
    for (const [name, port] of [
      ['front 1', fronts[0]!.dnsPort],
      ['front 2', fronts[1]!.dnsPort],
      ['here', alphaHere.dnsPort],
      ['there', alphaThere.dnsPort],
    ] as const) {
      witness.ask({ name, port, apex }, nobodys, random.branch(name));
    }
    people = new People({ layout, charterNote, ledger, random: random.branch('people') });
    await eventually(
      async () => ['front 1', 'front 2', 'here'].map((name) => witness.counts(name).right),
      (counts) => Math.min(...counts) > 50,
      readyMsMax,
    );
    await eventually(
      async () => people.holdings.length,
      (count) => count > memberCount,
      readyMsMax,
    );
    // Who stands by has no port to answer at.
    expect(witness.counts('there')).toMatchObject({ right: 0, absent: 0, servfail: 0 });
    noticesBefore = await noticesIn();
  }, 150_000);

  it('signs its next checkpoint at the stand-by within 10 s of the death of its writer', async () => {
    killedAtMs = Date.now();
    await first.stop('SIGKILL');
    // Until then the log may still grow by what the first had sent before it was killed.
    await saidBy(alphaThere, 'lease_taken');
    const size = await logSizeAt(layout.members[1]!, layout.members[0]!.origin);
    await eventually(
      async () => await logSizeAt(layout.members[1]!, layout.members[0]!.origin),
      (grown) => grown > size,
      readyMsMax,
    );
    const awayMs = Date.now() - killedAtMs;
    console.info(`the next checkpoint is signed ${awayMs} ms after the writer was killed`);
    if (isQuiet()) expect(awayMs).toBeLessThan(takeOverMsMax);
    const [itself, ...others] = layout.members;
    const sizes = await Promise.all(others.map((member) => logSizeAt(member, member.origin)));
    await eventually(
      async () =>
        await Promise.all(others.map(({ origin }) => logSizeAt(itself!, origin).catch(() => -1))),
      (held) => held.every((heldSize, place) => heldSize >= sizes[place]!),
      readyMsMax,
    );
    caughtUpMs = Date.now() - killedAtMs;
    if (isQuiet()) expect(caughtUpMs).toBeLessThan(awayMs + catchUpMsMax);
  }, 150_000);

  it('is followed by its front ends, through the same table, without filling it again', async () => {
    await eventually(
      async () => (await noticesIn()).greatest,
      (greatest) => greatest > noticesBefore.greatest,
      readyMsMax,
    );
    const followedAtMs = Date.now();
    console.info(`the table is followed ${followedAtMs - killedAtMs} ms after`);
    await eventually(
      async () =>
        ['front 1', 'front 2', 'there'].map((name) => witness.counts(name, followedAtMs).right),
      (counts) => Math.min(...counts) > 50,
      readyMsMax,
    );
    const { count, least, greatest } = await noticesIn();
    // Each notice there is once, and none between the two writers is missing.
    expect(greatest - least + 1).toBe(count);
    // A machine that is busy may be slow; nobody was compared, refused or taken for another.
    const busy = ['shared_store_slow', 'shared_store_unavailable'];
    expect(troublesIn(await logOf(alphaThere)).filter((code) => !busy.includes(code))).toEqual([]);
    for (const front of fronts) {
      const codes = troublesIn(await front.log());
      expect(codes.filter((code) => ![...busy, ...waiting].includes(code))).toEqual([]);
    }
  }, 150_000);

  it('has the old writer as its stand-by when that comes back', async () => {
    const count = (await logOf(alphaHere)).length;
    first = parts.use(new MemberProcess(alphaHere));
    const failed = first.ended.then(async () => {
      throw new Error(await first.lastWords('ended'));
    });
    await Promise.race([saidBy(alphaHere, 'standing_by', count), failed]);
    const before = Date.now();
    await sleep(loadedMs);
    expect(witness.counts('here', before)).toMatchObject({ right: 0, absent: 0, servfail: 0 });
    // Between two of these lines a busy machine may say that the database is slow.
    await expect.poll(async () => (await logOf(alphaHere)).at(-1)!.msg).toBe('standing_by');
    await expect.poll(() => witness.counts('there', before).right).toBeGreaterThan(0);
  }, 150_000);

  it('has lost no receipt, and agrees with the others about everything', async () => {
    await eventually(
      async () => people.holdings.length,
      (count) => count > 2 * memberCount,
      readyMsMax,
    );
    await people.end();
    const { holdings } = people;
    const { leaves } = await checkHealed({ layout, charterNote, ledger, holdings });
    console.info({ ...ledger.counts, leaves, claims: holdings.length });
    for (const member of [...layout.members.slice(1), alphaHere, alphaThere]) {
      const said = (await logOf(member)).map(({ msg }) => msg);
      expect(said).not.toContain('evidence_found');
      expect(said).not.toContain('own_log_contradicted');
      expect(said).not.toContain('rule_broken');
    }
    // All have it by now, and the front ends soon after.
    for (const { dnsPort } of [...fronts, alphaThere]) {
      for (const holding of holdings) {
        const digits = holding.identifier.slice('tel:+'.length);
        const sip = holdingPayload(holding).routes[0]!.uri;
        const asked = { port: dnsPort, apex: layout.members[0]!.zone, digits };
        await eventually(
          async () => await ask(asked).catch(() => undefined),
          (answer) => answer?.sip === sip,
          readyMsMax,
        );
      }
    }
  }, 240_000);

  it('has answered nothing that was not so', async () => {
    await witness.end();
    const servers = ['front 1', 'front 2', 'here', 'there'];
    for (const server of servers) {
      console.info(server, witness.counts(server), `oldest ${witness.oldest(server)} ms`);
    }
    // What this member alone has logged it knows; of the others' it hears, when it is there.
    const { origin: own } = layout.members[0]!;
    const boundMs = ({ origins }: Promised): number =>
      origins.every((origin) => origin === own)
        ? stalenessSecondsMax * 1000 + writingMsMax
        : caughtUpMs + catchUpMsMax;
    expect(witness.lies(boundMs)).toEqual([]);
    // And it is answers that this is said of.
    for (const server of servers) expect(witness.counts(server).right).toBeGreaterThan(50);
  });

  it('leaves a table that holds what the writer has, row by row', async () => {
    const count = (await logOf(alphaHere)).length;
    await second.stop();
    await saidBy(alphaHere, 'shared_database_followed', count);
    await first.stop();
    await using store = await opened(join(alphaHere.folder, 'data/store'));
    const url = { url: postgres.url, table: 'callbook', connections: 1, answerMsMax: 5_000 };
    const shared = await openPostgresStore(url);
    const differing: unknown[] = [];
    const write = async (changes: readonly unknown[]): Promise<void> =>
      void differing.push(...changes);
    await fillShared({ from: store, shared, write });
    await shared.close();
    expect(differing.length).toBe(0);
  }, 150_000);
});

async function opened(folder: string) {
  const store = await openLevelStore(folder, { cacheBytes: 1 << 20 });
  return { range: store.range, [Symbol.asyncDispose]: async () => await store.close() };
}
