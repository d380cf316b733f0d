import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import type { Charter, Ed25519Signer } from '@callbook/protocol';
import {
  cosignCheckpoint,
  encodeCharter,
  encodeVerifierKey,
  noteSigner,
  parseVerifierKey,
  parseWitnessRequest,
  signNote,
  utf8,
  verifyCosignature,
} from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { createReplica, memoryStore } from '@callbook/replication';
import type { Replica } from '@callbook/replication';
import type { NodeConfig } from '../src/config.ts';
import { createEventLog } from '../src/event-log.ts';
import { startOutsideWitnesses } from '../src/outside-witnesses.ts';
import type { OutsideWitnesses } from '../src/outside-witnesses.ts';

const origin = 'api.alpha.test/log';
const secretOf = (name: string): Uint8Array => crypto.sha256(utf8(name));
const signerOf = (name: string): Ed25519Signer => crypto.ed25519Signer(secretOf(name));
const vkey = (name: string, algorithm: 1 | 4 = 1): string =>
  encodeVerifierKey({ name, algorithm, publicKey: signerOf(name).publicKey }, crypto);

const opened: AsyncDisposable[] = [];
afterEach(async () => {
  for (const part of opened.splice(0).toReversed()) await part[Symbol.asyncDispose]();
});

/** A federation of one, whose log has its charter leaf and is agreed by its own cosignature. */
async function openAgreed(): Promise<Replica> {
  const replica = await createReplica({
    store: memoryStore(),
    crypto,
    clock: { nowMs: () => Date.now() },
    charterNotes: [charterNote()],
    memberName: 'alpha',
    logSigner: signerOf(origin),
    vrfSecretKey: secretOf('vrf'),
  });
  opened.push(replica);
  const checkpoint = replica.checkpoint(origin)!;
  const cosigned = await replica.cosigning.cosign({ checkpoint, oldSize: 0, proof: [] });
  if (cosigned.verdict !== 'accept' || cosigned.value.line === undefined) throw new Error();
  await replica.cosigning.agreed.offer(`${checkpoint}${cosigned.value.line}`);
  return replica;
}

function charterNote(): string {
  const day = 24 * 3600_000;
  const charter: Charter = {
    version: 1,
    previous: null,
    effectiveAtMs: 1_760_000_000_000,
    expiresAtMs: 1_760_000_000_000 + 3650 * day,
    labelEpoch: 1,
    vrfPublicKey: crypto
      .vrfProver(secretOf('vrf'))
      .publicKey.toBase64({ alphabet: 'base64url', omitPadding: true }),
    faults: 0,
    holds: {
      recoveryMs: day,
      emailMs: day,
      possessionMs: day,
      lockedMs: day,
      releaseMs: day,
      unlockMs: day,
      emailChangeMs: day,
      theftMs: day,
      noticeMs: day,
    },
    ruleset: { number: 1, activatesAtMs: 1_760_000_000_000 },
    members: [
      {
        name: 'alpha',
        organisation: 'alpha',
        legalForm: 'association',
        auditor: 'none',
        lastAudit: '2026-01-01',
        governanceKeys: [vkey('alpha.test/governance')],
        logKey: vkey(origin),
        peerId: '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp',
        addresses: [],
        api: 'https://api.alpha.test',
        zone: 'e164.alpha.test',
        zoneDs: [],
        state: 'active',
      },
    ],
    logs: [],
  };
  const name = 'alpha.test/governance';
  return signNote(encodeCharter(charter), [noteSigner({ name, signer: signerOf(name) }, crypto)]);
}

interface Witness {
  readonly url: string;
  readonly key: string;
  /** Bodies that it got. */
  readonly asked: string[];
}

type Answer = (response: ServerResponse, body: string, count: number) => void;

