import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { DirectoryError, reject } from '@callbook/protocol';
import type { VerdictCode } from '@callbook/protocol';
import { apiErrorCodes, apiSettingCodes, createApi, SendGuard } from '../src/index.ts';
import type { ApiErrorCode, ApiSettingCode } from '../src/index.ts';
import { askForCode, passChallenge, proofOf, sendAnswer, submissionOf } from './claim-flow.ts';
import { base64url, signRegister } from './claimant.ts';
import { address, commitTo, passed, signRequest } from './email-flow.ts';
import { crypto, startMember } from './harness.ts';
import { obliviousProvocations } from './oblivious/provocations.ts';
import { tokenProvocations } from './tokens/provocations.ts';
import type { Answer, TestMember } from './harness.ts';
import { MemoryDirectory } from './memory-directory.ts';

interface Problem {
  readonly status: number;
  readonly code: string;
}

const noProof = base64url(new Uint8Array(32));
const nobody = 'AAAAAAAAAAAAAAAAAAAAAA';

function wrong(member: TestMember, id: string): Promise<{ json: unknown }> {
  return member.call('POST', `/v1/challenges/${id}/answer`, { proof: noProof });
}

async function openWith(member: TestMember, change: object): Promise<{ json: unknown }> {
  return member.call('POST', '/v1/challenges', {
    identifier: 'tel:+4915123456789',
    authority: noProof,
    session: base64url(new Uint8Array(32).fill(9)),
    form: 'app',
    ...change,
  });
}

/** Sends octets as they are and returns the problem in the answer. */
async function sendRaw(port: number, octets: string): Promise<{ json: unknown }> {
  const { promise, resolve, reject: fail } = Promise.withResolvers<string>();
  const socket = connect(port, '127.0.0.1', () => socket.write(octets));
  let received = '';
  socket.setEncoding('utf8').on('data', (text) => (received += text));
  socket.on('end', () => resolve(received)).on('error', fail);
  const [head, body] = (await promise).split('\r\n\r\n');
  expect(head).toMatch(/\r\ncontent-type: application\/problem\+json\r\n/);
  return { json: JSON.parse(body!) };
}

/** RFC 9458 registers types of its own for what a client can put right. */
const typesOfOthers: Partial<Record<string, string>> = {
  capsule_key_unknown: 'https://iana.org/assignments/http-problem-types#ohttp-key',
  capsule_date_invalid: 'https://iana.org/assignments/http-problem-types#date',
};

