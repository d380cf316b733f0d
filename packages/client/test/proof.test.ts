/** What a proof proves, and that no part of it can be changed by whoever carries or makes it. */
import {
  bindingStateHash,
  charterSet,
  encodeBase64Url,
  labelOf,
  parseBase64Url,
  parseIndexRoot,
  signIndexRoot,
  signNote,
  utf8,
} from '@callbook/protocol';
import { nobleCryptography as crypto } from '@callbook/protocol/crypto/noble';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDirectory, parseProofAnswer, verifyProof } from '../src/index.ts';
import type { ClientErrorCode, Directory, Holding, ProvenIdentifier } from '../src/index.ts';
import { startFederation, trustTestAuthority, type TestFederation } from './test-federation.ts';
import { cosignedAtSeconds, endsAtMs } from './test-proof.ts';

const identifier = 'tel:+34912345678';
const stranger = 'tel:+4915123456789';
const released = 'tel:+447700900001';

interface ProofJson {
  labelEpoch: number;
  label: string;
  vrfProof: string;
  root: string;
  indexProof: string;
  logs: { checkpoint: string; consistency: string[] }[];
  state: Record<string, unknown> | null;
  ownership: string | null;
  published: string | null;
  payload: string | null;
  opening: string | null;
}

let federation: TestFederation;
let directory: Directory;
let honest: ProofJson;
let absence: ProofJson;

beforeAll(async () => {
  await trustTestAuthority();
  federation = await startFederation({ names: ['alpha', 'beta', 'gamma', 'delta', 'epsilon'] });
  directory = createDirectory({ charterNote: federation.charterNote, privacy: 'plain' });
  const holding = await claim(identifier);
  await directory.publish(holding, {
    routes: [{ service: 'sip', uri: 'sip:alice@other.example', preference: 5 }],
  });
  await directory.release(await claim(released));
  honest = await proofFrom('alpha', identifier);
  absence = await proofFrom('alpha', stranger);
});

afterAll(async () => {
  await federation[Symbol.asyncDispose]();
});

async function claim(name: typeof identifier | typeof released): Promise<Holding> {
  return directory.claim({
    identifier: name,
    seed: new Uint8Array(32).fill(7),
    routes: [{ service: 'sip', uri: 'sip:alice@sip.example', preference: 10 }],
    visibility: 'dns',
    form: 'app',
    code: () => Promise.resolve(federation.outbox.at(-1)!.code),
  });
}

async function proofFrom(member: string, name: string): Promise<ProofJson> {
  const { json } = await federation
    .member(member)
    .answer('POST', '/v1/proof', { identifier: name });
  return json as ProofJson;
}

function verify(json: ProofJson, name: typeof identifier | typeof stranger = identifier) {
  const charter = charterSet([federation.charterNote], crypto);
  if (charter.verdict !== 'accept') throw new Error(charter.message);
  const claimed = { charter: charter.value.current, identifier: name, crypto, nowMs: Date.now() };
  return verifyProof(parseProofAnswer(json), claimed);
}

function codeOf(run: () => ProvenIdentifier): ClientErrorCode | 'none' {
  try {
    run();
    return 'none';
  } catch (error) {
    return (error as { code: ClientErrorCode }).code;
  }
}

/** Changes one byte of base64url. */
function flipped(text: string, at = 5): string {
  const bytes = parseBase64Url(text)!;
  bytes[at]! ^= 1;
  return encodeBase64Url(bytes);
}

