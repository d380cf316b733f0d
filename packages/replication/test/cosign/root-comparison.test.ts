import { beforeEach, expect, it } from 'vitest';
import type { IndexRoot } from '@callbook/protocol';
import { emptyRoot, noteSigner, signIndexRoot } from '@callbook/protocol';

import { loadMembership } from '../../src/charter/membership.ts';
import { RootComparison } from '../../src/cosign/root-comparison.ts';
import type { RootContradiction } from '../../src/cosign/root-comparison.ts';
import { crypto, foundFederation, seedOf } from '../support/federation.ts';
import type { TestFederation } from '../support/federation.ts';

let federation: TestFederation;
let comparison: RootComparison;
let contradictions: RootContradiction[];

beforeEach(async () => {
  federation = await foundFederation();
  const membership = loadMembership([federation.note], crypto);
  comparison = new RootComparison({
    crypto,
    clock: { nowMs: () => 5 },
    ownOrigin: originOf('alpha'),
    byOrigin: membership.byOrigin,
  });
  contradictions = [];
  comparison.onContradiction((contradiction) => contradictions.push(contradiction));
});

const originOf = (name: string): string => `api.${name}.test/log`;

/** A root signed by a member, folded from `size` leaves of each log. */
function rootBy(name: string, size: number, change: Partial<IndexRoot> = {}): string {
  const { logSecretKey, origin } = federation.members.find((member) => member.name === name)!;
  const signer = noteSigner({ name: origin, signer: crypto.ed25519Signer(logSecretKey) }, crypto);
  const root = size === 0 ? emptyRoot() : seedOf(`log root ${size}`);
  const logs = federation.members.map((member) => ({ origin: member.origin, size, root }));
  const charter = seedOf('charter');
  return signIndexRoot({ ruleset: 1, charter, root: seedOf('index'), logs, ...change }, signer);
}

it('two equal roots of one vector agree, whichever came first', () => {
  comparison.offer(originOf('alpha'), rootBy('alpha', 3));
  expect(comparison.offer(originOf('beta'), rootBy('beta', 3)).verdict).toBe('accept');
  comparison.offer(originOf('gamma'), rootBy('gamma', 4));
  comparison.offer(originOf('alpha'), rootBy('alpha', 4));
  const agreed = comparison
    .agreements()
    .map(({ memberName, sizes }) => [memberName, sizes[0]!.size]);
  expect(agreed).toEqual([
    ['beta', 3],
    ['gamma', 4],
  ]);
  expect(contradictions).toEqual([]);
});

it('roots of vectors that never meet say nothing', () => {
  comparison.offer(originOf('alpha'), rootBy('alpha', 3));
  const other = { root: seedOf('other') };
  for (const root of [
    rootBy('beta', 4, other),
    rootBy('beta', 3, { ...other, ruleset: 2 }),
    rootBy('beta', 3, { ...other, charter: seedOf('another charter') }),
  ]) {
    expect(comparison.offer(originOf('beta'), root).verdict).toBe('accept');
  }
  expect(comparison.agreements()).toEqual([]);
  expect(contradictions).toEqual([]);
});

it('two roots of one vector that differ contradict each other, and both notes are kept', () => {
  const [ours, theirs] = [rootBy('alpha', 3), rootBy('beta', 3, { root: seedOf('other') })];
  comparison.offer(originOf('beta'), theirs);
  expect(comparison.offer(originOf('alpha'), ours)).toMatchObject({ code: 'index_root_differs' });
  expect(contradictions).toEqual([
    { memberName: 'beta', origins: [originOf('alpha'), originOf('beta')], roots: [ours, theirs] },
  ]);
});

it('a member that signs two roots of one vector contradicts itself', () => {
  const [one, other] = [rootBy('beta', 3), rootBy('beta', 3, { root: seedOf('other') })];
  comparison.offer(originOf('beta'), one);
  expect(comparison.offer(originOf('beta'), other)).toMatchObject({ code: 'index_root_differs' });
  const origins = [originOf('beta'), originOf('beta')];
  expect(contradictions).toEqual([{ memberName: 'beta', origins, roots: [one, other] }]);
});

it('a root counts only by the key of its member', () => {
  comparison.offer(originOf('alpha'), rootBy('alpha', 3));
  const forged = comparison.offer(originOf('beta'), rootBy('gamma', 3));
  expect(forged).toMatchObject({ verdict: 'reject', code: 'note_signature_missing' });
  const unknown = comparison.offer('api.omega.test/log', rootBy('gamma', 3));
  expect(unknown).toMatchObject({ verdict: 'ignore', code: 'log_unknown' });
});

it('remembers a bounded number of roots', () => {
  for (let size = 1; size <= 80; size++) comparison.offer(originOf('beta'), rootBy('beta', size));
  comparison.offer(originOf('alpha'), rootBy('alpha', 16));
  expect(comparison.agreements()).toEqual([]);
  comparison.offer(originOf('alpha'), rootBy('alpha', 17));
  expect(comparison.agreements().length).toBe(1);
});