/** A witness on a free port that answers like this. */
async function startWitness(name: string, answer: Answer): Promise<Witness> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      asked.push(body);
      answer(response, body, asked.length);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push({
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/w/`, key: vkey(name, 4), asked };
}

/** The signature line of an honest witness. */
function lineOf(name: string, body: string): string {
  const request = parseWitnessRequest(body);
  if (request.verdict !== 'accept') throw new Error(request.code);
  const { checkpoint } = request.value;
  const seconds = 1_760_000_000;
  return cosignCheckpoint(checkpoint, { name, signer: signerOf(name) }, seconds).slice(
    checkpoint.length,
  );
}

function start(replica: Replica, witnesses: readonly Witness[]): OutsideWitnesses {
  const config = { witnesses: witnesses.map(({ url, key }) => ({ url, key })) } as NodeConfig;
  const log = createEventLog('alpha', 'silent');
  const clock = { nowMs: () => Date.now() };
  const running = startOutsideWitnesses(config, { replica, crypto, clock, log });
  opened.push(running);
  return running;
}

const isBy = (note: string | undefined, vkeyText: string): boolean => {
  const key = parseVerifierKey(vkeyText);
  if (key.verdict !== 'accept') throw new Error(key.code);
  return note !== undefined && verifyCosignature(note, key.value, crypto).verdict === 'accept';
};

describe('outside witnesses', () => {
  it('have their cosignatures in the note that is served, beside those of the members', async () => {
    const replica = await openAgreed();
    const witness = await startWitness('witness.test/w1', (response, body) =>
      response.end(`— stranger.test AAAAAAE=\n${lineOf('witness.test/w1', body)}`),
    );
    const witnesses = start(replica, [witness]);
    const agreed = replica.agreedCheckpoint(origin);
    await expect.poll(() => isBy(witnesses.served(agreed), witness.key)).toBe(true);
    const served = witnesses.served(agreed)!;
    expect(served.startsWith(agreed!)).toBe(true);
    expect(served).not.toContain('stranger');
    expect(witness.asked).toHaveLength(1);
  });

  it('are asked again from the size that they say', async () => {
    const replica = await openAgreed();
    const witness = await startWitness('witness.test/w1', (response, body, count) => {
      if (count > 1) response.end(lineOf('witness.test/w1', body));
      else response.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end('1\n');
    });
    const witnesses = start(replica, [witness]);
    const agreed = replica.agreedCheckpoint(origin);
    await expect.poll(() => isBy(witnesses.served(agreed), witness.key)).toBe(true);
    expect(witness.asked.map((body) => body.split('\n')[0])).toEqual(['old 0', 'old 1']);
  });

  it.each<[string, Answer]>([
    ['signs by another key', (response, body) => response.end(lineOf('other.test/w1', body))],
    ['signs something else', (response) => response.end('— witness.test/liar AAAAAAE=\n')],
    ['sends a note of its own', (response) => response.end('\n\nx\n\n— x AAAAAAE=\n')],
    ['sends nothing', (response) => response.end()],
    ['sends without an end', (response) => response.end('x'.repeat(100_000))],
    ['refuses', (response) => response.writeHead(403).end('no')],
    ['wants a larger size for ever', (response) => response.writeHead(409).end('999\n')],
    ['leads elsewhere', (response) => response.writeHead(302, { location: '/' }).end()],
    ['breaks off', (response) => response.destroy()],
  ])('change nothing for the others when one %s', async (_what, answer) => {
    const replica = await openAgreed();
    const liar = await startWitness('witness.test/liar', answer);
    const honest = await startWitness('witness.test/w1', (response, body) =>
      response.end(lineOf('witness.test/w1', body)),
    );
    const witnesses = start(replica, [liar, honest]);
    const agreed = replica.agreedCheckpoint(origin);
    await expect.poll(() => isBy(witnesses.served(agreed), honest.key)).toBe(true);
    expect(isBy(witnesses.served(agreed), liar.key)).toBe(false);
    expect(liar.asked.length).toBeLessThanOrEqual(2);
  });

  it('are refused at the start when a key is none of a cosigner', async () => {
    const replica = await openAgreed();
    const witness = { url: 'http://127.0.0.1:1', key: vkey('witness.test/w1', 1), asked: [] };
    expect(() => start(replica, [witness])).toThrow(
      expect.objectContaining({ code: 'config_setting_invalid' }),
    );
  });
});