describe('a proof', () => {
  it('proves what is published under a number, and how far the logs are agreed', async () => {
    const proof = await directory.prove(identifier);
    expect(proof).toMatchObject({
      state: 'published',
      member: 'alpha',
      passedOver: [],
      binding: { status: 'held', epoch: 0, seq: 1 },
      payload: { routes: [{ uri: 'sip:alice@other.example' }] },
    });
    const agreedAtMs = cosignedAtSeconds * 1000;
    const alpha = proof.logs.find(({ origin }) => origin === 'api.alpha.test/log')!;
    const { leaves } = federation.member('alpha').log;
    expect(alpha).toMatchObject({ size: leaves.length - 1, agreedSize: leaves.length, agreedAtMs });
    expect(proof.logs).toHaveLength(5);
  });

  it('proves that nobody holds a number', async () => {
    const proof = await directory.prove(stranger);
    expect(proof).toMatchObject({ state: 'absent', binding: null, payload: null });
  });

  it('proves a release, which ends when its pause is over by the clock of whoever asks', async () => {
    expect(await directory.prove(released)).toMatchObject({
      state: 'published',
      binding: { status: 'released', endsAtMs },
    });
    const later = createDirectory({
      privacy: 'plain',
      charterNote: federation.charterNote,
      clock: { nowMs: () => endsAtMs },
    });
    expect(await later.prove(released)).toMatchObject({ state: 'absent', payload: null });
  });

  it('proves that a number is held when the member lacks the payload', () => {
    const proven = verify({ ...honest, payload: null, opening: null });
    expect(proven).toMatchObject({ state: 'unpublished', payload: null });
  });

  it('is asked of the next member when one cannot be believed', async () => {
    federation.interfere(async ({ member, path, answer }) => {
      if (path !== '/v1/proof' || member !== 'alpha') return undefined;
      const { status, json } = await answer();
      return { status, json: { ...(json as ProofJson), opening: flipped(honest.opening!) } };
    });
    const proof = await directory.prove(identifier);
    federation.interfere(undefined);
    expect(proof.member).toBe('beta');
    expect(proof.passedOver).toEqual([{ member: 'alpha', code: 'proof_payload_invalid' }]);
  });

  it('must be by the member that was asked: nobody hands on the root of another', async () => {
    const replayed = await proofFrom('beta', identifier);
    federation.interfere(async ({ path }) =>
      path === '/v1/proof' ? { status: 200, json: replayed } : undefined,
    );
    const first = await directory.prove(identifier);
    federation.interfere(undefined);
    expect(first.member).toBe('beta');
    expect(first.passedOver).toEqual([{ member: 'alpha', code: 'proof_root_invalid' }]);
  });
});

describe('a proof of which a part was changed', () => {
  const changes: [part: string, code: ClientErrorCode, change: (json: ProofJson) => object][] = [
    ['VRF proof', 'label_proof_invalid', ({ vrfProof }) => ({ vrfProof: flipped(vrfProof, 40) })],
    ['label', 'label_proof_invalid', ({ label }) => ({ label: flipped(label) })],
    ['label epoch', 'label_proof_invalid', () => ({ labelEpoch: 1 })],
    ['root', 'proof_root_invalid', ({ root }) => ({ root: root.replace('\n1\n', '\n2\n') })],
    ['index proof', 'proof_index_invalid', (json) => ({ indexProof: flipped(json.indexProof, 9) })],
    ['consistency', 'proof_not_agreed', ({ logs }) => ({ logs: withFlippedHash(logs) })],
    ['number of logs', 'proof_not_agreed', ({ logs }) => ({ logs: logs.slice(1) })],
    ['number of logs', 'proof_not_agreed', ({ logs }) => ({ logs: [...logs, logs[0]!] })],
    ['order of logs', 'proof_not_agreed', ({ logs }) => ({ logs: logs.toReversed() })],
    ['ownership entry', 'proof_entry_invalid', (json) => ({ ownership: flipped(json.ownership!) })],
    ['update', 'proof_entry_invalid', (json) => ({ published: flipped(json.published!, 60) })],
    ['entries', 'proof_entry_invalid', () => ({ published: null })],
    ['entries', 'proof_entry_invalid', () => ({ ownership: null })],
    ['entries', 'proof_entry_invalid', (json) => ({ ownership: json.published })],
    ['payload', 'proof_payload_invalid', (json) => ({ payload: flipped(json.payload!, 30) })],
    ['opening', 'proof_payload_invalid', (json) => ({ opening: flipped(json.opening!) })],
    ['opening', 'proof_payload_invalid', () => ({ opening: null })],
    ['state', 'proof_index_invalid', () => ({ state: null })],
    ['shape', 'member_answer_malformed', () => ({ indexProof: 7 })],
    ['shape', 'member_answer_malformed', (json) => ({ state: { ...json.state, endsAtMs: 5 } })],
  ];

  it.each(changes)('is refused: %s → %s', (_part, code, change) => {
    expect(codeOf(() => verify({ ...honest, ...change(honest) }))).toBe(code);
  });

  const stateFields: [field: string, value: unknown][] = [
    ['epoch', 1],
    ['seq', 2],
    ['ownershipAtMs', 1],
    ['lock', true],
    ['authority', encodeBase64Url(new Uint8Array(32))],
    ['recovery', encodeBase64Url(new Uint8Array(32))],
    ['email', encodeBase64Url(new Uint8Array(32))],
    ['entryId', encodeBase64Url(new Uint8Array(32))],
    ['ownershipId', encodeBase64Url(new Uint8Array(32))],
    ['commitment', null],
  ];

  it.each(stateFields)('is refused: %s of the state', (field, value) => {
    const state = { ...honest.state, [field]: value };
    expect(codeOf(() => verify({ ...honest, state }))).toBe('proof_index_invalid');
  });

  it.each([
    ['label', 'label_proof_invalid'],
    ['indexProof', 'proof_index_invalid'],
  ] as const)('proves no absence: %s', (part, code) => {
    const json = { ...absence, [part]: flipped(absence[part], 9) };
    expect(codeOf(() => verify(json, stranger))).toBe(code);
  });

  it('proves no absence of a number that is held, by the proof of another label', () => {
    const { labelEpoch, label, vrfProof } = honest;
    expect(codeOf(() => verify({ ...absence, labelEpoch, label, vrfProof }))).toBe(
      'proof_index_invalid',
    );
    expect(codeOf(() => verify(absence))).toBe('label_proof_invalid');
  });

  it('shows no payload beside an absence', () => {
    const { payload, opening } = honest;
    const json = { ...absence, payload, opening };
    expect(codeOf(() => verify(json, stranger))).toBe('proof_entry_invalid');
  });
});

