/**
 * Authority keys that the SDK does not hold: in WebCrypto, in a file, in a program. Entries that they
 * sign go through honest members; what a signer does wrong ends in its code before a member hears of it.
 */
import { createPublicKey, type webcrypto } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bytesEqual, type Signer } from '@callbook/protocol';
import { nobleCryptography as crypto } from '@callbook/protocol/crypto/noble';
import {
  createDirectory,
  ed25519RequestSigner,
  encodeHoldingJson,
  encodeReplacementJson,
  open,
  parseHoldingJson,
  parseReplacementJson,
  seal,
  signAs,
  verifyAs,
  webCryptoAgreement,
  webCryptoSigner,
  type ClaimOptions,
  type CodeSource,
  type Holding,
  type SignerSource,
} from '../src/index.ts';
import { commandAgreement, commandSigner, fileSigner } from '../src/node/index.ts';
import { makeExternalSigner, writeSigner, type ExternalSigner } from './external-signer.ts';
import { startFederation, trustTestAuthority, type TestFederation } from './test-federation.ts';

const identifier = 'tel:+34912345678';
const routes = [{ service: 'sip', uri: 'sip:alice@sip.example', preference: 10 }] as const;
let federation: TestFederation;
let external: ExternalSigner;

const code: CodeSource = ({ member }) =>
  Promise.resolve(federation.outbox.findLast((sent) => sent.member === member)!.code);
const claimed: ClaimOptions = { identifier, routes, visibility: 'dns', form: 'app', code };

beforeAll(async () => {
  await trustTestAuthority();
  external = await makeExternalSigner();
});
afterAll(async () => await external[Symbol.asyncDispose]());

function openDirectory(signers?: SignerSource) {
  const { charterNote } = federation;
  return createDirectory({ charterNote, ...(signers === undefined ? {} : { signers }) });
}

