/** The witness: it cosigns only what extends the tree that it cosigned before, whoever asks and whenever. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  consistencyProof,
  emptyFrontier,
  encodeWitnessRequest,
  growFrontier,
  leafHash,
  verifierKeyOf,
  verifyCosignature,
} from '@callbook/protocol';
import { auditedMembers, Findings, startWitnessServer, Witness } from '../src/index.ts';
import { fixedSigner } from '../../protocol/test/make-vectors/charter-base.ts';
import { crypto, Federation, nowMs } from './support/federation.ts';

let path: string;
let members: Federation;
let findings: Findings;
const cosigner = { name: 'witness.example/w1', signer: fixedSigner('witness') };

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'callbook-witness-'));
  members = new Federation();
  findings = new Findings();
  await members.addHolder(20);
});

afterEach(async () => {
  await rm(path, { recursive: true, force: true });
});

function open(): Witness {
  const { charter } = members.charters.current;
  const of = { path, cosigner, crypto, findings, nowMs: () => nowMs };
  return new Witness({ ...of, members: () => auditedMembers(charter) });
}

/** A request for the first leaves of alpha's log, from a size on. */
function requestFor(oldSize: number, size: number, leaves = members.leaves.alpha): string {
  const hashes = leaves.slice(0, size).map((leaf) => leafHash(leaf, crypto));
  const { stored } = growFrontier(emptyFrontier, hashes, crypto);
  const read = (level: number, index: number) =>
    stored.find((one) => one.level === level && one.index === index)!.hash;
  const proof =
    oldSize === 0 || oldSize === size
      ? []
      : consistencyProof({ oldSize, newSize: size }, read, crypto);
  const checkpoint = members.checkpointOf('alpha', leaves.slice(0, size));
  return encodeWitnessRequest({ oldSize, proof, checkpoint });
}

it('cosigns a tree and what extends it, also after a restart', () => {
  const first = open().addCheckpoint(requestFor(0, 7));
  expect(first.status).toBe(200);
  const key = verifierKeyOf({
    name: cosigner.name,
    algorithm: 0x04,
    publicKey: cosigner.signer.publicKey,
  });
  const note = `${members.checkpointOf('alpha', members.leaves.alpha.slice(0, 7))}${first.body}`;
  expect(verifyCosignature(note, key, crypto)).toMatchObject({ verdict: 'accept' });
  expect(open().addCheckpoint(requestFor(7, 20)).status).toBe(200);
  expect(open().addCheckpoint(requestFor(20, 20)).status).toBe(200);
});

it('answers with its own size where the request begins elsewhere', () => {
  open().addCheckpoint(requestFor(0, 7));
  expect(open().addCheckpoint(requestFor(0, 9))).toMatchObject({ status: 409, body: '7\n' });
});

it('refuses a tree that does not extend the one before, and says so', () => {
  open().addCheckpoint(requestFor(0, 7));
  const branch = [new Uint8Array(50), ...members.leaves.alpha.slice(1)];
  expect(open().addCheckpoint(requestFor(7, 12, branch)).status).toBe(422);
  expect(open().addCheckpoint(requestFor(7, 7, branch)).status).toBe(409);
  expect(findings.all().map(({ code }) => code)).toEqual(['witness_refused', 'log_forked']);
});

it.each([
  ['rubbish', 'rubbish', 400],
  ['a log that the charter does not name', 'old 0\n\nx.example/log\n0\nAAAA\n', 400],
])('refuses %s', (_what, body, status) => {
  expect(open().addCheckpoint(body).status).toBe(status);
});

it('is asked over HTTP, with bodies that have an end', async () => {
  await using server = await startWitnessServer(open(), { host: '127.0.0.1', port: 0 });
  const url = `http://127.0.0.1:${server.port}/add-checkpoint`;
  const good = await fetch(url, { method: 'POST', body: requestFor(0, 7) });
  expect(good.status).toBe(200);
  const large = await fetch(url, { method: 'POST', body: 'x'.repeat(200_000) }).catch(
    () => undefined,
  );
  expect(large?.status ?? 413).toBe(413);
  expect((await fetch(url)).status).toBe(404);
});
