/**
 * A federation whose members are gateways and relays, between the client's fetch and a test federation:
 * the gateway's half of RFC 9458 by `hpke` and WebCrypto. What each member sees is kept.
 */
import {
  capsuleInfo,
  commonSuite,
  concatBytes,
  encodeBinaryResponse,
  encodeBulkAnswers,
  encodeKeyBundle,
  encodeKeyConfigurations,
  noteSigner,
  parseBinaryRequest,
  parseBulkRequest,
  parseRequestCapsule,
  responseContext,
  signKeyStatement,
  utf8,
  type BinaryRequest,
} from '@callbook/protocol';
import { nobleCryptography as crypto } from '@callbook/protocol/crypto/noble';
import { AEAD_AES_128_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_DHKEM_X25519_HKDF_SHA256 } from 'hpke';
import type { Fetch } from '../../src/index.ts';
import type { TestFederation } from '../test-federation.ts';

const suite = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_128_GCM);

/** What one member sees of one exchange. */
export interface Seen {
  readonly member: string;
  readonly as: 'asked' | 'gateway' | 'relay';
  readonly path: string;
  readonly text: string;
  /** Octets in and out. */
  readonly bytes?: readonly [asked: number, answered: number];
}

/** What a test lays over a relay; undefined lets it be honest. */
export type RelayRole = (relay: string, gateway: string) => Promise<Response | undefined>;

export class TestGateways {
  readonly seen: Seen[] = [];
  /** Statements that a member shows in place of the honest ones. */
  readonly shownBy = new Map<string, string>();
  relayRole: RelayRole = () => Promise.resolve(undefined);
  /** The clock of those who state keys. */
  nowMs = Date.now();
  readonly #federation: TestFederation;
  readonly #keys = new Map<
    string,
    {
      keyId: number;
      pair: Awaited<ReturnType<typeof suite.GenerateKeyPair>>;
      publicKey: Uint8Array;
    }
  >();
  readonly #used = new Set<string>();

  private constructor(federation: TestFederation) {
    this.#federation = federation;
  }

  static async before(federation: TestFederation): Promise<TestGateways> {
    const gateways = new TestGateways(federation);
    for (const { name } of federation.members) await gateways.newKey(name);
    return gateways;
  }

