/**
 * Validations a second of one core: the CPU of everything but the network, with the answers recorded
 * before. A validation from the root checks six signatures and three digests; one in a zone whose keys
 * are known checks one signature, or two for a denial. Beside them what the signatures alone cost.
 */
import { generateKeyPairSync, sign } from 'node:crypto';
import { createValidator, parseTrustAnchor } from '@callbook/client';
import type { DnsTransport, ValidatorOptions } from '@callbook/client';
import {
  createResponder,
  createStaticZone,
  dsRecord,
  generateZoneKeys,
  type Responder,
  type Zone,
  type ZoneAlgorithm,
  type ZoneKeys,
} from '@callbook/dns';
import { isAtOrBelow, parseMessage, recordTypes, rootName } from '@callbook/dns/wire';
import type { NaptrRdata } from '@callbook/dns/wire';
import type { Cryptography } from '@callbook/protocol';
import { nodeCryptography } from '@callbook/protocol/crypto/node';
import { sodiumCryptography } from '@callbook/protocol/crypto/sodium';
import { measured } from './measurement.ts';
import type { Measurement } from './measurement.ts';

const apex = 'e164.alpha.test.';
const numberCount = 400;
const rounds = 5;
const signatureCount = 10_000;
const goal = '>= 1500';

/** Measures validation with each algorithm that members' zones have. */
export async function benchValidation(say: (line: string) => void): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const [word, algorithm, crypto] of [
    ['P-256', 13, nodeCryptography],
    ['Ed25519', 15, sodiumCryptography],
  ] as const) {
    say(`validating with ${word}`);
    measurements.push(...(await measureAlgorithm(word, algorithm, crypto)));
  }
  return measurements;
}

async function measureAlgorithm(
  word: string,
  algorithm: ZoneAlgorithm,
  crypto: Cryptography,
): Promise<Measurement[]> {
  const { transport, rootDs, zoneDs } = recordedChain(algorithm);
  const fromRoot = { transport, crypto, clock, anchor: parseTrustAnchor('.', [rootDs])! };
  const fromZone = { ...fromRoot, anchor: parseTrustAnchor(apex, [zoneDs])! };
  const cold = await perSecond(fromRoot, { isCold: true, isThere: true });
  const zone = await perSecond(fromZone, { isCold: true, isThere: true });
  const warm = await perSecond(fromRoot, { isCold: false, isThere: true });
  const absent = await perSecond(fromRoot, { isCold: false, isThere: false });
  const unit = 'validations/s of CPU';
  return [
    measured({
      name: `${word}, the whole chain from the root`,
      value: cold,
      unit,
      against: { what: 'its six signatures alone', value: signaturesAlone(algorithm, crypto) / 6 },
      goal: '>= 0.4',
    }),
    measured({ name: `${word}, a zone and its DS`, value: zone, unit, goal }),
    measured({ name: `${word}, a number in a known zone`, value: warm, unit, goal }),
    measured({ name: `${word}, no such number in a known zone`, value: absent, unit, goal }),
  ];
}

