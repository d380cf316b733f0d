/**
 * One member in memory: speaks the API honestly over a real log, and asks its peers directly to
 * witness. What a lying or broken member does is laid over it by `interfere` in a single test.
 */
import {
  encodeBase64Url,
  encodeReceiptJson,
  entryId,
  labelOf,
  parseBase64Url,
  parseEntry,
  parseIdentifier,
  parseLeaf,
  parsePayload,
  parseReceiptJson,
  utf8,
  concatBytes,
  verifyEntry,
  type Entry,
  type Identifier,
  type Payload,
  type Receipt,
  type VrfProver,
} from '@callbook/protocol';
import { nobleCryptography as crypto } from '@callbook/protocol/crypto/noble';
import { AEAD_AES_128_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_DHKEM_X25519_HKDF_SHA256 } from 'hpke';
import type { TestLog } from './test-log.ts';
import { pendingJson, publishedJson } from './test-lookup.ts';
import { proofOf, proofsOf } from './test-proof.ts';

const suite = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_128_GCM);

export interface TestAnswer {
  readonly status: number;
  readonly json: unknown;
}

export interface TestBinding {
  readonly payload: Payload;
  /** As encoded, and its opening. */
  readonly opened: { readonly payload: Uint8Array; readonly opening: Uint8Array };
  /** Ownership entry and, where it is another, the one that is served; as encoded. */
  readonly entries: readonly Uint8Array[];
  readonly entry: Entry;
  readonly ownershipId: Uint8Array;
  readonly entryId: Uint8Array;
}

export interface TestRequest {
  readonly entry: Entry;
  readonly entryId: Uint8Array;
  readonly timeMs: number;
  readonly commitFromMs: number;
  vetoed: boolean;
}

/** What all members of one test federation know; an honest member answers look-ups from it. */
export interface TestDirectory {
  readonly charterHash: Uint8Array;
  readonly charterNote: string;
  readonly quorum: number;
  readonly challengedMin: number;
  readonly prover: VrfProver;
  readonly bindings: Map<string, TestBinding>;
  readonly releases: Map<
    string,
    { epoch: number; id: Uint8Array; bytes: Uint8Array; binding: TestBinding }
  >;
  /** Requests to replace a holder, by the label in hexadecimal. */
  readonly requests: Map<string, TestRequest[]>;
  /** The hold of every request. */
  readonly holdMs: number;
  readonly members: TestMember[];
  send(to: Identifier, code: string, member: string): Promise<void>;
}

interface TestChallenge {
  readonly identifier: Identifier;
  readonly authority: string;
  readonly proof: string;
  passed: boolean;
}

export class TestMember {
  readonly name: string;
  readonly log: TestLog;
  /** Requests seen, as `METHOD /path`. */
  readonly requests: string[] = [];
  /** Whether it can ask its peers; a member that cannot returns its own receipt only. */
  isolated = false;
  readonly #directory: TestDirectory;
  readonly #challenges = new Map<string, TestChallenge>();

  constructor(name: string, log: TestLog, directory: TestDirectory) {
    this.name = name;
    this.log = log;
    this.#directory = directory;
    log.append({ v: 1, at: Date.now(), charter: directory.charterHash, role: 'charter' });
  }