  /** Gives a member another key; those who have the one before are refused. */
  async newKey(name: string): Promise<void> {
    const pair = await suite.GenerateKeyPair(true);
    const keyId = ((this.#keys.get(name)?.keyId ?? 6) + 1) % 256;
    const publicKey = await suite.SerializePublicKey(pair.publicKey);
    this.#keys.set(name, { keyId, pair, publicKey });
  }

  statementOf(name: string, publicKey = this.#keys.get(name)!.publicKey): string {
    const encoded = encodeKeyConfigurations([
      { keyId: this.#keys.get(name)!.keyId, publicKey, suites: [commonSuite] },
    ]);
    const origin = `api.${name}.test/log`;
    const secret = crypto.sha256(utf8(`callbook test log ${name}`));
    const signer = noteSigner({ name: origin, signer: crypto.ed25519Signer(secret) }, crypto);
    return signKeyStatement({ origin, madeAtMs: this.nowMs, encoded }, signer);
  }

  /** The network between the client and the members. */
  readonly fetch: Fetch = async (url, init) => {
    const member = this.#memberAt(url);
    const { pathname } = new URL(url);
    if (pathname === '/v1/oblivious-keys') {
      this.seen.push({ member, as: 'asked', path: pathname, text: '' });
      const shown = this.#federation.members.map(({ name }) => this.statementOf(name));
      return new Response(this.shownBy.get(member) ?? encodeKeyBundle(shown));
    }
    if (!pathname.startsWith('/v1/relay/')) {
      const text = typeof init.body === 'string' ? init.body : '';
      this.seen.push({ member, as: 'asked', path: pathname, text });
      return await fetch(url, init);
    }
    const gateway = pathname.slice('/v1/relay/'.length);
    const role = await this.relayRole(member, gateway);
    if (role !== undefined) return role;
    const body = init.body as Uint8Array;
    const answer = await this.#open(gateway, body);
    const sealed = new Uint8Array(await answer.clone().arrayBuffer());
    const bytes: [number, number] = [body.length, sealed.length];
    this.seen.push({ member, as: 'relay', path: pathname, text: latin1(body), bytes });
    return answer;
  };

  #memberAt(url: string): string {
    return this.#federation.charter.members.find(({ api }) => url.startsWith(`${api}/`))!.name;
  }

  async #open(gateway: string, bytes: Uint8Array): Promise<Response> {
    const capsule = parseRequestCapsule(bytes);
    const key = this.#keys.get(gateway)!;
    if (capsule.verdict !== 'accept' || capsule.value.keyId !== key.keyId) return refusal();
    const { header, enc, ciphertext } = capsule.value;
    if (this.#used.has(enc.toHex())) return new Response(null, { status: 400 });
    this.#used.add(enc.toHex());
    const context = await suite.SetupRecipient(key.pair, enc, { info: capsuleInfo(header) });
    const opened = await context.Open(ciphertext).catch(() => undefined);
    if (opened === undefined) return refusal();
    const request = parseBinaryRequest(opened);
    if (request.verdict !== 'accept') throw new Error(request.message);
    const answer = await this.#answer(gateway, request.value);
    const secret = await context.Export(responseContext, 16);
    return new Response(await sealAnswer(answer, { enc, secret }), {
      headers: { 'content-type': 'message/ohttp-res' },
    });
  }

  async #answer(gateway: string, request: BinaryRequest): Promise<Uint8Array> {
    const { path, method, content, fields } = request;
    const text = latin1(content);
    this.seen.push({ member: gateway, as: 'gateway', path, text });
    const api = this.#federation.charter.members.find(({ name }) => name === gateway)!.api;
    if (path === '/v1/bulk') return await bulkAnswer(api, content);
    const type = fields.find(({ name }) => name === 'content-type')!.value;
    const headers = { 'content-type': type };
    const response = await fetch(api + path, { method, headers, body: text });
    return encodeBinaryResponse(
      {
        status: response.status,
        fields: [{ name: 'content-type', value: response.headers.get('content-type')! }],
        content: new Uint8Array(await response.arrayBuffer()),
      },
      4096,
    );
  }
}

/** The member's answer to the same numbers, in the binary form. */
async function bulkAnswer(api: string, content: Uint8Array): Promise<Uint8Array> {
  const slots = parseBulkRequest(content);
  if (slots.verdict !== 'accept') throw new Error(slots.message);
  const identifiers = slots.value.map(({ digits }) => `tel:+${latin1(digits ?? new Uint8Array())}`);
  const response = await fetch(`${api}/v1/lookups`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ identifiers }),
  });
  const { results } = (await response.json()) as { results: { state: string; entryId: string }[] };
  const answers = results.map(({ state, entryId }, place) => {
    if (slots.value[place]!.asks === 'nothing') return { status: 'nothing' } as const;
    if (state !== 'published') return { status: 'absent' } as const;
    const id = Uint8Array.fromBase64(entryId, { alphabet: 'base64url' });
    return { status: 'published', state: id } as const;
  });
  const body = encodeBulkAnswers(answers);
  return encodeBinaryResponse({ status: 200, fields: [], content: body }, 384);
}

async function sealAnswer(
  answer: Uint8Array,
  { enc, secret }: { enc: Uint8Array; secret: Uint8Array },
): Promise<Uint8Array<ArrayBuffer>> {
  const { subtle } = globalThis.crypto;
  const nonce = globalThis.crypto.getRandomValues(new Uint8Array(16));
  const salt = new Uint8Array(concatBytes(enc, nonce));
  const prk = await subtle.importKey('raw', new Uint8Array(secret), 'HKDF', false, ['deriveBits']);
  const expand = async (label: string, bits: number): Promise<ArrayBuffer> =>
    await subtle.deriveBits(
      { name: 'HKDF', hash: 'SHA-256', salt, info: new Uint8Array(utf8(label)) },
      prk,
      bits,
    );
  const sealer = await subtle.importKey('raw', await expand('key', 128), 'AES-GCM', false, [
    'encrypt',
  ]);
  const iv = await expand('nonce', 96);
  const sealed = await subtle.encrypt({ name: 'AES-GCM', iv }, sealer, new Uint8Array(answer));
  return new Uint8Array(concatBytes(nonce, new Uint8Array(sealed)));
}

function refusal(): Response {
  return Response.json(
    { type: 'https://iana.org/assignments/http-problem-types#ohttp-key' },
    { status: 400, headers: { 'content-type': 'application/problem+json' } },
  );
}

function latin1(octets: Uint8Array): string {
  return Array.from(octets, (octet) => String.fromCharCode(octet)).join('');
}
