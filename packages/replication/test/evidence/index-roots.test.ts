// Signed index roots that contradict each other: by one member they convict it, by two they are kept
// as a dispute, and nobody is frozen.
import { encodeEvidence, noteSigner, signIndexRoot } from '@callbook/protocol';
import { afterEach, beforeEach, expect, it } from 'vitest';

import type { Replica } from '../../src/replica.ts';
import { crypto, foundFederation, openReplica, seedOf } from '../support/federation.ts';
import type { TestFederation } from '../support/federation.ts';

let federation: TestFederation;
let gamma: Replica;

beforeEach(async () => {
  federation = await foundFederation();
  gamma = await openReplica(federation, 'gamma');
});
afterEach(async () => {
  await gamma[Symbol.asyncDispose]();
});

const originOf = (name: string): string => `api.${name}.test/log`;

function rootOf(name: string, root: string): string {
  const member = federation.members.find((other) => other.name === name)!;
  const signer = crypto.ed25519Signer(member.logSecretKey);
  const logs = [{ origin: originOf('alpha'), size: 3, root: seedOf('log') }];
  const charter = gamma.membership.charters.current.hash;
  return signIndexRoot(
    { ruleset: 1, charter, root: seedOf(root), logs },
    noteSigner({ name: member.origin, signer }, crypto),
  );
}

it('convict the one member that signed both', async () => {
  const { roots } = gamma.cosigning;
  expect(roots.offer(originOf('beta'), rootOf('beta', 'one')).verdict).toBe('accept');
  expect(roots.offer(originOf('beta'), rootOf('beta', 'two'))).toMatchObject({
    code: 'index_root_differs',
  });
  expect(gamma.evidence.all()).toMatchObject([
    { kind: 'index_roots', origins: [originOf('beta')], disputed: [] },
  ]);
  expect(gamma.frozen(originOf('beta'))).toBe(true);
});

it('name two members and freeze neither', async () => {
  const evidence = encodeEvidence({
    kind: 'index_roots',
    origins: [originOf('alpha'), originOf('beta')],
    roots: [rootOf('alpha', 'one'), rootOf('beta', 'two')],
  });
  expect(await gamma.evidence.note(evidence)).toMatchObject({
    verdict: 'accept',
    value: { origins: [], disputed: [originOf('alpha'), originOf('beta')] },
  });
  expect(['alpha', 'beta'].some((name) => gamma.frozen(originOf(name)))).toBe(false);
});

it('is kept once, however often a member brings as much again', async () => {
  const note = (one: string, other: string) =>
    gamma.evidence.note(
      encodeEvidence({
        kind: 'index_roots',
        origins: [originOf('beta'), originOf('beta')],
        roots: [rootOf('beta', one), rootOf('beta', other)],
      }),
    );
  expect((await note('one', 'two')).verdict).toBe('accept');
  expect((await note('one', 'two')).verdict).toBe('accept');
  expect(await note('three', 'four')).toMatchObject({ verdict: 'ignore', code: 'evidence_known' });
  expect(gamma.evidence.all()).toHaveLength(1);
});