describe('a member that signs', () => {
  /** The honest root with changes, signed by alpha. */
  function rootWith(change: (root: RootParts) => Partial<RootParts>): string {
    const [text = ''] = honest.root.split('\n\n');
    const root = parseIndexRoot(`${text}\n`);
    if (root.verdict !== 'accept') throw new Error(root.message);
    const changed = { ...root.value, ...change(root.value) };
    return signIndexRoot(changed, federation.member('alpha').log.signer);
  }

  type RootParts = Parameters<typeof signIndexRoot>[0];

  it.each<[string, ClientErrorCode, (root: RootParts) => Partial<RootParts>]>([
    ['another charter', 'proof_charter_mismatch', () => ({ charter: new Uint8Array(32) })],
    ['another ruleset', 'proof_charter_mismatch', () => ({ ruleset: 2 })],
    ['too few logs', 'proof_root_invalid', ({ logs }) => ({ logs: logs.slice(1) })],
    ['another tree', 'proof_index_invalid', () => ({ root: new Uint8Array(32).fill(1) })],
    [
      'a log of its own making',
      'proof_not_agreed',
      ({ logs }) => ({ logs: logs.map((log) => ({ ...log, root: new Uint8Array(32).fill(9) })) }),
    ],
    [
      'leaves that nobody has cosigned',
      'proof_not_agreed',
      ({ logs }) => ({ logs: logs.map((log) => ({ ...log, size: log.size + 5 })) }),
    ],
  ])('a root over %s is refused', (_what, code, change) => {
    expect(codeOf(() => verify({ ...honest, root: rootWith(change) }))).toBe(code);
  });

  it('a root alone, as no active member, is refused', () => {
    const [text = ''] = honest.root.split('\n\n');
    const outsider = { ...federation.member('alpha').log.signer, name: 'api.outsider.test/log' };
    const root = signNote(`${text}\n`, [outsider]);
    expect(codeOf(() => verify({ ...honest, root }))).toBe('proof_root_invalid');
  });

  it('checkpoints with fewer cosignatures than the quorum proves nothing', async () => {
    const members = federation.members.map(({ log }) => log);
    const quorum = directory.quorum;
    const cosignedBy = (count: number): ProofJson => ({
      ...honest,
      logs: honest.logs.map(({ checkpoint, consistency }) => {
        const log = members.find(({ origin }) => checkpoint.startsWith(`${origin}\n`))!;
        const agreed = log.agreed(log.leaves.length, members.slice(0, count), cosignedAtSeconds);
        return { checkpoint: agreed, consistency };
      }),
    });
    expect(codeOf(() => verify(cosignedBy(quorum)))).toBe('none');
    expect(codeOf(() => verify(cosignedBy(quorum - 1)))).toBe('proof_not_agreed');
  });

  it('a tree in which a state says other than its entries is refused', () => {
    const answer = parseProofAnswer(honest);
    const lie = { ...answer.state!, seq: 9 };
    const label = labelOf(identifier, crypto.vrfProver(crypto.sha256(utf8('callbook test vrf'))));
    const stateHash = bindingStateHash(lie, crypto);
    const root = crypto.sha256(Uint8Array.of(2), label, stateHash);
    const json = {
      ...honest,
      state: { ...honest.state, seq: 9 },
      root: rootWith(() => ({ root })),
      indexProof: encodeBase64Url(Uint8Array.of(0, 0)),
    };
    expect(codeOf(() => verify(json))).toBe('proof_entry_invalid');
  });
});

function withFlippedHash(logs: ProofJson['logs']): ProofJson['logs'] {
  return logs.map(({ checkpoint, consistency }) => ({
    checkpoint,
    consistency: consistency.map((hash) => flipped(hash)),
  }));
}
