import { describe, expect, it } from 'vitest';
import type { Verdict, WitnessRequest } from '@callbook/protocol';
import { cosignCheckpoint, cosignerKeyOf, verifyCosignature } from '@callbook/protocol';

import type { Cosigned } from '../../src/cosign/cosigner.ts';
import type { Replica } from '../../src/replica.ts';
import { memoryStore } from '../../src/store/memory-store.ts';
import { crypto, foundFederation, openReplica, TestClock } from '../support/federation.ts';
import type { TestFederation } from '../support/federation.ts';
import { faultyStore } from '../support/faulty-store.ts';
import type { Fault } from '../support/faulty-store.ts';
import { HandWrittenLog } from '../support/liar.ts';

const leaf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A log of `count` leaves that differ from `branch` on. */
function writtenLog(federation: TestFederation, count: number, branch = count): HandWrittenLog {
  const log = new HandWrittenLog(federation, 'alpha');
  for (let i = 0; i < count; i++) log.addBytes(leaf(`leaf ${i}${i < branch ? '' : ' other'}`));
  return log;
}

/** What a submitter sends: the checkpoint over `size` leaves, and the proof from `oldSize`. */
function request(log: HandWrittenLog, oldSize: number, size: number): WitnessRequest {
  const { checkpoint, proof } = log.batch(0, oldSize, size);
  return { checkpoint, oldSize, proof: oldSize === 0 ? [] : proof };
}

const codeOf = (verdict: Verdict<Cosigned>): string =>
  verdict.verdict === 'accept' ? 'accept' : verdict.code;

async function openMirror(
  count = 20,
  overrides = {},
): Promise<{ mirror: Replica; log: HandWrittenLog; federation: TestFederation }> {
  const federation = await foundFederation();
  const mirror = await openReplica(federation, 'beta', overrides);
  const log = writtenLog(federation, count);
  const verdict = await mirror.ingest(log.batch());
  expect(verdict.verdict).toBe('accept');
  return { mirror, log, federation };
}

