/**
 * The bridge's questions, each from what was presented to a verdict. Order matters: what costs nothing is
 * checked first, the directory is asked next, signatures are verified after that, and only what is good in every
 * other way is spent. Every way in which the directory can fail is `unavailable` and never a yes or a no.
 */
import { isSignedByOneOf, parseIdentityHeader } from '@callbook/client';
import type { Clock, Cryptography, PublishedKey } from '@callbook/protocol';
import type { AccountGate } from './accounts/account-desk.ts';
import { isTokenSignedBy, judgeClaims, parseBearerToken } from './checks/bearer-token.ts';
import { CertificateReader } from './checks/certificate.ts';
import { judgeKey } from './checks/key-check.ts';
import {
  encodeIdentity,
  judgePassport,
  parseMedia,
  type PassportSigner,
} from './checks/passport.ts';
import { isRoutableSipUri } from './checks/sip-uri.ts';
import type { SpentLedger } from './checks/spent-ledger.ts';
import type { BridgeDirectory, Found } from './directory/bridge-directory.ts';
import type { DirectoryKey } from './directory/record-kinds.ts';
import type { E164 } from './number.ts';
import { acceptUntil, refuse, type CheckVerdict } from './verdict.ts';

export interface BridgeParts {
  /** `aud` of tokens, and the domain of accounts. */
  readonly provider: string;
  readonly directory: BridgeDirectory;
  readonly accounts: AccountGate;
  readonly ledger: SpentLedger;
  readonly clock: Clock;
  readonly crypto: Cryptography;
  /** Undefined where calls out are not signed. */
  readonly signer: PassportSigner | undefined;
}

/** Who calls whom; `fingerprint` as SDP has it, several separated by commas, or empty. */
export interface CallQuestion {
  readonly orig: E164;
  readonly dest: E164;
  readonly fingerprint: string;
}

export class Bridge {
  readonly #parts: BridgeParts;
  readonly #certificates = new CertificateReader();

  constructor(parts: BridgeParts) {
    this.#parts = parts;
  }

  /** Whether a number is served here and publishes the key of a certificate (PEM). */
  async checkCertificate(number: E164, pem: string): Promise<CheckVerdict> {
    const { accounts, directory, clock } = this.#parts;
    const code = accounts.refusalOf(number);
    if (code !== undefined) return refuse(code);
    const read = this.#certificates.read(pem);
    if ('code' in read) return refuse(read.code);
    return judgeKey(await directory.sipKeys(number), read.spkiDigest, clock.nowMs());
  }

  /** Whether a token is good for a number here; it is spent then. */
  async checkBearer(number: E164, text: string): Promise<CheckVerdict> {
    const { accounts, clock, crypto, ledger, provider } = this.#parts;
    const nowMs = clock.nowMs();
    const parsed = parseBearerToken(text);
    if ('code' in parsed) return refuse(parsed.code);
    const { token } = parsed;
    const code = accounts.refusalOf(number) ?? judgeClaims(token, { number, provider, nowMs });
    if (code !== undefined) return refuse(code);
    if (ledger.isBeforeStart(token.issuedAtSeconds * 1000)) return refuse('token_before_start');
    const found = await this.keysOf(number, token.algorithm === 'EdDSA' ? 'ed25519' : 'p256');
    if (found.state === 'unavailable') return found;
    if (!isTokenSignedBy(token, found.keys, crypto)) {
      if (found.isDisputed) return { state: 'unavailable', code: 'directory_disagrees' };
      return refuse(found.keys.length === 0 ? 'keys_absent' : 'signature_wrong');
    }
    const expiresAtMs = token.expiresAtSeconds * 1000;
    const spending = ledger.spend(number, token.name, expiresAtMs);
    if (spending === 'replayed') return refuse('token_replayed');
    if (spending === 'too_many') return refuse('too_many_tokens');
    if (spending === 'full') return { state: 'unavailable', code: 'busy' };
    return acceptUntil(Math.min(expiresAtMs, found.expiresAtMs), clock.nowMs());
  }

  /** Whether a digest credential was given out to a number, and its key is still published. */
  async checkDigest(number: E164, username: string): Promise<CheckVerdict> {
    const { accounts, clock } = this.#parts;
    const code = accounts.refusalOf(number);
    if (code !== undefined) return refuse(code);
    const issued = accounts.credentialOf(number, username);
    if (issued === undefined) return refuse('credential_unknown');
    const [sip, identity] = await this.#allKeys(number);
    const verdicts = [sip, identity].map((found) =>
      judgeKey(found, issued.spkiDigest, clock.nowMs()),
    );
    const good = verdicts.find((verdict) => verdict.state === 'accept');
    if (good?.state === 'accept') {
      const expiresAtMs = issued.expiresAtSeconds * 1000;
      return acceptUntil(Math.min(expiresAtMs, clock.nowMs() + good.seconds * 1000), clock.nowMs());
    }
    return (
      verdicts.find((verdict) => verdict.state === 'unavailable') ?? refuse('credential_unknown')
    );
  }