  async answer(method: string, path: string, body: unknown): Promise<TestAnswer> {
    this.requests.push(`${method} ${path}`);
    const fields = body as Record<string, never>;
    if (path === '/v1/challenges') return this.#challenge(fields);
    if (path.endsWith('/answer')) return this.#answerChallenge(path.split('/')[3]!, fields);
    if (path === '/v1/entries') return this.#submit(fields);
    if (path.startsWith('/v1/entries/')) return this.#entryState(path.split('/')[3]!);
    if (path === '/v1/lookups') return this.#lookups(fields);
    if (path === '/v1/proof') {
      return { status: 200, json: proofOf(this.log, this.#directory, fields['identifier']!) };
    }
    if (path === '/v1/proofs') {
      const names = fields['identifiers'] as unknown as string[];
      return { status: 200, json: proofsOf(this.log, this.#directory, names) };
    }
    return problem(404, 'route_unknown');
  }

  forgetChallenges(): void {
    this.#challenges.clear();
  }

  /** As if the holder, or somebody else, had reached the members first. */
  vetoAll(): void {
    for (const request of [...this.#directory.requests.values()].flat()) request.vetoed = true;
  }

  async #challenge(body: Record<string, string>): Promise<TestAnswer> {
    const identifier = parseIdentifier(body['identifier']!);
    if (identifier.verdict !== 'accept') return problem(400, 'identifier_malformed');
    const session = await suite.DeserializePublicKey(parseBase64Url(body['session']!)!);
    const authority = parseBase64Url(body['authority']!)!;
    const info = concatBytes(utf8('callbook/1 challenge\n'), authority, utf8(identifier.value));
    const { encapsulatedSecret, ctx } = await suite.SetupSender(session, { info });
    const form = body['form'] === 'app' ? 'app' : 'digits';
    const random = globalThis.crypto.getRandomValues(new Uint8Array(16));
    const digits = String(10_000_000 + (random[0]! << 16) + (random[1]! << 8) + random[2]!);
    const secret = form === 'app' ? random : utf8(digits);
    const code = form === 'app' ? encodeBase64Url(await ctx.Seal(random)) : digits;
    const proof = crypto.hmacSha256(await ctx.Export(utf8('callbook/1 answer'), 32), secret);
    const id = encodeBase64Url(globalThis.crypto.getRandomValues(new Uint8Array(16)));
    this.#challenges.set(id, {
      identifier: identifier.value,
      authority: body['authority']!,
      proof: encodeBase64Url(proof),
      passed: false,
    });
    await this.#directory.send(identifier.value, code, this.name);
    const enc = encodeBase64Url(encapsulatedSecret);
    const expiresAtMs = Date.now() + 600_000;
    return { status: 201, json: { id, expiresAtMs, enc, channel: 'sms', form } };
  }

  #answerChallenge(id: string, body: Record<string, string>): TestAnswer {
    const challenge = this.#challenges.get(id);
    if (challenge === undefined) return problem(404, 'challenge_unknown');
    if (challenge.proof !== body['proof']) return problem(403, 'challenge_answer_wrong');
    challenge.passed = true;
    const { prover } = this.#directory;
    const name = utf8(challenge.identifier);
    return {
      status: 200,
      json: {
        labelEpoch: 0,
        label: encodeBase64Url(labelOf(challenge.identifier, prover)),
        vrfProof: encodeBase64Url(prover.prove(name)),
        usableUntilMs: Date.now() + 600_000,
        next: this.#nextClaim(challenge.identifier, challenge.authority),
      },
    };
  }

  #nextClaim(identifier: Identifier, authority: string): unknown {
    const held = this.#directory.bindings.get(identifier);
    if (held !== undefined) {
      const own = this.#openRequests(held.entry).find(
        ({ entry }) => encodeBase64Url(entry.authority) === authority,
      );
      const { epoch } = held.entry;
      if (own === undefined) return { kind: 'request', epoch, prev: null };
      const request = encodeBase64Url(own.entryId);
      return { kind: 'commit', epoch: epoch + 1, prev: null, request, fromMs: own.commitFromMs };
    }
    const released = this.#directory.releases.get(identifier);
    if (released === undefined) return { kind: 'register', epoch: 0, prev: null };
    return { kind: 'register', epoch: released.epoch + 1, prev: encodeBase64Url(released.id) };
  }