/** The way to every code of the registry: the compiler misses a code that has none. */
const provocations: Record<ApiErrorCode, () => Promise<{ json: unknown }>> = {
  request_malformed: async () => openWith(await startMember(), { form: 'pigeon' }),
  json_malformed: async () => (await startMember()).call('POST', '/v1/lookups', '{'),
  body_too_large: async () =>
    (await startMember()).call('POST', '/v1/lookups', `"${'x'.repeat(65_535)}"`),
  media_type_unsupported: async () => {
    const { url } = await startMember();
    const response = await fetch(`${url}/v1/lookups`, { method: 'POST', body: 'text' });
    return { json: await response.json() };
  },
  headers_too_large: async () =>
    sendRaw((await startMember()).port, `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(17_000)}`),
  request_timeout: async () =>
    sendRaw((await startMember({ requestMsMax: 200 })).port, 'POST /v1/lookups HTTP/1.1\r\n'),
  route_unknown: async () => (await startMember()).call('GET', '/v2/lookups'),
  identifier_malformed: async () => openWith(await startMember(), { identifier: 'tel:0151' }),
  bulk_malformed: async () => {
    const { url } = await startMember();
    const headers = { 'content-type': 'application/callbook-bulk' };
    const response = await fetch(`${url}/v1/bulk`, { method: 'POST', headers, body: '' });
    return { json: await response.json() };
  },
  ...obliviousProvocations,
  ...tokenProvocations,
  session_key_invalid: async () => openWith(await startMember(), { session: noProof }),
  identifier_not_served: async () => {
    const ports = { crypto, random: { bytes: (size: number) => new Uint8Array(size) } };
    const sendGuard = await SendGuard.open({}, ports);
    const member = await startMember({}, { sendGuard });
    return openWith(member, { identifier: 'tel:+881612345678' });
  },
  challenge_rate_limited: async () => {
    const member = await startMember({ sendsPerHourMax: 1 });
    await askForCode(member);
    return (await askForCode(member)).answer;
  },
  channel_unavailable: async () => {
    const member = await startMember();
    member.channelFails = true;
    return (await askForCode(member)).answer;
  },
  challenge_unknown: async () => wrong(await startMember(), nobody),
  challenge_expired: async () => {
    const member = await startMember();
    const { answer } = await askForCode(member);
    member.clockMs += 10 * 60_000;
    return wrong(member, answer.json!.id);
  },
  challenge_answer_wrong: async () => {
    const member = await startMember();
    return wrong(member, (await askForCode(member)).answer.json!.id);
  },
  challenge_exhausted: async () => {
    const member = await startMember({ challengeAttemptsMax: 1 });
    const { id } = (await askForCode(member)).answer.json!;
    await wrong(member, id);
    return wrong(member, id);
  },
  challenge_required: async () => {
    const member = await startMember();
    const { signed } = await passChallenge(member);
    return member.call('POST', '/v1/entries', submissionOf(signed));
  },
  challenge_not_passed: async () => {
    const member = await startMember();
    const { signed } = await passChallenge(member);
    const { id } = (await askForCode(member)).answer.json!;
    return member.call('POST', '/v1/entries', submissionOf(signed, id));
  },
  challenge_mismatch: async () => {
    const member = await startMember();
    const { signed } = await passChallenge(member, { identifier: 'tel:+34912345678' });
    const { challenge } = await passChallenge(member);
    return member.call('POST', '/v1/entries', submissionOf(signed, challenge));
  },
  challenge_used: async () => {
    const member = await startMember();
    const { signed, challenge, claim } = await passChallenge(member);
    await member.call('POST', '/v1/entries', submissionOf(signed, challenge));
    const named = { ...claim, ...member.directory.label(claim.identifier), crypto };
    const other = await signRegister({ ...named, change: { lock: true } });
    return member.call('POST', '/v1/entries', submissionOf(other, challenge));
  },
  email_challenge_required: async () => {
    const member = await startMember();
    const request = await signRequest(member, 'email');
    return member.call('POST', '/v1/entries', { ...request, challenge: await passed(member) });
  },
  email_mismatch: async () => {
    const member = await startMember();
    commitTo(member, 'mailto:eve@mail.test');
    const request = await signRequest(member, 'email');
    const [challenge, emailChallenge] = [
      await passed(member),
      await passed(member, { identifier: address }),
    ];
    return member.call('POST', '/v1/entries', { ...request, challenge, emailChallenge });
  },
  ownership_signature_invalid: async () => {
    const member = await startMember();
    const emailChallenge = await passed(member, { identifier: address });
    const ownership = { entryId: noProof, signature: base64url(new Uint8Array(64)) };
    return member.call('POST', '/v1/email-commitments', { emailChallenge, ownership });
  },
  entry_unknown: async () => (await startMember()).call('GET', `/v1/entries/${'00'.repeat(32)}`),
  charter_version_unknown: async () => (await startMember()).call('GET', '/v1/charter/2'),
  evidence_refused: async () => (await startMember()).call('POST', '/v1/evidence', 'x'),
  evidence_unknown: async () => (await startMember()).call('GET', '/v1/evidence/00'),
  log_unknown: async () => (await startMember()).call('GET', '/log/nobody.test/log/checkpoint'),
  tile_unknown: async () => (await startMember()).call('GET', '/log/beta.test/log/tile/0/000'),
  witness_request_malformed: async () =>
    (await startMember()).call('POST', '/log/witness/add-checkpoint', 'old x'),
  checkpoint_unsigned: async () => refusedCosignature('note_signature_missing'),
  checkpoint_proof_invalid: async () => refusedCosignature('checkpoint_proof_invalid'),
  checkpoint_forked: async () => refusedCosignature('log_forked'),
  checkpoint_not_stored: async () => refusedCosignature('checkpoint_not_stored'),
  proof_rate_limited: async () => {
    const member = await startMember({ proofsBurstMax: 1 });
    await member.call('POST', '/v1/proof', { identifier: 'tel:+4915123456789' });
    return member.call('POST', '/v1/proof', { identifier: 'tel:+4915123456789' });
  },
  proof_unavailable: async () => {
    const member = await startMember();
    member.directory.unproven = true;
    return member.call('POST', '/v1/proof', { identifier: 'tel:+4915123456789' });
  },
  not_ready: async () => {
    const member = await startMember();
    member.directory.ready = { ready: false, reasons: ['starting'] };
    return member.call('GET', '/readyz');
  },
  directory_unavailable: async () => {
    const member = await startMember();
    member.directory.failure = 'operating';
    return member.call('POST', '/v1/lookups', { identifiers: ['tel:+4915123456789'] });
  },
  internal_error: async () => {
    const member = await startMember();
    member.directory.failure = 'bug';
    return member.call('POST', '/v1/lookups', { identifiers: ['tel:+4915123456789'] });
  },
};

