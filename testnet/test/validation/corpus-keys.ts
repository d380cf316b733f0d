/**
 * Keys of the corpus' zones, made by ldns-keygen: one pair for each role and algorithm, shared by all
 * zones of that role, so that RSA keys are made once. Opened here as well, because a fault that is
 * signed validly (expired, in another name, over another bit map) cannot be had from a zone signer.
 */
import { createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  encodeRdata,
  formatName,
  keyTagOf,
  signatureInput,
  type DnskeyRdata,
  type DomainName,
  type RrsetContent,
  type RrsigRdata,
} from '@callbook/dns/wire';
import { callTool } from '../../../packages/dns/test/peers/peer-tools.ts';

export type CorpusAlgorithm = 8 | 13 | 14 | 15;

const ldnsNames: Readonly<Record<CorpusAlgorithm, readonly string[]>> = {
  8: ['RSASHA256', '-b', '2048'],
  13: ['ECDSAP256SHA256'],
  14: ['ECDSAP384SHA384'],
  15: ['ED25519'],
};

export interface CorpusKey {
  readonly dnskey: DnskeyRdata;
  readonly rdata: Uint8Array;
  readonly tag: number;
  readonly privateKey: KeyObject;
  /** Contents of ldns' two files; the first lacks the owner. */
  readonly publicText: string;
  readonly privateText: string;
}

export interface KeyPair {
  readonly algorithm: CorpusAlgorithm;
  readonly ksk: CorpusKey;
  readonly zsk: CorpusKey;
}

/** Makes pairs of keys in a folder, each role and algorithm once. */
export class KeyMaker {
  private readonly folder: string;
  private readonly made: Map<string, Promise<KeyPair>>;

  constructor(folder: string) {
    this.folder = folder;
    this.made = new Map();
  }

  /** The pair of a role (a word) and an algorithm. */
  pair(role: string, algorithm: CorpusAlgorithm): Promise<KeyPair> {
    const name = `${role}-${algorithm}`;
    const known = this.made.get(name);
    if (known !== undefined) return known;
    const making = this.make(name, algorithm);
    this.made.set(name, making);
    return making;
  }

  private async make(name: string, algorithm: CorpusAlgorithm): Promise<KeyPair> {
    const [ksk, zsk] = await Promise.all([
      this.generate(join(this.folder, name, 'ksk'), algorithm, ['-k']),
      this.generate(join(this.folder, name, 'zsk'), algorithm, []),
    ]);
    return { algorithm, ksk, zsk };
  }

  private async generate(
    folder: string,
    algorithm: CorpusAlgorithm,
    flags: readonly string[],
  ): Promise<CorpusKey> {
    await mkdir(folder, { recursive: true });
    const args = ['-r', '/dev/urandom', '-a', ...ldnsNames[algorithm], ...flags, 'corpus.'];
    const ended = await callTool('ldns-keygen', args, { workingFolder: folder });
    const files = await readdir(folder);
    const base = files.find((file) => file.endsWith('.key'))?.slice(0, -'.key'.length);
    if (base === undefined) throw new Error(`ldns-keygen: ${ended.output}`);
    const publicText = await readFile(join(folder, `${base}.key`), 'utf8');
    const privateText = await readFile(join(folder, `${base}.private`), 'utf8');
    return openKey(publicText, privateText);
  }
}

/** Writes a key's files for a zone; returns the base name that ldns wants. */
export async function writeKeyFiles(
  folder: string,
  zone: DomainName,
  key: CorpusKey,
): Promise<string> {
  const numbers = [key.dnskey.algorithm, key.tag].map((number, index) =>
    String(number).padStart(index === 0 ? 3 : 5, '0'),
  );
  const base = join(folder, `K${formatName(zone)}+${numbers.join('+')}`);
  await writeFile(`${base}.key`, key.publicText.replace(/^\S+/, formatName(zone)));
  await writeFile(`${base}.private`, key.privateText);
  return base;
}

function openKey(publicText: string, privateText: string): CorpusKey {
  const [, flags, algorithm, encoded] = /DNSKEY\s+(\d+) 3 (\d+) (\S+)/.exec(publicText) ?? [];
  const dnskey: DnskeyRdata = {
    type: 'DNSKEY',
    flags: Number(flags),
    protocol: 3,
    algorithm: Number(algorithm),
    publicKey: Uint8Array.fromBase64(encoded!),
  };
  const rdata = encodeRdata(dnskey);
  const privateKey = openPrivateKey(dnskey, privateText);
  return { dnskey, rdata, tag: keyTagOf(rdata), privateKey, publicText, privateText };
}

/** The private key format of BIND, which ldns writes. */
function openPrivateKey({ algorithm, publicKey }: DnskeyRdata, text: string): KeyObject {
  const field = (name: string): string => {
    const value = new RegExp(`^${name}: (\\S+)`, 'm').exec(text)?.[1] ?? '';
    return Buffer.from(value, 'base64').toString('base64url');
  };
  const part = (from: number, to?: number): string =>
    Buffer.from(publicKey.subarray(from, to)).toString('base64url');
  if (algorithm === 8) {
    const names = { n: 'Modulus', e: 'PublicExponent', d: 'PrivateExponent' };
    const primes = {
      p: 'Prime1',
      q: 'Prime2',
      dp: 'Exponent1',
      dq: 'Exponent2',
      qi: 'Coefficient',
    };
    const fields = Object.entries({ ...names, ...primes }).map(([key, name]) => [key, field(name)]);
    return createPrivateKey({
      key: { kty: 'RSA', ...Object.fromEntries(fields) },
      format: 'jwk',
    });
  }
  const d = field('PrivateKey');
  if (algorithm === 15)
    return createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', x: part(0), d }, format: 'jwk' });
  const half = publicKey.length / 2;
  const crv = algorithm === 13 ? 'P-256' : 'P-384';
  const key = { kty: 'EC', crv, x: part(0, half), y: part(half), d };
  return createPrivateKey({ key, format: 'jwk' });
}

/** Signs an RRset under a head, whatever the head says. */
export function signRrset(
  rrset: RrsetContent,
  head: Omit<RrsigRdata, 'signature'>,
  { privateKey, dnskey }: CorpusKey,
): RrsigRdata {
  const input = signatureInput(head, rrset);
  const hash = dnskey.algorithm === 15 ? null : dnskey.algorithm === 14 ? 'sha384' : 'sha256';
  const signature = sign(hash, input, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return { ...head, signature: new Uint8Array(signature) };
}
