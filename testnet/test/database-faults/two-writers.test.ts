/**
 * A member whose shared database fails it, and a member that was started twice: real processes. Its operator
 * sees a code in the metrics, the status and on the page; of two that would sign one log, one ends.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createDirectory } from '@callbook/client';
import type { Directory, Holding } from '@callbook/client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { leavesAt, logSizeAt } from '../../src/chaos/member-view.ts';
import type { MemberLayout } from '../../src/layout.ts';
import { MemberProcess } from '../../src/member-process.ts';
import { Postgres } from '../../src/postgres.ts';
import { eventually, openLab } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { changeConfig, copyElsewhere, logOf, newestCode } from '../scale/member-elsewhere.ts';

const codeMsMax = 60_000;
/** What a member whose machine is busy says of its database, and nothing is wrong. */
const busy = ['shared_store_slow', 'shared_store_unavailable'];
const parts = new AsyncDisposableStack();
let lab: Lab;
let postgres: Postgres;
let alpha: MemberLayout;
let beta: MemberLayout;
let people: Directory;
let holding: Holding;
let version = 0;

beforeAll(async () => {
  postgres = parts.use(await Postgres.start());
  lab = parts.use(await openLab(3));
  [alpha, beta] = lab.testnet.layout.members as [MemberLayout, MemberLayout];
  await writeFile(join(alpha.folder, 'database'), postgres.url, { mode: 0o600 });
  await setUp({ urlFile: 'database' });
  people = await openPeople();
  await lab.testnet.restart('alpha');
  holding = await people.claim({
    identifier: 'tel:+34912600200',
    seed: crypto.getRandomValues(new Uint8Array(32)),
    routes: routesOf(0),
    visibility: 'dns',
    form: 'app',
    code: async ({ to }) =>
      await eventually(
        async () => await newestCode(lab.description.outbox, to),
        (code) => code !== '',
        codeMsMax,
      ),
  });
  await stateIs(undefined);
}, 180_000);

afterAll(async () => await parts.disposeAsync());

async function setUp(sharedDatabase: Record<string, unknown>): Promise<void> {
  await changeConfig(alpha, { sharedDatabase });
}

/** People who reach the members without TLS. */
async function openPeople(): Promise<Directory> {
  const charterNote = await readFile(lab.testnet.layout.charterFile, 'utf8');
  const { members } = lab.testnet.layout;
  return createDirectory({
    charterNote,
    members: ['alpha'],
    privacy: 'plain',
    fetch: async (input, init) => {
      const { port, pathname } = new URL(input);
      const { webPort } = members.find(({ apiPort }) => String(apiPort) === port)!;
      return await fetch(`http://localhost:${webPort}${pathname}`, init);
    },
  });
}

const routesOf = (n: number) =>
  [{ service: 'sip', uri: `sip:v${n}@sip.example`, preference: 10 }] as const;

/** A change that somebody makes; resolves with its receipts in hand. */
async function publish(): Promise<void> {
  version += 1;
  holding = await people.publish(holding, { routes: routesOf(version) });
}

/** The states that the metrics have, and what they say of a backlog. */
async function metrics(): Promise<{ states: string[]; lagSeconds: number }> {
  const text = await (await fetch(`http://127.0.0.1:${alpha.metricsPort}/metrics`)).text();
  const states = [...text.matchAll(/^callbook_shared_database_state\{code="(\w+)"\} 1$/gm)];
  const lag = /^callbook_shared_database_lag_seconds (\d+)$/m.exec(text)?.[1];
  return { states: states.map(([, code]) => code!), lagSeconds: Number(lag) };
}

/** In all three places where an operator looks. */
async function stateIs(code: string | undefined): Promise<void> {
  await eventually(metrics, ({ states }) => states.join() === (code ?? ''), codeMsMax);
  const advice = 'CallbookSharedDatabase';
  await vi.waitFor(
    async () => {
      const status = await lab.run(`callbook-node status --config ${alpha.configFile}`);
      expect(status.stdout).toMatch(new RegExp(`state +${code ?? 'followed'}\n`));
      const page = await (await fetch(`http://localhost:${alpha.operatorPort}/`)).text();
      expect(page).toContain(code ?? 'followed');
      if (code === undefined) expect(status.stdout).not.toContain(advice);
      else expect(status.stdout).toContain(advice);
    },
    { timeout: codeMsMax },
  );
}

/** What the shared table has of the one number. */
async function sharedUri(): Promise<string> {
  return await postgres.query(
    `SELECT substring(encode(row_value, 'escape') FROM 'sip:v[0-9]+@') FROM callbook
     WHERE position('34912600200' IN encode(row_key, 'escape')) > 0`,
  );
}

async function ready(): Promise<{ ready?: boolean; reasons?: string[] }> {
  const answer = await fetch(`http://localhost:${alpha.webPort}/readyz`);
  return (await answer.json()) as { ready?: boolean; reasons?: string[] };
}

