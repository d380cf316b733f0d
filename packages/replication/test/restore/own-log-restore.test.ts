/** A member whose store is older than what it has signed never signs two roots for one size. */
import { parseVerifierKey, verifyCheckpoint } from '@callbook/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Replica } from '../../src/replica.ts';
import type { ReplicaOptions } from '../../src/replica-parts.ts';
import { memoryStore } from '../../src/store/memory-store.ts';
import type { Store } from '../../src/store/store.ts';
import { crypto, foundFederation, openReplica, TestClock } from '../support/federation.ts';
import type { TestFederation } from '../support/federation.ts';
import { Holder, submissionOf } from '../support/holder.ts';
import { HandWrittenLog } from '../support/liar.ts';
import { changeLastLeaf } from '../support/made-up-leaf.ts';
import { copyOf, MeshMembers, until } from '../support/mesh-members.ts';
import { nextCharter } from '../support/next-charter.ts';

vi.setConfig({ testTimeout: 180_000 });

const names = ['alpha', 'beta', 'gamma'];
const origin = 'api.alpha.test/log';
let federation: TestFederation;
let members: MeshMembers;
let stores: Map<string, Store>;
/** Every root that alpha has signed, by size: what an auditor who never sleeps would have. */
let signed: Map<number, string>;
let nextNumber: number;
beforeEach(async () => {
  federation = await foundFederation();
  members = new MeshMembers(federation);
  stores = new Map(names.map((name) => [name, memoryStore()]));
  signed = new Map();
  nextNumber = 1000;
});
afterEach(() => members[Symbol.asyncDispose]());

const startAlpha = () => members.start('alpha', { store: stores.get('alpha')! });
const confirmed = ({ ownLog }: Replica): boolean => ownLog.state === 'confirmed';

async function startAll(overrides: Partial<ReplicaOptions> = {}): Promise<Replica[]> {
  const started = await Promise.all(
    names.map((name) => members.start(name, { store: stores.get(name)!, ...overrides })),
  );
  const replicas = started.map(({ replica }) => replica);
  await until(() => replicas.every(confirmed));
  return replicas;
}

/** Logs so many registrations and audits each checkpoint. */
async function log(replica: Replica, count: number): Promise<void> {
  const holders = Array.from({ length: count }, () => new Holder(`tel:+3491234${nextNumber++}`));
  const groups = count < 10 ? holders.map((holder) => [holder]) : [holders];
  for (const group of groups) {
    const made = await Promise.all(group.map((holder) => holder.register()));
    const verdicts = made.map((entry) => replica.log(submissionOf(entry, 'challenged')));
    for (const verdict of await Promise.all(verdicts)) expect(verdict.verdict).toBe('accept');
    audit(replica);
  }
}

/** Logs so many leaves, more than a page holds: one registration and updates, of which none needs a proof. */
async function logUpdates(replica: Replica, count: number): Promise<void> {
  const holder = new Holder(`tel:+3491234${nextNumber++}`);
  const made = await holder.register();
  await replica.log(submissionOf(made, 'challenged'));
  await until(() => replica.entryState(made.entryId)?.state === 'complete');
  const some = Array.from({ length: count - 1 }, (_, n) => holder.update(`sip:u${n}@sip.test`));
  const updates = await Promise.all(some);
  const verdicts = updates.map((update) => replica.log(submissionOf(update, 'received')));
  for (const verdict of await Promise.all(verdicts)) expect(verdict.verdict).toBe('accept');
  audit(replica);
}

/** Fails when alpha's newest checkpoint gives another root to a size than one before. */
function audit(replica: Replica): void {
  const key = parseVerifierKey(federation.charter.members[0]!.logKey);
  if (key.verdict !== 'accept') throw new Error(key.code);
  const checkpoint = verifyCheckpoint(replica.checkpoint(origin)!, key.value, crypto);
  if (checkpoint.verdict !== 'accept') throw new Error(checkpoint.code);
  const { size, root } = checkpoint.value;
  expect(signed.get(size) ?? root.toHex()).toBe(root.toHex());
  signed.set(size, root.toHex());
}

const sizeAt = (replica: Replica): number =>
  replica.logSizes().find((log) => log.origin === origin)!.size;