/** Submits a checkpoint to a member that refuses it. */
async function refusedCosignature(code: VerdictCode): Promise<Answer> {
  const member = await startMember();
  member.directory.cosigning = reject(code, 'planted');
  return member.call('POST', '/log/witness/add-checkpoint', 'old 0\n\nnote');
}

it.each(Object.keys(apiErrorCodes) as ApiErrorCode[])(
  'answers %s with its status',
  async (code) => {
    const problem = (await provocations[code]()).json as Problem;
    expect(problem).toMatchObject({
      type: typesOfOthers[code] ?? 'about:blank',
      code,
      status: apiErrorCodes[code].status,
    });
    expect(problem).toHaveProperty('title');
    expect(problem).toHaveProperty('detail');
  },
);

it('answers octets that are not HTTP with a problem document', async () => {
  const { json } = await sendRaw((await startMember()).port, 'tel:+4915123456789\r\n\r\n');
  expect(json).toMatchObject({ status: 400, code: 'request_malformed' });
});

it('answers a path that cannot be decoded with a problem document', async () => {
  const member = await startMember();
  const answer = await member.call('GET', '/v1/entries/%zz');
  expect(answer).toMatchObject({ status: 400, json: { code: 'request_malformed' } });
});

it('answers a path parameter that is too long with a problem document', async () => {
  const answer = await (await startMember()).call('GET', `/v1/entries/${'a'.repeat(300)}`);
  expect(answer).toMatchObject({ status: 400, json: { code: 'request_malformed' } });
});

it.each([
  [{ identifier: 1 }, 'body/identifier is not of type string'],
  [{ identifier: 'x'.repeat(513) }, 'body/identifier has more than 512 characters'],
  [{ authority: 'short' }, 'body/authority does not match ^[A-Za-z0-9_-]{43}$'],
  [{ authority: undefined }, 'body lacks the field authority'],
  [{ form: 'tel:+4915123456789' }, 'body/form is none of app,digits'],
  [{ 'tel:+4915123456789': 1 }, 'body has a field that is not in the schema'],
])('names the field and the limit, never the value: %j', async (change, detail) => {
  const { json } = await openWith(await startMember(), change);
  expect(json).toMatchObject({ code: 'request_malformed', detail });
});

it('answers a proof that is too short without counting an attempt', async () => {
  const member = await startMember();
  const claim = await askForCode(member);
  for (let i = 0; i < 6; i++) expect((await sendAnswer(member, claim, 'AAAA')).status).toBe(400);
  expect((await sendAnswer(member, claim, await proofOf(member, claim))).status).toBe(200);
});

describe('settings', () => {
  const hosts: Record<ApiSettingCode, readonly string[]> = {
    host_malformed: ['', 'Alpha.test', 'alpha.test:8443', 'https://alpha.test', '-a.test', 'a b'],
    host_too_long: ['a'.repeat(76)],
  };

  it.each(Object.keys(apiSettingCodes) as ApiSettingCode[])('refuses a host: %s', (code) => {
    for (const host of hosts[code]) {
      const create = () =>
        createApi({
          directory: new MemoryDirectory(crypto),
          codeSender: { send: () => Promise.resolve() },
          clock: { nowMs: () => 0 },
          random: { bytes: (size) => new Uint8Array(size) },
          crypto,
          host,
        });
      expect(create).toThrow(DirectoryError);
      expect(create).toThrow(expect.objectContaining({ code }));
    }
  });
});