describe('a member whose shared database', () => {
  it.each([
    [
      'is gone',
      'shared_store_unavailable',
      async () => await postgres.kill(),
      async () => await postgres.restart(),
    ],
    [
      'takes no writes',
      'shared_store_read_only',
      async () => await setting('default_transaction_read_only = on'),
      async () => await setting('default_transaction_read_only = off'),
    ],
  ])(
    '%s says %s, answers and writes on, and the rest comes later',
    async (...[, code, harm, mend]) => {
      await harm();
      await stateIs(code);
      await publish();
      await expect.poll(ready).toEqual({ ready: true });
      await eventually(metrics, ({ lagSeconds }) => lagSeconds >= 1, codeMsMax);
      await mend();
      await stateIs(undefined);
      expect(await sharedUri()).toBe(`sip:v${version}@`);
      expect((await metrics()).lagSeconds).toBe(0);
    },
    180_000,
  );
});

async function setting(text: string): Promise<void> {
  await postgres.query(`ALTER SYSTEM SET ${text}`);
  await postgres.query('SELECT pg_reload_conf()');
}

describe('a member that is started twice', () => {
  let twin: MemberLayout;

  beforeAll(async () => {
    await lab.testnet.members[0]!.stop();
    twin = await copyElsewhere(alpha, { withData: true });
    await lab.testnet.restart('alpha');
    await stateIs(undefined);
  }, 180_000);

  async function startTwin(): Promise<MemberProcess> {
    const before = (await logOf(alpha)).length;
    const other = parts.use(new MemberProcess(twin));
    expect(await other.ended).toBe(1);
    // The one that runs has seen nothing of it.
    const said = (await logOf(alpha)).slice(before).filter((line) => !isOfWays(line));
    expect(said.map(({ msg }) => msg)).toEqual([]);
    return other;
  }

  /** Of the way to the database: it may be slow, and is followed again, or for the first time. */
  const isOfWays = ({ msg, code }: { readonly msg: string; readonly code?: string }): boolean =>
    ['shared_database_followed', 'ledger_followed'].includes(msg) ||
    (['shared_database_troubled', 'ledger_troubled'].includes(msg) && busy.includes(code!));

  it('is refused as the second, with a code and what to do, and signs nothing', async () => {
    const words = await (await startTwin()).lastWords('');
    expect(words).toContain('(writer_elsewhere)');
    expect(words).toContain('Next: stop one of the two');
    expect(words).not.toContain('own_log');
    await publish();
  }, 60_000);

  it('is refused too where the second alone would share a ledger', async () => {
    await changeConfig(twin, { sharedDatabase: { urlFile: 'database', standby: true } });
    expect(await (await startTwin()).lastWords('')).toContain('(writer_elsewhere)');
    await changeConfig(twin, { sharedDatabase: { urlFile: 'database' } });
  }, 60_000);

  it('ends as the second when it could not be told before', async () => {
    await postgres.kill();
    const before = (await logOf(twin)).length;
    const other = parts.use(new MemberProcess(twin));
    // It has asked for both tables in vain, and starts. The one that runs tries again after as long as the
    // database was away, at most: it must be back before the other has started and looked for five seconds.
    await eventually(
      async () => (await logOf(twin)).slice(before).map(({ msg }) => msg),
      (said) => said.filter((msg) => msg === 'writer_unknown').length === 2,
      codeMsMax,
    );
    await postgres.restart();
    expect(await other.ended).toBe(75);
    expect((await logOf(twin)).map(({ msg }) => msg)).toContain('writer_elsewhere');
    await stateIs(undefined);
    await publish();
  }, 180_000);

  it('is refused where a ledger is there that its configuration does not name', async () => {
    await setUp({ urlFile: 'database', standby: true });
    await lab.testnet.restart('alpha');
    expect((await logOf(alpha)).map(({ msg }) => msg)).toContain('lease_taken');
    expect(await (await startTwin()).lastWords('')).toContain('(ledger_in_use)');
    await publish();
  }, 120_000);

  it('has signed one log all the while', async () => {
    const size = await eventually(
      async () => await logSizeAt(beta, alpha.origin),
      (known) => known > version,
      codeMsMax,
    );
    expect(await leavesAt(beta, alpha.origin, size)).toHaveLength(size);
    for (const { layout } of lab.testnet.members) {
      const said = (await logOf(layout)).map(({ msg }) => msg);
      expect(said).not.toContain('evidence_found');
      expect(said).not.toContain('own_log_contradicted');
    }
  }, 90_000);
});

describe('a member that shares a ledger', () => {
  it('takes nothing and says so while the database is gone, and goes on with it', async () => {
    await postgres.kill();
    await eventually(
      ready,
      ({ reasons = [] }) => reasons.includes('ledger_unavailable'),
      codeMsMax,
    );
    await stateIs('shared_store_unavailable');
    await postgres.restart();
    await eventually(ready, ({ ready: isReady }) => isReady === true, codeMsMax);
    await stateIs(undefined);
    await publish();
    await eventually(sharedUri, (uri) => uri === `sip:v${version}@`, codeMsMax);
  }, 180_000);
});