describe('a member whose store was restored from an older backup', () => {
  it('fetches its own log back before it writes, and its log never forks', async () => {
    const [alpha, beta, gamma] = (await startAll()) as [Replica, Replica, Replica];
    await log(alpha, 3);
    const backup = await copyOf(stores.get('alpha')!);
    await log(alpha, 4);
    await until(() => sizeAt(beta) === 8 && sizeAt(gamma) === 8);
    await members.stop('alpha');
    stores.set('alpha', backup);
    const again = (await startAlpha()).replica;
    expect(sizeAt(again)).toBe(4);
    await until(() => confirmed(again));
    expect(sizeAt(again)).toBe(8);
    // The log is back before the receipts of others are, which make its last entries complete.
    await until(() => again.bindings.byDigits('34912341006') !== undefined);
    await log(again, 3);
    expect(sizeAt(again)).toBe(11);
    await until(() => sizeAt(beta) === 11 && sizeAt(gamma) === 11);
  });

  it('gives those a moment that are not connected yet: they may know more', async () => {
    const [alpha, beta, gamma] = (await startAll()) as [Replica, Replica, Replica];
    await log(alpha, 3);
    await until(() => sizeAt(beta) === 4);
    const backup = await copyOf(stores.get('alpha')!);
    await members.stop('beta');
    await log(alpha, 4);
    await until(() => sizeAt(gamma) === 8);
    await Promise.all([members.stop('alpha'), members.stop('gamma')]);
    const stopped = new TestClock();
    const again = (await members.start('alpha', { store: backup, clock: stopped })).replica;
    await members.start('beta', { store: stores.get('beta')! });
    await until(() => again.ownLog.isComplete);
    expect(again.ownLog.state).toBe('unconfirmed');
    await members.start('gamma', { store: stores.get('gamma')! });
    await until(() => confirmed(again));
    expect(sizeAt(again)).toBe(8);
  });

  it('waits no longer than that for one that is away', async () => {
    const clock = new TestClock();
    const alpha = (await members.start('alpha', { clock })).replica;
    await members.start('beta');
    await until(() => alpha.ownLog.isComplete);
    expect(alpha.ownLog.state).toBe('unconfirmed');
    clock.advance(2000);
    await until(() => confirmed(alpha));
  });

  it('waits for leaves that a mirror has only heard of, and that another one has', async () => {
    const [alpha, beta, gamma] = (await startAll()) as [Replica, Replica, Replica];
    await log(alpha, 3);
    await until(() => sizeAt(beta) === 4);
    await members.stop('beta');
    const backup = await copyOf(stores.get('alpha')!);
    await log(alpha, 4);
    await until(() => sizeAt(gamma) === 8);
    const newest = alpha.checkpoint(origin)!;
    await Promise.all([members.stop('alpha'), members.stop('gamma')]);
    stores.set('alpha', backup);
    const heard = (await members.start('beta', { store: stores.get('beta')! })).replica;
    expect(heard.learn(origin, newest).verdict).toBe('accept');
    expect(sizeAt(heard)).toBe(4);
    const again = (await startAlpha()).replica;
    await until(() => again.signedSize(origin) === 8);
    // It is heard again with each round: time enough to be confirmed by mistake.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(again.ownLog.state).toBe('unconfirmed');
    expect(again.ownLog.lacksLeaves).toBe(false);
    again.ownLog.giveUp();
    expect(again.ownLog.lacksLeaves).toBe(true);
    await members.start('gamma', { store: stores.get('gamma')! });
    await until(() => confirmed(again));
    expect(again.ownLog.lacksLeaves).toBe(false);
    await log(again, 2);
    expect(sizeAt(again)).toBe(10);
  });

  it('has on disk what came back before it is signed over', async () => {
    const [alpha, beta] = (await startAll()) as [Replica, Replica];
    await log(alpha, 3);
    await until(() => sizeAt(beta) === 4);
    await members.stop('alpha');
    stores.set('alpha', memoryStore());
    const durable: boolean[] = [];
    const inner = stores.get('alpha')!;
    const batch: Store['batch'] = (changes, options) => {
      if (changes.some(({ rowKey }) => rowKey[0] === 's'.codePointAt(0))) {
        const ours = changes.some(({ rowKey }) =>
          Buffer.from(rowKey).equals(Buffer.from(`s${origin}`)),
        );
        if (ours) durable.push(options.durable);
      }
      return inner.batch(changes, options);
    };
    const { replica } = await members.start('alpha', { store: { ...inner, batch } });
    await until(() => confirmed(replica));
    expect(durable.length).toBeGreaterThan(0);
    expect(durable.every(Boolean)).toBe(true);
  });
});

