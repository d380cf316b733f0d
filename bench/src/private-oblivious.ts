/**
 * What an exchange costs the two members that carry it: CPU of the gateway's and of the relay's process, all
 * threads and system calls, over exchanges that a client of its own sends; less what each used in the same time
 * without them. Beside it stands what the cryptography of one takes here and now, as a measure of the machine. A
 * member that nobody asks for two seconds washes its memory, and its compiled code with it; so the members are
 * warmed up right before.
 */
import { createCipheriv, createHmac, diffieHellman, generateKeyPairSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  capsuleInfo,
  commonSuite,
  encodeBinaryRequest,
  encodeCapsuleHeader,
  parseKeyConfigurations,
} from '@callbook/protocol';
import type { KeyConfiguration } from '@callbook/protocol';
import type { Testnet } from '@callbook/testnet';
import { AEAD_AES_128_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_DHKEM_X25519_HKDF_SHA256 } from 'hpke';
import { inLanes } from './claimants.ts';
import { measured } from './measurement.ts';
import type { Measurement } from './measurement.ts';
import { cpuSecondsOf } from './process-cpu.ts';

const exchangeCount = 3000;
const warmUpCount = 2000;
const laneCount = 96;
const gatewayMsMax = 0.6;
const relayMsMax = 0.3;
/** After that long a wash is over. */
const washedMs = 5000;
const idleMs = 3000;

const suite = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_128_GCM);

/** Measures exchanges by the first member to the second. */
export async function benchOblivious(
  { layout, members }: Testnet,
  say: (line: string) => void,
): Promise<Measurement[]> {
  const [relay, gateway] = members;
  if (relay === undefined || gateway === undefined) throw new Error('two members are needed');
  const agent = new Agent({ ca: await readFile(layout.caFile), keepAlive: true });
  try {
    const ask = asker(agent, `https://localhost:${gateway.layout.apiPort}`);
    const keys = parseKeyConfigurations((await ask('/.well-known/ohttp-gateway')).octets);
    if (keys.verdict !== 'accept') throw new Error(keys.code);
    const relayed = asker(agent, `https://localhost:${relay.layout.apiPort}`);
    const path = `/v1/relay/${gateway.layout.name}`;
    const exchangeAll = async (capsules: readonly Uint8Array[]): Promise<void> => {
      await inLanes({ count: capsules.length, laneCount }, async (n) => {
        const { status } = await relayed(path, capsules[n]);
        if (status !== 200) throw new Error(`the relay answered ${status}`);
      });
    };
    const warmUp = await sealed(keys.value[0]!, warmUpCount);
    const capsules = await sealed(keys.value[0]!, exchangeCount);
    const pids = [gateway.pid!, relay.pid!];
    await sleep(washedMs);
    const idle = await cpuDuring(pids, async () => await sleep(idleMs));
    await exchangeAll(warmUp);
    const busy = await cpuDuring(pids, async () => await exchangeAll(capsules));
    say(`${exchangeCount} exchanges in ${Math.round(busy.ms)} ms`);
    const costOf = (n: number): number => {
      const restMs = idle.cpuMs[n]! * (busy.ms / idle.ms);
      return (busy.cpuMs[n]! - restMs) / exchangeCount;
    };
    return [
      measured({
        name: 'oblivious: CPU of an exchange at the gateway',
        value: costOf(0),
        unit: 'ms',
        goal: `<= ${gatewayMsMax}`,
      }),
      measured({
        name: 'oblivious: CPU of an exchange at the relay',
        value: costOf(1),
        unit: 'ms',
        goal: `<= ${relayMsMax}`,
      }),
      measured({
        name: 'oblivious: CPU of the cryptography of an exchange alone',
        value: cryptographyMs(),
        unit: 'ms',
      }),
    ];
  } finally {
    agent.destroy();
  }
}

async function cpuDuring(
  pids: readonly number[],
  work: () => Promise<unknown>,
): Promise<{ readonly ms: number; readonly cpuMs: readonly number[] }> {
  const before = pids.map(cpuSecondsOf);
  const begunMs = performance.now();
  await work();
  const ms = performance.now() - begunMs;
  return { ms, cpuMs: pids.map((pid, n) => (cpuSecondsOf(pid) - before[n]!) * 1000) };
}

/** The gateway's X25519, ten HMACs and two AES-GCM, on node:crypto, without anything around them. */
function cryptographyMs(): number {
  const [own, other] = [generateKeyPairSync('x25519'), generateKeyPairSync('x25519')];
  const before = process.cpuUsage();
  for (let count = 0; count < exchangeCount; count++) {
    let key = diffieHellman({ privateKey: own.privateKey, publicKey: other.publicKey });
    for (let derived = 0; derived < 10; derived++) {
      key = createHmac('sha256', key).update(key).digest();
    }
    for (let sealing = 0; sealing < 2; sealing++) {
      const cipher = createCipheriv('aes-128-gcm', key.subarray(0, 16), key.subarray(0, 12));
      cipher.update(new Uint8Array(384));
      cipher.final();
      cipher.getAuthTag();
    }
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / exchangeCount;
}

/** Capsules with a chunk of an address book each, sealed before anything is measured. */
async function sealed(key: KeyConfiguration, count: number): Promise<Uint8Array[]> {
  const header = encodeCapsuleHeader(key.keyId, commonSuite);
  const publicKey = await suite.DeserializePublicKey(key.publicKey);
  const capsules: Uint8Array[] = [];
  for (let n = 0; n < count; n++) {
    const message = encodeBinaryRequest({
      method: 'POST',
      scheme: 'https',
      authority: '',
      path: '/v1/bulk',
      fields: [
        { name: 'content-type', value: 'application/callbook-bulk' },
        { name: 'date', value: new Date().toUTCString() },
      ],
      content: new Uint8Array(256),
    });
    const sender = await suite.SetupSender(publicKey, { info: capsuleInfo(header) });
    const ciphertext = await sender.ctx.Seal(message);
    capsules.push(Buffer.concat([header, sender.encapsulatedSecret, ciphertext]));
  }
  return capsules;
}

interface Answer {
  readonly status: number;
  readonly octets: Uint8Array;
}

function asker(agent: Agent, api: string) {
  return async (path: string, capsule?: Uint8Array): Promise<Answer> => {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const method = capsule === undefined ? 'GET' : 'POST';
    const headers = capsule === undefined ? {} : { 'content-type': 'message/ohttp-req' };
    const asked = request(`${api}${path}`, { agent, method, headers });
    asked.on('error', reject).on('response', (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, octets: Buffer.concat(pieces) }),
      );
    });
    asked.end(capsule);
    return await promise;
  };
}
