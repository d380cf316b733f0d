/** Each way in which a single member can lie or break ends in a coded error of its own. */
import { encodeBase64Url, encodeReceiptJson } from '@callbook/protocol';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { createDirectory, type ClaimOptions } from '../src/index.ts';
import {
  signCharter,
  startFederation,
  trustTestAuthority,
  type Interference,
  type TestFederation,
} from './test-federation.ts';

const identifier = 'tel:+34912345678';
let federation: TestFederation;

beforeAll(trustTestAuthority);
afterEach(async () => {
  await federation[Symbol.asyncDispose]();
});

/** Claims at a federation of one member, which answers as `interference` says. */
async function claimFrom(interference: Interference): Promise<unknown> {
  federation = await startFederation({ names: ['alpha'] });
  federation.interfere(interference);
  const options: ClaimOptions = {
    identifier,
    seed: new Uint8Array(32).fill(7),
    routes: [],
    visibility: 'dns',
    form: 'app',
    code: () => Promise.resolve(federation.outbox.at(-1)!.code),
  };
  const directory = createDirectory({ charterNote: federation.charterNote, privacy: 'plain' });
  return directory.claim(options).catch((error: unknown) => error);
}

/** Lays `change` over the honest answer on paths that match. */
function change(path: RegExp, change: (json: never) => unknown): Interference {
  return async (request) => {
    if (!path.test(request.path)) return undefined;
    const { status, json } = await request.answer();
    return { status, json: change(json as never) };
  };
}

it('rejects a label that the VRF key of the charter does not prove', async () => {
  const wrongLabel = change(/answer$/, (json: object) => ({
    ...json,
    label: encodeBase64Url(new Uint8Array(32)),
  }));
  expect(await claimFrom(wrongLabel)).toMatchObject({ code: 'label_proof_invalid' });
});

it('rejects a label of another label epoch', async () => {
  const otherEpoch = change(/answer$/, (json: object) => ({ ...json, labelEpoch: 1 }));
  expect(await claimFrom(otherEpoch)).toMatchObject({ code: 'label_proof_invalid' });
});

it('rejects a receipt whose proof leads to another root', async () => {
  const wrongRoot = change(/entries$/, (json: { receipts: { proof: string[] }[] }) => ({
    ...json,
    receipts: json.receipts.map((receipt) => ({
      ...receipt,
      proof: receipt.proof.map(() => encodeBase64Url(new Uint8Array(32))),
    })),
  }));
  expect(await claimFrom(wrongRoot)).toMatchObject({ code: 'receipt_invalid' });
});

it('rejects a receipt of another entry', async () => {
  const otherLeaf = change(/entries$/, (json: object) => ({
    ...json,
    receipts: [encodeReceiptJson(federation.member('alpha').log.receipt(0))],
  }));
  expect(await claimFrom(otherLeaf)).toMatchObject({ code: 'receipt_invalid' });
});

it('rejects a receipt of a log that the charter does not name', async () => {
  const otherOrigin = change(/entries$/, (json: { receipts: object[] }) => ({
    ...json,
    receipts: json.receipts.map((receipt) => ({ ...receipt, origin: 'evil.test/log' })),
  }));
  expect(await claimFrom(otherOrigin)).toMatchObject({ code: 'receipt_invalid' });
});

it('rejects "complete" without the receipts that prove it', async () => {
  const boast = change(/entries$/, (json: object) => ({
    ...json,
    state: 'complete',
    receipts: [],
  }));
  expect(await claimFrom(boast)).toMatchObject({ code: 'entry_incomplete' });
});

it('reports half a response, a page of HTML and JSON of another shape', async () => {
  const broken: Interference[] = [
    () => Promise.resolve('break'),
    () => Promise.resolve({ text: '<html>Log in to the Wi-Fi</html>' }),
    () => Promise.resolve({ text: '{"id":"x"' }),
    () => Promise.resolve({ status: 200, json: { id: 1 } }),
  ];
  for (const interference of broken) {
    expect(await claimFrom(interference)).toMatchObject({
      code: 'directory_unavailable',
      details: { firstCode: 'member_answer_malformed' },
    });
    await federation[Symbol.asyncDispose]();
  }
});

it('gives up on a member that hangs, in bounded time', async () => {
  federation = await startFederation({ names: ['alpha'] });
  federation.interfere(() => Promise.resolve('hang'));
  const fetch = (url: string, init: RequestInit): Promise<Response> =>
    // Time is the port here: the limit of the call is what aborts, only sooner.
    globalThis.fetch(url, {
      ...init,
      signal: AbortSignal.any([init.signal!, AbortSignal.timeout(50)]),
    });
  const directory = createDirectory({
    charterNote: federation.charterNote,
    fetch,
    privacy: 'plain',
  });
  await expect(directory.lookup(identifier)).rejects.toMatchObject({
    code: 'directory_unavailable',
  });
});

it('passes rate limits on with the time to wait', async () => {
  const limited = await claimFrom(() =>
    Promise.resolve({ status: 429, json: { code: 'challenge_rate_limited' } }),
  );
  expect(limited).toMatchObject({ code: 'rate_limited', details: { status: 429 } });
});

it('copies nothing a member wrote into an error but a code', async () => {
  const chatty = await claimFrom(() =>
    Promise.resolve({ status: 400, json: { code: `no ${identifier}`, detail: identifier } }),
  );
  expect(chatty).toMatchObject({ code: 'request_refused', details: { problemCode: 'unknown' } });
  expect(JSON.stringify(chatty) + String(chatty)).not.toContain('34912345678');
});

it('refuses a charter that its members have not signed', async () => {
  federation = await startFederation();
  const { charter } = federation;
  const unsigned = signCharter(charter, ['alpha']);
  expect(() => createDirectory({ charterNote: unsigned })).toThrow(
    expect.objectContaining({ code: 'charter_invalid' }),
  );
  expect(() => createDirectory({ charterNote: 'half a charter' })).toThrow(
    expect.objectContaining({ code: 'charter_invalid' }),
  );
});

it('rejects receipts of members that follow another charter', async () => {
  federation = await startFederation({ names: ['alpha'] });
  const { charter } = federation;
  const other = { ...charter, expiresAtMs: charter.expiresAtMs + 1000 };
  const directory = createDirectory({ charterNote: signCharter(other, ['alpha']) });
  const claimed = directory.claim({
    identifier,
    seed: new Uint8Array(32).fill(7),
    routes: [],
    visibility: 'dns',
    form: 'app',
    code: () => Promise.resolve(federation.outbox.at(-1)!.code),
  });
  await expect(claimed).rejects.toMatchObject({ code: 'receipt_invalid' });
  expect(await directory.memberStates()).toMatchObject([{ state: 'other_charter' }]);
});