describe('a member that has lost its store', () => {
  it('ends with the same log, and takes up the charter only once', async () => {
    const [alpha, beta] = (await startAll()) as [Replica, Replica];
    await logUpdates(alpha, 600);
    await until(() => sizeAt(beta) === 601, 20_000);
    const before = alpha.checkpoint(origin);
    await members.stop('alpha');
    stores.set('alpha', memoryStore());
    const again = (await startAlpha()).replica;
    await until(() => confirmed(again));
    expect(again.checkpoint(origin)).toBe(before);
    expect(sizeAt(again)).toBe(601);
    await log(again, 1);
    expect(sizeAt(again)).toBe(602);
  });

  it('refuses entries with a code until others have told, and serves look-ups', async () => {
    await startAll();
    const made = await new Holder('tel:+4915123456789').register();
    await Promise.all(names.map((name) => members.stop(name)));
    const { replica } = await startAlpha();
    const verdict = await replica.log(submissionOf(made, 'challenged'));
    expect(verdict).toMatchObject({ verdict: 'ignore', code: 'own_log_unconfirmed' });
    expect(replica.bindings.byDigits('4915123456789')).toBeUndefined();
    expect(replica.indexRoot).toBeUndefined();
    await members.start('beta', { store: stores.get('beta')! });
    await until(() => confirmed(replica));
    expect((await replica.log(submissionOf(made, 'challenged'))).verdict).toBe('accept');
  });

  it('witnesses, once it is open, what it met while it was shut', async () => {
    const [alpha, beta] = (await startAll()) as [Replica, Replica, Replica];
    const made = await new Holder('tel:+4915123456789').register();
    // What no mirror has stored is lost with the store, and a log that goes on without it forks.
    await until(
      () => alpha.expectedSize(beta.origin) > 0 && alpha.checkpoint(beta.origin) !== undefined,
    );
    await members.stop('gamma');
    await members.stop('beta');
    await log(alpha, 1);
    await alpha.log(submissionOf(made, 'challenged'));
    // Alone, its log holds no witness; beta comes back without its store and hears of the entry first.
    expect(alpha.entryState(made.entryId)!.state).toBe('incomplete');
    const { replica } = await members.start('beta');
    await until(() => alpha.entryState(made.entryId)!.state === 'complete');
    expect(confirmed(replica)).toBe(true);
    expect(beta.origin).toBe(replica.origin);
  });
});

describe('a federation in which f members may be dishonest', () => {
  it('waits for as many others as are a quorum with it: of f + 1 the honest one may be behind', async () => {
    const five = await foundFederation({ count: 5, faults: 1 });
    await using mesh = new MeshMembers(five);
    const beginning = ['alpha', 'beta', 'gamma', 'delta'];
    const disks = new Map(beginning.map((name) => [name, memoryStore()]));
    const start = async (name: string): Promise<Replica> =>
      (await mesh.start(name, { store: disks.get(name) ?? memoryStore() })).replica;
    const [alpha, beta, gamma] = (await Promise.all(beginning.map(start))) as [
      Replica,
      Replica,
      Replica,
    ];
    await until(() => confirmed(alpha));
    await log(alpha, 3);
    await until(() => sizeAt(beta) === 4);
    const backup = await copyOf(disks.get('alpha')!);
    await mesh.stop('beta');
    await log(alpha, 4);
    await until(() => sizeAt(gamma) === 8);
    await Promise.all(['alpha', 'gamma', 'delta'].map((name) => mesh.stop(name)));
    disks.set('alpha', backup);
    const again = await start('alpha');
    // Beta was away, epsilon says that it knows nothing.
    await Promise.all(['beta', 'epsilon'].map(start));
    await until(() => ['beta', 'epsilon'].every((name) => again.ownLog.hasTold(name)));
    // Longer than it waits for others that are connected.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(again.ownLog.state).toBe('unconfirmed');
    await start('gamma');
    await until(() => confirmed(again));
    expect(sizeAt(again)).toBe(8);
    await log(again, 1);
  });

  it('does not count what a member told that was expelled since', async () => {
    const four = await foundFederation({ count: 4, faults: 1 });
    await using alpha = await openReplica(four, 'alpha', { ownLogConfirmed: false });
    const { ownLog } = alpha;
    ownLog.told('beta');
    ownLog.told('gamma');
    expect(ownLog.isComplete).toBe(true);
    const root = crypto.sha256(new Uint8Array(0)).toBase64();
    const expelled = { beta: { size: 0, root } };
    const { note } = await nextCharter(four, { effectiveAtMs: Date.now() - 1, expelled });
    expect((await alpha.adopt(note)).verdict).toBe('accept');
    expect(alpha.membership.charters.current.charter.version).toBe(2);
    expect(ownLog.isComplete).toBe(false);
    ownLog.told('delta');
    expect(ownLog.isComplete).toBe(true);
  });

  it('waits for f + 1 others', async () => {
    const four = await foundFederation({ count: 4, faults: 1 });
    const mesh = new MeshMembers(four);
    const { replica } = await mesh.start('alpha');
    await mesh.start('beta');
    await until(() => replica.ownLog.hasTold('beta'));
    expect(replica.ownLog.state).toBe('unconfirmed');
    await mesh.start('gamma');
    await until(() => confirmed(replica));
    await mesh[Symbol.asyncDispose]();
  });
});