async function browserSigner(): Promise<Signer> {
  const { subtle } = globalThis.crypto;
  const pair = (await subtle.generateKey('Ed25519', false, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  await expect(subtle.exportKey('pkcs8', pair.privateKey)).rejects.toThrow();
  return await webCryptoSigner(pair);
}

/** What is saved and read again; nothing of it may be a secret. */
function saved(holding: Holding): Holding {
  const json = JSON.parse(JSON.stringify(encodeHoldingJson(holding))) as Record<string, unknown>;
  expect(json['seed']).toBeNull();
  return parseHoldingJson(json);
}

describe('a key that cannot be read', () => {
  beforeEach(async () => {
    federation = await startFederation({ holdMs: 0 });
  });
  afterEach(async () => await federation[Symbol.asyncDispose]());

  it('claims, publishes, changes terms, gives way to another and releases', async () => {
    const [first, second] = [await browserSigner(), await browserSigner()];
    const directory = openDirectory(({ authorityKey }) =>
      [first, second].find(({ publicKey }) => bytesEqual(publicKey, authorityKey)),
    );
    const keys = [{ use: 'identity', algorithm: 'ed25519', key: second.publicKey }] as const;
    const holding = await directory.claim({ ...claimed, signer: first, keys });
    expect(holding).toMatchObject({ seed: null, authorityKey: first.publicKey });
    const published = await directory.publish(saved(holding), { routes: [] });
    const locked = await directory.changeTerms(saved(published), { lock: true });
    expect(locked).toMatchObject({ lock: true, authorityKey: first.publicKey });
    const rotated = await directory.rotate(saved(locked), null, { newSigner: second });
    expect(saved(rotated)).toMatchObject({ seed: null, authorityKey: second.publicKey });
    const found = await directory.survey(identifier);
    expect(found).toMatchObject({ binding: { seq: 0, keys } });
    const again = await directory.restore({ identifier, signer: second });
    expect(again).toMatchObject({ seed: null, ownershipId: rotated.ownershipId });
    expect(await directory.release(again)).toHaveLength(32);
  });

  it('takes over a number whose key is lost, and vetoes who wants it', async () => {
    const [owner, thief] = [await browserSigner(), await browserSigner()];
    const directory = openDirectory(() => owner);
    await directory.claim({ ...claimed, seed: new Uint8Array(32).fill(7) });
    const asked = { ...claimed, requestClass: 'possession', signer: owner } as const;
    const step = await directory.replace(asked);
    if (step.state !== 'holding') throw new Error(step.state);
    const json = JSON.parse(JSON.stringify(encodeReplacementJson(step.replacement))) as unknown;
    const taken = await directory.replace({ ...asked, replacement: parseReplacementJson(json) });
    if (taken.state !== 'taken') throw new Error(taken.state);
    expect(saved(taken.holding)).toMatchObject({ epoch: 1, authorityKey: owner.publicKey });
    const theft = await directory.replace({ ...asked, signer: thief });
    if (theft.state !== 'holding') throw new Error(theft.state);
    await directory.veto(saved(taken.holding), theft.replacement.requestId);
    expect(await directory.replacementStanding(theft.replacement)).toEqual({ state: 'vetoed' });
  });

  it('may have the authority alone while a seed makes the published keys', async () => {
    const [signer, seed] = [await browserSigner(), new Uint8Array(32).fill(5)];
    const holding = await openDirectory().claim({ ...claimed, seed, signer });
    expect(holding).toMatchObject({ seed, authorityKey: signer.publicKey });
    // Whoever has the seed has no authority: nothing signs for them.
    const change = openDirectory().publish(holding, { routes: [] });
    await expect(change).rejects.toMatchObject({ code: 'signer_missing' });
    const back = await openDirectory(() => signer).rotate(holding, seed);
    expect(await openDirectory().publish(back, { routes: [] })).toMatchObject({ seq: 1 });
  });

  it.each<[string, SignerSource | undefined, string]>([
    ['that is not given', undefined, 'signer_missing'],
    ['of another key', browserSigner, 'signer_missing'],
    ['that says no', () => Promise.reject(new Error('cancelled')), 'signer_failed'],
    [
      'that returns what is no signature',
      ({ authorityKey }) => ({ publicKey: authorityKey, sign: () => new Uint8Array(64) }),
      'signer_answer_invalid',
    ],
    [
      'that fails when it is to sign',
      ({ authorityKey }) => ({
        publicKey: authorityKey,
        sign: () => Promise.reject(new Error('no card')),
      }),
      'signer_failed',
    ],
  ])('%s signs nothing, and no member is told', async (_, signers, expected) => {
    const holding = await openDirectory().claim({ ...claimed, signer: await browserSigner() });
    const before = federation.members.flatMap(({ requests }) => requests).length;
    const change = openDirectory(signers).publish(holding, { routes: [] });
    await expect(change).rejects.toMatchObject({ code: expected });
    const paths = federation.members.flatMap(({ requests }) => requests).slice(before);
    expect(paths.filter((path) => path.includes('/v1/entries'))).toEqual([]);
  });

  it('is needed for a claim, unless there is a seed', async () => {
    await expect(openDirectory().claim(claimed)).rejects.toMatchObject({ code: 'signer_missing' });
  });

  it('of a program signs entries', async () => {
    const signer = await commandSigner({ command: [external.program], identifier });
    const holding = await openDirectory().claim({ ...claimed, signer });
    const directory = openDirectory(() =>
      commandSigner({ command: [external.program], identifier }),
    );
    expect(await directory.publish(holding, { routes: [] })).toMatchObject({ seq: 1 });
  });
});

describe('a key in a file', () => {
  it('is that of OpenSSL, and signs as it does', async () => {
    const signer = await fileSigner(external.keyPath);
    const spki = createPublicKey(await readFile(external.keyPath)).export({
      type: 'spki',
      format: 'der',
    });
    expect(Buffer.from(signer.publicKey)).toEqual(spki.subarray(-32));
    const byProgram = await commandSigner({ command: [external.program], identifier });
    expect(byProgram.publicKey).toEqual(signer.publicKey);
    const message = new Uint8Array(3000).map((_, index) => index);
    expect(await byProgram.sign(message)).toEqual(await signer.sign(message));
  });

  it('is not used when others may read it, or when it is no such key', async () => {
    await chmod(external.keyPath, 0o640);
    try {
      await expect(fileSigner(external.keyPath)).rejects.toMatchObject({ code: 'signer_failed' });
    } finally {
      await chmod(external.keyPath, 0o600);
    }
    for (const path of [external.program, '/nowhere/key.pem']) {
      await expect(fileSigner(path)).rejects.toMatchObject({ code: 'signer_failed' });
    }
  });
});

describe('a program', () => {
  it.each([
    ['is not there', undefined, 'signer_failed'],
    ['ends with a failure', '#!/bin/sh\nexit 3\n', 'signer_failed'],
    ['says nothing', '#!/bin/sh\n', 'signer_answer_invalid'],
    ['writes something else', '#!/bin/sh\necho hello\n', 'signer_answer_invalid'],
    ['writes without an end', '#!/bin/sh\nexec yes\n', 'signer_answer_invalid'],
    ['does not end', '#!/bin/sh\nexec sleep 60\n', 'signer_timeout'],
  ])('that %s is given up', async (_, script, expected) => {
    await using made = await writeSigner(script ?? '');
    const command = script === undefined ? '/nowhere/sign' : made.program;
    const timeoutMs = expected === 'signer_timeout' ? 300 : 30_000;
    const asked = commandSigner({ command: [command], identifier, timeoutMs });
    await expect(asked).rejects.toMatchObject({ code: expected });
  });

  it('is told everything by standard input, and nothing by its arguments', async () => {
    const script = `#!/bin/sh\ntr '\\0' ' ' < /proc/$$/cmdline > "$0.arguments"\ncat > "$0.input"\nexit 1\n`;
    await using made = await writeSigner(script);
    const asked = commandSigner({ command: [made.program, '--slot', '2'], identifier });
    await expect(asked).rejects.toMatchObject({ code: 'signer_failed' });
    const seen = await readFile(`${made.program}.arguments`, 'utf8');
    expect(seen.trim()).toBe(`/bin/sh ${made.program} --slot 2`);
    const line = await readFile(`${made.program}.input`, 'utf8');
    expect(JSON.parse(line)).toEqual({ v: 1, identifier, do: 'public-key', use: 'authority' });
  });
});

describe('the other keys', () => {
  it('sign requests without being read', async () => {
    const signer = await browserSigner();
    const clock = { nowMs: () => Date.now() };
    const random = { bytes: (size: number) => new Uint8Array(size).fill(5) };
    const request = new Request('https://sip.example/v1/accounts', { method: 'POST', body: 'x' });
    const by = ed25519RequestSigner(identifier, signer);
    const signed = await signAs(request, by, { clock, random });
    const keys = [{ use: 'identity', algorithm: 'ed25519', key: signer.publicKey }] as const;
    const keysOf = () => Promise.resolve(keys);
    expect(await verifyAs(signed, { keysOf, clock, crypto })).toMatchObject({ state: 'verified' });
  });

  it('open what was sealed without being read', async () => {
    const { subtle } = globalThis.crypto;
    const pair = (await subtle.generateKey('X25519', false, [
      'deriveBits',
    ])) as webcrypto.CryptoKeyPair;
    const box = await webCryptoAgreement(pair);
    const plaintext = new Uint8Array(1000).fill(3);
    const sealed = await seal({ identifier, boxKey: box.publicKey }, plaintext);
    expect(await open({ identifier, box }, sealed)).toEqual(plaintext);
    sealed[40]! ^= 1;
    await expect(open({ identifier, box }, sealed)).rejects.toMatchObject({
      code: 'sealed_for_another',
    });
  });

  it('open by a program, whose failure is not taken for a damaged letter', async () => {
    await using made = await writeSigner(agreeingProgram);
    const box = await commandAgreement({ command: [made.program], identifier });
    const sealed = await seal({ identifier, boxKey: box.publicKey }, new Uint8Array(5));
    expect(await open({ identifier, box }, sealed)).toEqual(new Uint8Array(5));
    await writeFile(made.program, '#!/bin/sh\nexit 1\n');
    await expect(open({ identifier, box }, sealed)).rejects.toMatchObject({
      code: 'signer_failed',
    });
  });
});

/** An X25519 key that Node has, behind the protocol of signers. */
const agreeingProgram = `#!${process.execPath}
const { createPrivateKey, createPublicKey, diffieHellman } = require('node:crypto');
const head = '302e020100300506032b656e04220420';
const der = Buffer.from(head + '77'.repeat(32), 'hex');
const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
const line = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const own = createPublicKey(privateKey).export({ format: 'jwk' }).x;
const theirs = (x) => createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' });
console.log(line.do === 'agree'
  ? diffieHellman({ privateKey, publicKey: theirs(line.with) }).toString('base64url')
  : own);
`;