  /** Whether a caller's published key has signed for a call now. */
  async checkPassport(identity: string, call: CallQuestion): Promise<CheckVerdict> {
    const { clock, crypto } = this.#parts;
    const { orig, dest } = call;
    const media = parseMedia(call.fingerprint);
    if (media === undefined) return refuse('fingerprint_malformed');
    const passport = parseIdentityHeader(identity);
    if (passport === undefined) return refuse('passport_malformed');
    const code = judgePassport(passport, { orig, dest, ...media }, clock.nowMs());
    if (code !== undefined) return refuse(code);
    const found = await this.keysOf(orig, 'p256');
    if (found.state === 'unavailable') return found;
    const keys = found.keys.map(({ key }) => key);
    if (isSignedByOneOf(passport, keys, crypto)) {
      return acceptUntil(found.expiresAtMs, clock.nowMs());
    }
    if (found.isDisputed) return { state: 'unavailable', code: 'directory_disagrees' };
    return refuse(keys.length === 0 ? 'keys_absent' : 'signature_wrong');
  }

  /** Returns an Identity header for a call out: only for a number that publishes the key of this bridge. */
  async signPassport({ orig, dest, fingerprint }: CallQuestion): Promise<CheckVerdict> {
    const { accounts, clock, directory, signer } = this.#parts;
    if (signer === undefined) return refuse('signing_off');
    const media = parseMedia(fingerprint);
    if (media === undefined) return refuse('fingerprint_malformed');
    const code = accounts.refusalOf(orig);
    if (code !== undefined) return refuse(code);
    const verdict = judgeKey(await directory.sipKeys(orig), signer.spkiDigest, clock.nowMs());
    if (verdict.state !== 'accept') return verdict;
    const value = encodeIdentity(signer, { orig, dest, ...media }, clock.nowMs());
    return { state: 'value', value };
  }

  /** Returns where a number is to be called. */
  async route(number: E164): Promise<CheckVerdict> {
    const found = await this.#parts.directory.sipRoutes(number);
    if (found.state === 'unavailable') return found;
    // RFC 3403 §4.1: order first, then preference.
    const routes = Array.from(found.items.values()).sort(
      (a, b) => a.order - b.order || a.preference - b.preference,
    );
    const usable = routes.find(({ uri }) => isRoutableSipUri(uri));
    if (usable !== undefined) return { state: 'value', value: usable.uri };
    if (found.disputed.size > 0) return { state: 'unavailable', code: 'directory_disagrees' };
    return routes.length === 0 ? { state: 'none' } : refuse('route_unusable');
  }

  /** The published keys of an algorithm, or of both. */
  async keysOf(
    number: E164,
    algorithm?: 'ed25519' | 'p256',
  ): Promise<KnownKeys | Extract<CheckVerdict, { state: 'unavailable' }>> {
    // Identity keys that DNS has are Ed25519: the others cost no question about them.
    const found =
      algorithm === 'p256'
        ? [await this.#parts.directory.sipKeys(number)]
        : await this.#allKeys(number);
    const keys: PublishedKey[] = [];
    let expiresAtMs = Number.MAX_SAFE_INTEGER;
    let isDisputed = false;
    for (const each of found) {
      if (each.state === 'unavailable') return each;
      expiresAtMs = Math.min(expiresAtMs, each.expiresAtMs);
      isDisputed ||= each.disputed.size > 0;
      for (const { publishedKey } of each.items.values()) {
        const fits = algorithm === undefined || publishedKey?.algorithm === algorithm;
        if (publishedKey !== undefined && fits) keys.push(publishedKey);
      }
    }
    return { state: 'known', keys, isDisputed, expiresAtMs };
  }

  async #allKeys(number: E164): Promise<readonly [Found<DirectoryKey>, Found<DirectoryKey>]> {
    const { directory } = this.#parts;
    return await Promise.all([directory.sipKeys(number), directory.identityKeys(number)]);
  }
}

export interface KnownKeys {
  readonly state: 'known';
  readonly keys: readonly PublishedKey[];
  /** Whether there is a key of which nothing can be said. */
  readonly isDisputed: boolean;
  readonly expiresAtMs: number;
}