/** Checks of one signature a second, of a message as long as an RRset's. */
function signaturesAlone(algorithm: ZoneAlgorithm, crypto: Cryptography): number {
  const message = new Uint8Array(150);
  const [type, options] = algorithm === 13 ? ['ec', { namedCurve: 'P-256' }] : ['ed25519', {}];
  const { privateKey, publicKey } = generateKeyPairSync(
    type as 'ec',
    options as { namedCurve: string },
  );
  const signature = sign(algorithm === 13 ? 'sha256' : null, message, {
    key: privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  const raw = publicKey
    .export({ format: 'der', type: 'spki' })
    .subarray(algorithm === 13 ? -64 : -32);
  const verify = algorithm === 13 ? crypto.p256Verify : crypto.ed25519Verify;
  const before = process.cpuUsage();
  for (let check = 0; check < signatureCount; check += 1)
    if (!verify(message, signature, raw)) throw new Error('the signature does not hold');
  const { user, system } = process.cpuUsage(before);
  return (signatureCount * 1e6) / (user + system);
}

const clock = { nowMs: () => Date.now() };

interface Kind {
  /** Each validation with a validator of its own. */
  readonly isCold: boolean;
  readonly isThere: boolean;
}

async function perSecond(options: ValidatorOptions, kind: Kind): Promise<number> {
  // Once for the recorder and the compiler; then measured.
  await validateAll(options, kind);
  const before = process.cpuUsage();
  for (let round = 0; round < rounds; round += 1) await validateAll(options, kind);
  const { user, system } = process.cpuUsage(before);
  return (rounds * numberCount * 1e6) / (user + system);
}

async function validateAll(options: ValidatorOptions, kind: Kind): Promise<void> {
  let validator = createValidator(options);
  for (let number = 0; number < numberCount; number += 1) {
    if (kind.isCold) validator = createValidator(options);
    const name = nameOf(kind.isThere ? number : number + numberCount);
    const found = await validator.validate(name, recordTypes.NAPTR);
    const expected = kind.isThere ? 'records' : 'no_name';
    if (found.verdict !== 'secure' || found.state !== expected)
      throw new Error(`validation ended in ${found.verdict}, ${found.code}`);
  }
}

function nameOf(number: number): string {
  const digits = `4915${String(number).padStart(8, '0')}`;
  return `${Array.from(digits).reverse().join('.')}.${apex}`;
}

interface RecordedChain {
  readonly transport: DnsTransport;
  readonly rootDs: string;
  readonly zoneDs: string;
}

/** Root, `test.` and a zone with numbers; each question is answered once and then from memory. */
function recordedChain(algorithm: ZoneAlgorithm): RecordedChain {
  const [root, test, directory] = ['root', 'test', 'directory'].map(() =>
    generateZoneKeys(algorithm),
  ) as [ZoneKeys, ZoneKeys, ZoneKeys];
  const zones = [
    zoneOf(apex, directory, { records: numberRecords(), delegations: [] }),
    zoneOf('test.', test, { delegations: [delegation(apex, directory)] }),
    zoneOf('.', root, { delegations: [delegation('test.', test)] }),
  ];
  const rdataOf = (line: string): string => line.split(' DS ')[1]!;
  return {
    transport: recorderOf(zones),
    rootDs: rdataOf(dsRecord('.', root)),
    zoneDs: rdataOf(dsRecord(apex, directory)),
  };
}

type ZoneSettings = Parameters<typeof createStaticZone>[0];

function zoneOf(
  name: string,
  keys: ZoneKeys,
  contents: Pick<ZoneSettings, 'records' | 'delegations'>,
): Zone {
  const nameservers = [{ name: 'ns.test.', addresses: ['127.0.0.1'] }];
  return createStaticZone({ apex: name, nameservers, keys, clock, ...contents });
}

function delegation(
  name: string,
  keys: ZoneKeys,
): NonNullable<ZoneSettings['delegations']>[number] {
  const nameservers = [{ name: 'ns.test.', addresses: ['127.0.0.1'] }];
  return { name, nameservers, ds: [dsRecord(name, keys)] };
}

function numberRecords(): NonNullable<ZoneSettings['records']> {
  const naptr: NaptrRdata = {
    type: 'NAPTR',
    order: 100,
    preference: 10,
    flags: 'u',
    services: 'E2U+sip',
    regexp: '!^.*$!sip:alice@sip.example!',
    replacement: rootName,
  };
  return Array.from({ length: numberCount }, (_, number) => ({
    name: nameOf(number),
    rdatas: [naptr],
  }));
}

function recorderOf(zones: readonly Zone[]): DnsTransport {
  const responders = zones.map((zone): [Zone, Responder] => [zone, createResponder([zone])]);
  const recorded = new Map<string, Uint8Array>();
  return {
    exchange: (query) => {
      const row = Buffer.from(query).toString('latin1');
      let answer = recorded.get(row);
      if (answer === undefined) recorded.set(row, (answer = answerOf(responders, query)));
      return Promise.resolve(answer);
    },
  };
}

/** The deepest zone answers, but for a DS, which is the one above's. */
function answerOf(
  responders: readonly (readonly [Zone, Responder])[],
  query: Uint8Array,
): Uint8Array {
  const message = parseMessage(query);
  const question = message.verdict === 'accept' ? message.value.questions[0] : undefined;
  const [, respond] = responders.find(
    ([zone]) =>
      isAtOrBelow(question!.name, zone.apex) &&
      (question!.type !== recordTypes.DS || question!.name.labelCount > zone.apex.labelCount),
  )!;
  return respond(query, 'tcp')!;
}
