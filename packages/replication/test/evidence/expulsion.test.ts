// A frozen log ends where a charter cuts it off: what is missing up to there is taken in again.
import { parseCheckpoint, parseNote, utf8 } from '@callbook/protocol';
import { afterEach, beforeEach, expect, it } from 'vitest';

import type { Replica } from '../../src/replica.ts';
import { foundFederation, openReplica, TestClock } from '../support/federation.ts';
import type { TestFederation } from '../support/federation.ts';
import { HandWrittenLog } from '../support/liar.ts';
import { nextCharter } from '../support/next-charter.ts';

const origin = 'api.alpha.test/log';
let federation: TestFederation;
let clock: TestClock;
let gamma: Replica;

beforeEach(async () => {
  federation = await foundFederation({ count: 4 });
  clock = new TestClock();
  gamma = await openReplica(federation, 'gamma', { clock });
});
afterEach(async () => {
  await gamma[Symbol.asyncDispose]();
});

function branch(name: string): HandWrittenLog {
  const log = new HandWrittenLog(federation, 'alpha');
  for (let n = 0; n < 5; n++) log.addBytes(utf8(n < 2 ? `leaf ${n}` : `${name} ${n}`));
  return log;
}

const sizeHere = () => gamma.logSizes().find((log) => log.origin === origin)?.size;
const codeOf = (verdict: { verdict: string; code?: string }) => verdict.code ?? verdict.verdict;

it('of an expelled member', async () => {
  const [ours, other] = [branch('ours'), branch('other')];
  expect(codeOf(await gamma.ingest(ours.batch(0, 3, 3)))).toBe('accept');
  expect(codeOf(gamma.learn(origin, other.batch(0, 3, 3).checkpoint))).toBe('log_forked');
  expect(gamma.frozen(origin)).toBe(true);
  expect(codeOf(await gamma.ingest(ours.batch(3, 4, 4)))).toBe('log_frozen');

  const note = parseNote(ours.batch(0, 4, 4).checkpoint);
  const cut = parseCheckpoint(note.verdict === 'accept' ? note.value.text : '');
  if (cut.verdict !== 'accept') throw new Error(cut.message);
  const next = await nextCharter(federation, {
    effectiveAtMs: clock.nowMs(),
    expelled: { alpha: { size: 4, root: cut.value.root.toBase64() } },
  });
  expect(codeOf(await gamma.adopt(next.note))).toBe('accept');
  expect(gamma.frozen(origin)).toBe(false);
  expect(codeOf(await gamma.ingest(ours.batch(3, 4, 4)))).toBe('accept');
  expect(sizeHere()).toBe(4);
  expect(codeOf(await gamma.ingest(ours.batch(4, 5, 5)))).toBe('log_cut_off');
  expect(gamma.evidence.all()).toHaveLength(1);
});
