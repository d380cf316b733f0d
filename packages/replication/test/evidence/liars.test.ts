// A liar among honest members: each of them ends with evidence that verifies offline and names the
// liar alone, and freezes that log and no other.
import { charterSet, utf8, verifyEvidence } from '@callbook/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { encodeLogBatch } from '../../src/batch/log-batch.ts';
import { crypto, foundFederation } from '../support/federation.ts';
import type { TestFederation } from '../support/federation.ts';
import { Holder, submissionOf } from '../support/holder.ts';
import { HonestMembers, until } from '../support/honest-members.ts';
import type { HonestMember } from '../support/honest-members.ts';
import { HandWrittenLog } from '../support/liar.ts';
import { MemoryNetwork } from '../support/memory-network.ts';

const alphaOrigin = 'api.alpha.test/log';
let federation: TestFederation;
let members: HonestMembers;

beforeEach(async () => {
  federation = await foundFederation();
  members = new HonestMembers(federation);
});
afterEach(async () => {
  await members[Symbol.asyncDispose]();
});

const register = (digits: string, secret?: string) =>
  new Holder(`tel:+${digits}`, secret).register();

/** Waits until every honest member has convicted alpha, and checks that it is alpha alone. */
async function convicted(honest: readonly HonestMember[], kinds: readonly string[]): Promise<void> {
  await until(() => honest.every(({ replica }) => replica.frozen(alphaOrigin)));
  const charters = charterSet([federation.note], crypto);
  if (charters.verdict !== 'accept') throw new Error(charters.code);
  for (const { replica } of honest) {
    const held = replica.evidence.all();
    expect(held.length).toBeGreaterThan(0);
    for (const { bytes, kind } of held) {
      expect(kinds).toContain(kind);
      const fault = verifyEvidence(bytes, charters.value, crypto);
      expect(fault).toMatchObject({ verdict: 'accept', value: { origins: [alphaOrigin], kind } });
    }
    expect(federation.members.filter(({ origin }) => replica.frozen(origin))).toHaveLength(1);
  }
}

describe('a log that forks', () => {
  /** Two faces of alpha, each with a branch of its own, each shown to one honest member. */
  async function twoFaces(sizes: readonly [number, number]): Promise<HonestMember[]> {
    const beta = await members.start('beta', []);
    const gamma = await members.start('gamma', []);
    const faces = [await members.start('alpha', [beta.network]), await members.start('alpha', [])];
    gamma.network.link(faces[1]!.network);
    let digits = 4915123456700;
    for (const [face, size] of sizes.entries()) {
      for (let count = 0; count < size; count++) {
        const made = await register(String(digits++));
        await faces[face]!.replica.log(submissionOf(made, 'challenged'));
      }
    }
    await until(
      () =>
        beta.replica.signedSize(alphaOrigin) === sizes[0] + 1 &&
        gamma.replica.signedSize(alphaOrigin) === sizes[1] + 1 &&
        [beta, gamma].every(
          ({ replica }) => replica.expectedSize(alphaOrigin) === replica.signedSize(alphaOrigin),
        ),
    );
    return [beta, gamma];
  }

  it.each([
    ['at one size', [2, 2]],
    ['one branch longer', [3, 1]],
    ['the other branch longer', [1, 4]],
  ] as const)('is convicted when its victims meet: %s', async (_, sizes) => {
    const honest = await twoFaces(sizes);
    honest[0]!.network.link(honest[1]!.network);
    await convicted(honest, ['two_roots', 'fork']);
  });

  it('is not taken in any further, is still served, and stays frozen over a restart', async () => {
    const [beta, gamma] = await twoFaces([3, 1]);
    beta!.network.link(gamma!.network);
    await convicted([beta!, gamma!], ['two_roots', 'fork']);
    const size = beta!.replica.logSizes().find(({ origin }) => origin === alphaOrigin)!.size;
    await members.stop(beta!);
    const again = await members.start('beta', [], beta!.store);
    expect(again.replica.frozen(alphaOrigin)).toBe(true);
    expect(again.replica.evidence.all()).toEqual(beta!.replica.evidence.all());
    const log = new HandWrittenLog(federation, 'alpha');
    for (let n = 0; n <= size; n++) log.addBytes(utf8(`leaf ${n}`));
    expect(again.replica.offer(log.batch())).toMatchObject({ code: 'log_frozen' });
    expect(again.replica.learn(alphaOrigin, log.batch().checkpoint)).toMatchObject({
      verdict: 'ignore',
    });
    expect((await again.replica.page(alphaOrigin, 0))?.leaves).toHaveLength(size);
  });
});

describe('a log written by hand', () => {
  /** Beta and gamma hear alpha's log by gossip from one who says that it is alpha. */
  async function tell(log: HandWrittenLog): Promise<HonestMember[]> {
    const beta = await members.start('beta', []);
    const gamma = await members.start('gamma', [beta.network]);
    const alpha = new MemoryNetwork('alpha');
    alpha.link(beta.network);
    await alpha.publish(encodeLogBatch(log.batch()));
    return [beta, gamma];
  }

  it('is convicted when its time goes back', async () => {
    const log = new HandWrittenLog(federation, 'alpha');
    const nowMs = Date.now();
    for (const at of [nowMs - 2, nowMs, nowMs - 1]) {
      const { entry } = await register(`49151234567${at % 10}${at % 10}`);
      log.add({ at, role: 'challenged', entry });
    }
    await convicted(await tell(log), ['time_back']);
  });

  it('is convicted when it vouches for two of one slot', async () => {
    const log = new HandWrittenLog(federation, 'alpha');
    const nowMs = Date.now();
    for (const [n, secret] of ['first', 'second'].entries()) {
      const { entry } = await register('4915123456789', secret);
      log.add({ at: nowMs - 1000 + n, role: 'challenged', entry });
    }
    await convicted(await tell(log), ['same_slot']);
  });

  it('is left alone when the second of one slot comes after 30 minutes', async () => {
    const log = new HandWrittenLog(federation, 'alpha');
    const nowMs = Date.now();
    for (const [n, secret] of ['first', 'second'].entries()) {
      const { entry } = await register('4915123456789', secret);
      log.add({ at: nowMs - 1_800_000 * (1 - n), role: 'challenged', entry });
    }
    const honest = await tell(log);
    await until(() => honest.every(({ replica }) => replica.expectedSize(alphaOrigin) === 2));
    expect(honest.flatMap(({ replica }) => replica.evidence.all())).toEqual([]);
  });

  it('is convicted by a receipt whose leaf a later checkpoint lacks', async () => {
    const [promised, kept] = [
      new HandWrittenLog(federation, 'alpha'),
      new HandWrittenLog(federation, 'alpha'),
    ];
    const nowMs = Date.now();
    const [one, other] = [await register('4915123456789'), await register('34912345678')];
    promised.add({ at: nowMs, role: 'challenged', entry: one.entry });
    kept.add({ at: nowMs, role: 'challenged', entry: other.entry });
    kept.add({ at: nowMs, role: 'challenged', entry: (await register('447700900001')).entry });
    const honest = await tell(kept);
    await until(() => honest.every(({ replica }) => replica.expectedSize(alphaOrigin) === 2));
    const { checkpoint, leaves } = promised.batch();
    const receipt = { origin: alphaOrigin, index: 0, leaf: leaves[0]!, checkpoint, proof: [] };
    const { entry, opened } = one;
    await honest[1]!.mesh.notarise({ entry, opened: opened!, receipts: [receipt] });
    await convicted(honest, ['fork', 'two_roots']);
  });
});
