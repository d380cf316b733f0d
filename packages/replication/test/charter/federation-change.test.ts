/** Three members become five and expel one, over real sockets, while holders write all the time. */
import { afterEach, expect, it } from 'vitest';

import { createMesh } from '../../src/mesh.ts';
import type { Mesh } from '../../src/mesh.ts';
import type { Replica } from '../../src/replica.ts';
import { crypto, foundFederation, openReplica } from '../support/federation.ts';
import type { TestFederation } from '../support/federation.ts';
import { Holder, submissionOf } from '../support/holder.ts';
import type { MadeEntry } from '../support/holder.ts';
import { logStates, nextCharter } from '../support/next-charter.ts';

interface Member {
  readonly replica: Replica;
  readonly mesh: Mesh;
}

const members = new Map<string, Member>();
const addresses = new Map<string, readonly string[]>();
const writers = new AbortController();

async function start(name: string, ...pinned: readonly TestFederation[]): Promise<Member> {
  const federation = pinned.at(-1)!;
  const { peerKey } = federation.members.find((member) => member.name === name)!;
  const charterNotes = pinned.map(({ note }) => note);
  const replica = await openReplica(federation, name, { charterNotes, indexed: true });
  const mesh = await createMesh({
    replica,
    crypto,
    peerKey,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    gossip: true,
    addressesOf: (other) => addresses.get(other) ?? [],
  });
  addresses.set(name, mesh.addresses());
  const member = { replica, mesh };
  members.set(name, member);
  return member;
}

afterEach(async () => {
  writers.abort();
  for (const { mesh, replica } of members.values()) {
    await mesh[Symbol.asyncDispose]();
    await replica[Symbol.asyncDispose]();
  }
});

async function until(holds: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const giveUpMs = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > giveUpMs) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const of = (name: string): Member => members.get(name)!;
const replicas = (names: readonly string[]): Replica[] => names.map((name) => of(name).replica);

/** Writes updates at one member after another, until the test ends; keeps what was receipted. */
async function write(
  holder: Holder,
  receipted: MadeEntry[],
  at: () => readonly string[],
): Promise<void> {
  for (let turn = 0; !writers.signal.aborted; turn++) {
    const names = at();
    const made = await holder.update(`sip:turn${turn}@sip.test`);
    const { replica } = of(names[turn % names.length]!);
    const verdict = await replica.log(submissionOf(made, 'received'));
    // The member may not have the ownership entry or the update before yet: the next turn goes on.
    if (verdict.verdict === 'accept') receipted.push(made);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

/** True when all fold the same logs by the same charter to the same root. */
async function agree(names: readonly string[]): Promise<boolean> {
  await Promise.all(replicas(names).map((replica) => replica.settleIndex()));
  const roots = replicas(names).map(({ indexRoot }) => indexRoot?.split('\n\n')[0]);
  return roots[0] !== undefined && new Set(roots).size === 1;
}

it('takes in two members and expels one without a stop', { timeout: 180_000 }, async () => {
  const first = await foundFederation();
  for (const name of ['alpha', 'beta', 'gamma']) await start(name, first);
  await until(() => [...members.values()].every(({ mesh }) => mesh.connected().length === 2));
  const holder = new Holder('tel:+4915123456789');
  const registered = await holder.register();
  await of('alpha').replica.log(submissionOf(registered, 'challenged'));
  await until(() =>
    replicas(['alpha', 'beta', 'gamma']).every(
      ({ bindings }) => bindings.byDigits('4915123456789') !== undefined,
    ),
  );
  let writeAt: readonly string[] = ['alpha', 'beta', 'gamma'];
  const receipted: MadeEntry[] = [];
  const writing = write(holder, receipted, () => writeAt);

  const second = await nextCharter(first, {
    effectiveAtMs: Date.now() + 300,
    joining: ['delta', 'epsilon'],
    faults: 1,
    logs: logStates(of('alpha').replica),
  });
  for (const { replica } of members.values()) await replica.adopt(second.note);
  await until(() => replicas(writeAt).every(({ membership }) => membership.members.length === 5));
  await start('delta', first, second);
  await start('epsilon', first, second);
  const all = ['alpha', 'beta', 'gamma', 'delta', 'epsilon'];
  await until(() => all.every((name) => of(name).mesh.connected().length === 4));
  await until(() =>
    replicas(['delta', 'epsilon']).every(
      ({ bindings }) => bindings.byDigits('4915123456789') !== undefined,
    ),
  );
  writeAt = all;
  const joined = receipted.length;
  await until(() => receipted.length > joined + 20);

  // In the middle of the log of epsilon: what it has receipted since is logged again by the others.
  const cut = logStates(of('alpha').replica).find(({ origin }) => origin.includes('epsilon'))!;
  await until(() => of('alpha').replica.expectedSize(cut.origin) > cut.size + 2);
  const third = await nextCharter(second, {
    effectiveAtMs: Date.now(),
    expelled: { epsilon: cut },
    logs: logStates(of('alpha').replica),
  });
  writeAt = ['alpha', 'beta', 'gamma', 'delta'];
  await until(() => {
    const { replica } = of('epsilon');
    return replicas(writeAt).every(
      (other) => other.expectedSize(cut.origin) === replica.expectedSize(cut.origin),
    );
  });
  const verdicts = await Promise.all(replicas(all).map((replica) => replica.adopt(third.note)));
  expect(verdicts.map(({ verdict }) => verdict)).toEqual(all.map(() => 'accept'));
  await until(() => of('epsilon').mesh.connected().length === 0);
  for (const name of writeAt) expect(of(name).mesh.connected()).not.toContain('epsilon');
  expect(
    await of('epsilon').replica.log(submissionOf(receipted.at(-1)!, 'received')),
  ).toMatchObject({ code: 'member_not_active' });

  const expelled = receipted.length;
  await until(() => receipted.length > expelled + 10);
  writers.abort();
  await writing;
  await until(() => agree(writeAt));
  const last = receipted.at(-1)!;
  for (const { entryState } of replicas(writeAt).map((replica) => ({
    entryState: replica.entryState(last.entryId),
  }))) {
    expect(entryState).toMatchObject({ state: 'complete', inForce: true });
  }
  for (const replica of replicas(writeAt)) {
    expect(replica.entryState(registered.entryId)).toMatchObject({ state: 'complete' });
  }
});