  #openRequests({ label, epoch }: Entry): TestRequest[] {
    const requests = this.#directory.requests.get(label.toHex()) ?? [];
    return requests.filter(({ entry, vetoed }) => entry.epoch === epoch && !vetoed);
  }

  /** The code by which an honest member refuses what only a replacement has. */
  #refusal(entry: Entry): string | undefined {
    const requests = this.#directory.requests.get(entry.label.toHex()) ?? [];
    const held = [...this.#directory.bindings.values()].find(
      (binding) => binding.entry.label.toHex() === entry.label.toHex(),
    );
    if (entry.kind === 'request') {
      if (held === undefined) return 'ownership_unknown';
      return entry.class === 'email' ? 'request_not_allowed' : undefined;
    }
    if (entry.kind !== 'commit' && entry.kind !== 'veto') return undefined;
    const request = requests.find(({ entryId: id }) => id.toHex() === entry.request!.toHex());
    if (request === undefined) return 'request_unknown';
    if (entry.kind === 'veto') return undefined;
    if (request.vetoed) return 'request_vetoed';
    return Date.now() < request.commitFromMs ? 'hold_pending' : undefined;
  }

  #submit(body: Record<string, never>): TestAnswer {
    const bytes = parseBase64Url(body['entry']!)!;
    const verified = verifyEntry(bytes, crypto);
    if (verified.verdict !== 'accept') return problem(422, verified.code);
    const entry = verified.value;
    const given = ((body['receipts'] ?? []) as unknown[]).map((json) => {
      const receipt = parseReceiptJson(json);
      if (receipt.verdict !== 'accept') throw new Error(receipt.message);
      return receipt.value;
    });
    const refusal = this.log.indexOf(bytes) === undefined ? this.#refusal(entry) : undefined;
    if (refusal !== undefined) return problem(409, refusal);
    const role = this.#roleOf(entry, body['challenge'], given);
    if (role === undefined) return problem(404, 'challenge_unknown');
    const receipts = [this.logEntry(bytes, role), ...given];
    if (!this.isolated) receipts.push(...this.#askPeers(bytes, entry, receipts));
    const unique = [...new Map(receipts.map((receipt) => [receipt.origin, receipt])).values()];
    const needed = entry.kind === 'update' ? 1 : this.#directory.quorum;
    const complete = unique.length >= needed;
    if (complete) this.#apply(bytes, entry, body);
    return {
      status: 200,
      json: {
        entryId: encodeBase64Url(entryId(bytes, crypto)),
        state: complete ? 'complete' : 'incomplete',
        quorum: this.#directory.quorum,
        receipts: unique.map(encodeReceiptJson),
        timeMs: null,
      },
    };
  }

  #roleOf(
    entry: Entry,
    challengeId: unknown,
    given: Receipt[],
  ): 'received' | 'challenged' | 'witnessed' | undefined {
    if (!isClaim(entry)) return 'received';
    const challenge = this.#challenges.get(String(challengeId));
    if (challenge?.passed === true && challenge.authority === encodeBase64Url(entry.authority)) {
      return 'challenged';
    }
    return challengedOf(given) >= this.#challengedMin(entry) ? 'witnessed' : undefined;
  }

  #askPeers(bytes: Uint8Array, entry: Entry, receipts: Receipt[]): Receipt[] {
    if (entry.kind === 'update') return [];
    if (isClaim(entry) && challengedOf(receipts) < this.#challengedMin(entry)) {
      return [];
    }
    return this.#directory.members
      .filter((peer) => peer !== this && !peer.isolated)
      .map((peer) => peer.logEntry(bytes, isClaim(entry) ? 'witnessed' : 'received'));
  }

  #challengedMin({ kind }: Entry): number {
    const { challengedMin } = this.#directory;
    return kind === 'request' ? Math.max(2, challengedMin) : challengedMin;
  }

  logEntry(bytes: Uint8Array, role: 'received' | 'challenged' | 'witnessed'): Receipt {
    const known = this.log.indexOf(bytes);
    if (known !== undefined) return this.log.receipt(known);
    const charter = this.#directory.charterHash;
    return this.log.append({ v: 1, at: Date.now(), charter, role, entry: bytes });
  }

  #apply(bytes: Uint8Array, entry: Entry, body: Record<string, string>): void {
    const { bindings, releases, requests } = this.#directory;
    const id = entryId(bytes, crypto);
    if (entry.kind === 'release') {
      const held = [...bindings].find(
        ([, binding]) => binding.entry.label.toHex() === entry.label.toHex(),
      );
      if (held !== undefined) {
        bindings.delete(held[0]);
        releases.set(held[0], { epoch: entry.epoch, id, bytes, binding: held[1] });
      }
      return;
    }
    if (entry.kind === 'request') {
      const known = requests.get(entry.label.toHex()) ?? [];
      if (known.some((other) => other.entryId.toHex() === id.toHex())) return;
      const timeMs = Date.now();
      const commitFromMs = timeMs + this.#directory.holdMs;
      const request = { entry, entryId: id, timeMs, commitFromMs, vetoed: false };
      requests.set(entry.label.toHex(), [...known, request]);
      return;
    }
    if (entry.kind === 'veto') {
      const vetoed = this.#openRequests(entry).find(
        (request) => request.entryId.toHex() === entry.request!.toHex(),
      );
      if (vetoed !== undefined) vetoed.vetoed = true;
      return;
    }
    const opened = {
      payload: parseBase64Url(body['payload']!)!,
      opening: parseBase64Url(body['opening']!)!,
    };
    const payload = parsePayload(opened.payload);
    if (payload.verdict !== 'accept') throw new Error(payload.message);
    const { identifier } = payload.value;
    const before = bindings.get(identifier)?.entries.slice(0, 1) ?? [];
    const entries = entry.kind === 'update' ? [...before, bytes] : [bytes];
    const ownershipId = entry.kind === 'update' ? entry.prev! : id;
    bindings.set(identifier, {
      payload: payload.value,
      opened,
      entries,
      entry,
      ownershipId,
      entryId: id,
    });
  }

  #entryState(hex: string): TestAnswer {
    const leaves = this.#directory.members.flatMap(({ log }) =>
      log.leaves.flatMap(({ entry, at, role }, index) =>
        entry !== undefined && entryId(entry, crypto).toHex() === hex
          ? [{ origin: log.origin, index, at, role }]
          : [],
      ),
    );
    if (leaves.length === 0) return problem(404, 'entry_unknown');
    const inForce = [...this.#directory.bindings.values()].some(
      (binding) => binding.entryId.toHex() === hex,
    );
    const state = leaves.length >= this.#directory.quorum ? 'complete' : 'incomplete';
    const id = encodeBase64Url(Uint8Array.fromHex(hex));
    return {
      status: 200,
      json: {
        entryId: id,
        state,
        inForce,
        timeMs: null,
        erasedAtMs: null,
        ...this.#standing(hex),
        leaves,
      },
    };
  }

  /** Who holds what the entry is of, and who wants to. */
  #standing(hex: string): object {
    const logged = this.#directory.members
      .flatMap(({ log }) => log.leaves)
      .find(({ entry }) => entry !== undefined && entryId(entry, crypto).toHex() === hex);
    const parsed = parseEntry(logged!.entry!);
    if (parsed.verdict !== 'accept') throw new Error(parsed.message);
    const held = [...this.#directory.bindings.values()].find(
      ({ entry }) => entry.label.toHex() === parsed.value.label.toHex(),
    );
    if (held === undefined) return { epoch: null, pending: [] };
    return { epoch: held.entry.epoch, pending: this.#pending(held.entry) };
  }

  #pending(entry: Entry): object[] {
    return this.#openRequests(entry).map(pendingJson);
  }

  #lookups(body: Record<string, unknown>): TestAnswer {
    const identifiers = body['identifiers'] as string[];
    return { status: 200, json: { results: identifiers.map((name) => this.#lookup(name)) } };
  }

  #lookup(identifier: string): unknown {
    const binding = this.#directory.bindings.get(identifier);
    if (binding === undefined) return { state: 'absent' };
    const { origin } = this.log;
    return { ...publishedJson(binding), origin, pending: this.#pending(binding.entry) };
  }
}

function isClaim({ kind }: Entry): boolean {
  return kind === 'register' || kind === 'request' || kind === 'commit';
}

function challengedOf(receipts: readonly Receipt[]): number {
  return receipts.filter((receipt) => {
    const leaf = parseLeaf(receipt.leaf);
    return leaf.verdict === 'accept' && leaf.value.role === 'challenged';
  }).length;
}

function problem(status: number, code: string): TestAnswer {
  return { status, json: { type: 'about:blank', title: 'problem', status, code, detail: code } };
}