describe('a cosigner', () => {
  it('cosigns what it has stored, and then only what extends it', async () => {
    const clock = new TestClock();
    const { mirror, log } = await openMirror(20, { clock });
    const first = request(log, 0, 7);
    const verdict = await mirror.cosigning.cosign(first);
    if (verdict.verdict !== 'accept' || verdict.value.line === undefined)
      throw new Error('no line');
    const { logKey } = mirror.membership.byName('beta')!;
    const cosigned = verifyCosignature(
      `${first.checkpoint}${verdict.value.line}`,
      cosignerKeyOf(logKey),
      crypto,
    );
    expect(cosigned).toMatchObject({ value: { timestampSeconds: clock.nowMs() / 1000 } });
    expect(codeOf(await mirror.cosigning.cosign(request(log, 7, 20)))).toBe('accept');
    expect(mirror.cosigning.cosigner.last(log.batch().origin).size).toBe(20);
  });

  it('says from which size it wants a proof, and never goes back', async () => {
    const { mirror, log } = await openMirror();
    await mirror.cosigning.cosign(request(log, 0, 13));
    for (const { oldSize, size } of [
      { oldSize: 0, size: 20 },
      { oldSize: 7, size: 12 },
      { oldSize: 14, size: 20 },
    ]) {
      const verdict = await mirror.cosigning.cosign(request(log, oldSize, size));
      expect(verdict).toEqual({ verdict: 'accept', value: { lastSize: 13 } });
    }
    const back = await mirror.cosigning.cosign(request(log, 13, 13));
    expect(back.verdict === 'accept' && back.value.line).toContain('api.beta.test/log');
  });

  it('cosigns the same size again with a time that never goes back', async () => {
    const clock = new TestClock();
    const { mirror, log } = await openMirror(20, { clock });
    await mirror.cosigning.cosign(request(log, 0, 5));
    const before = mirror.cosigning.cosigner.last(log.batch().origin).timestampSeconds;
    clock.advance(-3_600_000);
    await mirror.cosigning.cosign(request(log, 5, 5));
    expect(mirror.cosigning.cosigner.last(log.batch().origin).timestampSeconds).toBe(before);
  });

  it('cosigns nothing that it has not stored', async () => {
    const { mirror, federation } = await openMirror(20);
    const longer = writtenLog(federation, 21);
    expect(codeOf(await mirror.cosigning.cosign(request(longer, 0, 21)))).toBe(
      'checkpoint_not_stored',
    );
  });

  it('refuses another branch, with the right proof and all', async () => {
    const { mirror, log, federation } = await openMirror(20);
    const fork = writtenLog(federation, 20, 15);
    expect(codeOf(await mirror.cosigning.cosign(request(fork, 0, 18)))).toBe('log_forked');
    await mirror.cosigning.cosign(request(log, 0, 12));
    expect(codeOf(await mirror.cosigning.cosign(request(fork, 12, 19)))).toBe('log_forked');
    const other = writtenLog(federation, 20, 4);
    expect(codeOf(await mirror.cosigning.cosign(request(other, 12, 19)))).toBe('log_forked');
    expect(codeOf(await mirror.cosigning.cosign(request(other, 12, 12)))).toBe('log_forked');
  });

  it('refuses what is not signed by a log of the charter', async () => {
    const { mirror, log } = await openMirror();
    const { checkpoint } = request(log, 0, 7);
    const cosign = (note: string) =>
      mirror.cosigning.cosign({ checkpoint: note, oldSize: 0, proof: [] });
    expect(codeOf(await cosign(checkpoint.replace('alpha', 'omega')))).toBe('log_unknown');
    expect(codeOf(await cosign(checkpoint.replace('\n7\n', '\n8\n')))).toBe(
      'note_signature_invalid',
    );
    expect(codeOf(await cosign(''))).toBe('log_unknown');
    expect(codeOf(await cosign('api.alpha.test/log\n'))).toBe('note_malformed');
    expect(codeOf(await mirror.cosigning.cosign({ checkpoint, oldSize: 8, proof: [] }))).toBe(
      'witness_request_malformed',
    );
  });

  it('learns from an agreed checkpoint what it cosigned before its store was lost', async () => {
    const { mirror, log, federation } = await openMirror(20);
    const { checkpoint } = request(log, 0, 18);
    const byGamma = federation.members[2]!;
    const cosigned = await mirror.cosigning.cosign(request(log, 0, 18));
    if (cosigned.verdict !== 'accept' || cosigned.value.line === undefined) throw new Error();
    const signer = crypto.ed25519Signer(byGamma.logSecretKey);
    const note = cosignCheckpoint(
      `${checkpoint}${cosigned.value.line}`,
      { name: byGamma.origin, signer },
      1_750_000_000,
    );
    const restored = await openReplica(federation, 'beta');
    await restored.ingest(log.batch());
    expect(restored.cosigning.cosigner.last(log.batch().origin).size).toBe(0);
    expect(await restored.cosigning.agreed.offer(note)).toMatchObject({ verdict: 'accept' });
    expect(await restored.cosigning.cosign(request(log, 0, 12))).toEqual({
      verdict: 'accept',
      value: { lastSize: 18 },
    });
  });

  it('answers requests that come together by what the first of them leaves', async () => {
    const { mirror, log } = await openMirror();
    const verdicts = await Promise.all([
      mirror.cosigning.cosign(request(log, 0, 9)),
      mirror.cosigning.cosign(request(log, 0, 8)),
      mirror.cosigning.cosign(request(log, 9, 11)),
    ]);
    expect(verdicts.map((verdict) => verdict.verdict)).toEqual(['accept', 'accept', 'accept']);
    expect(verdicts[1]).toEqual({ verdict: 'accept', value: { lastSize: 9 } });
    expect(mirror.cosigning.cosigner.last(log.batch().origin).size).toBe(11);
  });
});

describe.each<Fault>(['failed, not persisted', 'failed, but persisted'])(
  'a cosigner whose store has %s',
  (fault) => {
    it('gives out no cosignature, and knows at the next start what it may have given', async () => {
      const inner = memoryStore();
      const store = faultyStore(inner);
      const { mirror, log, federation } = await openMirror(20, { store });
      await mirror.cosigning.cosign(request(log, 0, 5));
      store.failNextOf(fault, 'c');
      await expect(mirror.cosigning.cosign(request(log, 5, 9))).rejects.toMatchObject({
        code: 'replica_stopped',
      });
      await expect(mirror.cosigning.cosign(request(log, 5, 9))).rejects.toMatchObject({
        code: 'replica_stopped',
      });
      await mirror[Symbol.asyncDispose]();
      const again = await openReplica(federation, 'beta', { store: inner });
      const { size } = again.cosigning.cosigner.last(log.batch().origin);
      expect(size).toBe(fault === 'failed, not persisted' ? 5 : 9);
      const fork = writtenLog(federation, 20, 6);
      const refused = await again.cosigning.cosign(request(fork, size, 9));
      expect(refused.verdict === 'accept' && refused.value.line).toBeFalsy();
      expect(codeOf(await again.cosigning.cosign(request(log, size, 9)))).toBe('accept');
      await again[Symbol.asyncDispose]();
    });
  },
);