describe('all members', () => {
  it('write again at once when all of them restart together', async () => {
    await startAll();
    await Promise.all(names.map((name) => members.stop(name)));
    // The time for those that are away never passes by this clock, so nobody can have waited for it.
    const nowMs = Date.now();
    const replicas = await startAll({ clock: { nowMs: () => nowMs } });
    await log(replicas[0]!, 2);
  });
});

it('does not wait in a federation of one', async () => {
  const alone = await foundFederation({ count: 1 });
  const replica = await openReplica(alone, 'alpha', { ownLogConfirmed: false });
  expect(replica.ownLog.state).toBe('confirmed');
  await replica[Symbol.asyncDispose]();
});

describe('a mirror that contradicts the own log', () => {
  /** Beta, with a log of alpha in which other leaves stand: alpha's key has signed both. */
  async function startBetaWithBranch(leaves: number): Promise<void> {
    const beta = await openReplica(federation, 'beta', { store: stores.get('beta')! });
    const branch = new HandWrittenLog(federation, 'alpha');
    for (let done = 0; done < leaves; done++) {
      const { entry, opened } = await new Holder(`tel:+4477009${1000 + done}`).register();
      branch.add({ at: 1_750_000_000_000 + done, role: 'challenged', entry, opened: opened! });
    }
    expect((await beta.ingest(branch.batch())).verdict).toBe('accept');
    await beta[Symbol.asyncDispose]();
    await members.start('beta', { store: stores.get('beta')! });
  }

  async function alphaWith(count: number): Promise<void> {
    const alpha = await openReplica(federation, 'alpha', { store: stores.get('alpha')! });
    await log(alpha, count);
    await alpha[Symbol.asyncDispose]();
  }

  it.each([
    ['shorter', 700, 20],
    ['as long', 3, 4],
    ['longer', 700, 720],
  ])('shuts the log for good when it is %s', async (_, ours, theirs) => {
    await alphaWith(ours);
    await startBetaWithBranch(theirs);
    const { replica } = await startAlpha();
    await until(() => replica.ownLog.state === 'contradicted');
    const made = await new Holder('tel:+4915123456789').register();
    const refused = { verdict: 'ignore', code: 'own_log_contradicted' };
    expect(await replica.log(submissionOf(made, 'challenged'))).toMatchObject(refused);
    expect(replica.indexRoot).toBeUndefined();
    // An honest mirror does not open it again, nor does a restart.
    await members.stop('alpha');
    await members.stop('beta');
    await members.start('gamma');
    const again = (await startAlpha()).replica;
    expect(again.ownLog.state).toBe('contradicted');
    expect(await again.log(submissionOf(made, 'challenged'))).toMatchObject(refused);
  });

  it('is evidence against us, which we tell ourselves, where both have signed one size', async () => {
    await alphaWith(1);
    const branch = new HandWrittenLog(federation, 'alpha');
    const { entry } = await new Holder('tel:+447700900001').register();
    for (let at = 1; at <= 2; at++) branch.add({ at, role: 'challenged', entry });
    const store = stores.get('alpha')!;
    await using alpha = await openReplica(federation, 'alpha', { store });
    const compared = await alpha.ownLog.compare(branch.batch().checkpoint);
    expect(compared).toMatchObject({ code: 'own_log_contradicted' });
    await until(() => alpha.evidence.all().length === 1);
    expect(alpha.evidence.all()[0]).toMatchObject({ kind: 'two_roots', origins: [origin] });
  });

  it('is not believed when it makes leaves up', async () => {
    const [alpha, beta, gamma] = (await startAll()) as [Replica, Replica, Replica];
    await log(alpha, 3);
    const backup = await copyOf(stores.get('alpha')!);
    await log(alpha, 4);
    await until(() => sizeAt(beta) === 8 && sizeAt(gamma) === 8);
    await Promise.all(names.map((name) => members.stop(name)));
    await changeLastLeaf(stores.get('beta')!, origin);
    stores.set('alpha', backup);
    const again = await startAlpha();
    await members.start('beta', { store: stores.get('beta')! });
    await until(() => again.incidents.includes('batch_root_mismatch'));
    expect(again.replica.ownLog.state).toBe('unconfirmed');
    await members.start('gamma', { store: stores.get('gamma')! });
    await until(() => confirmed(again.replica));
    expect(sizeAt(again.replica)).toBe(8);
    await log(again.replica, 1);
  });
});
