/**
 * What a zone publishes of an identifier, validated here: from the DS that the charter has of a member's
 * zone, or from the root for another ENUM provider's. The chain that was followed is part of the answer.
 */
import type { Cryptography, Identifier } from '@callbook/protocol';
import type { DnsTransport } from './dnssec/dns-transport.ts';
import { dohTransport } from './dnssec/doh-transport.ts';
import { parseTrustAnchor, rootTrustAnchor, type TrustAnchor } from './dnssec/trust-anchor.ts';
import type { ValidationCode } from './dnssec/validation-codes.ts';
import {
  secure,
  worse,
  type ChainLink,
  type Judgement,
  type ValidationVerdict,
} from './dnssec/validation.ts';
import { createValidator, type Validator } from './dnssec/validator.ts';
import type { DirectoryContext } from './directory-context.ts';
import { enumQuestions, readEnumBinding, type EnumBinding } from './enum-answer.ts';
import type { Member } from './member.ts';

/** What a zone says of an identifier, and whether DNSSEC bears it out. */
export interface ZoneAnswer {
  /** Apex that was asked below. */
  readonly zone: string;
  /** The worst of the verdicts on the answers, and why. */
  readonly verdict: ValidationVerdict;
  readonly code: ValidationCode;
  /** `unanswered` under `bogus` and `indeterminate`: such answers are never read. */
  readonly state: 'published' | 'absent' | 'unanswered';
  /** No keys unless the verdict is `secure`. */
  readonly binding: EnumBinding;
  /** From the anchor down, each link once. */
  readonly chain: readonly ChainLink[];
  readonly queryCount: number;
}

export interface ZonesOptions {
  /** A resolver, for zones that are no member's; each member is asked about its own over HTTPS. */
  readonly dns: DnsTransport | undefined;
  /** For zones that are no member's; the root's unless given. */
  readonly anchor: TrustAnchor | undefined;
  /** Checks signatures; WebCrypto unless given. */
  readonly crypto: Cryptography | undefined;
}

/** Validators for the zones of members and of others; they remember the keys of zones. */
export class Zones {
  readonly options: ZonesOptions;
  readonly #ofMembers = new Map<string, Validator>();
  /** By the charter of that version. */
  #ofOthers: { readonly version: number; readonly validator: Validator } | undefined;

  constructor(options: ZonesOptions) {
    this.options = options;
  }

  /**
   * Asks a member about its own zone: a resolver's answer may be as old as its records live, and would
   * contradict the members after each change. What cannot be asked is `indeterminate`.
   */
  async askMember(
    context: DirectoryContext,
    member: Member,
    identifier: Identifier,
  ): Promise<ZoneAnswer> {
    const validator = this.validatorOf(context, member);
    if (validator === undefined) return unasked(member.zone, 'anchor_missing');
    return await askZone(validator, identifier, member.zone);
  }

  /** Validates what a member says of its own zone; undefined where the charter has no DS for it. */
  validatorOf(context: DirectoryContext, member: Member): Validator | undefined {
    // The DS are part of it: a later charter may have others.
    const rowKey = JSON.stringify([member.api, member.zone, member.zoneDs]);
    const validator = this.#ofMembers.get(rowKey) ?? openFor(context, member, this.options);
    if (validator !== undefined) this.#ofMembers.set(rowKey, validator);
    return validator;
  }

  /** Asks the resolver about a zone: a member's from the charter, another from the root down. */
  async askResolver(
    context: DirectoryContext,
    zone: string,
    identifier: Identifier,
  ): Promise<ZoneAnswer> {
    const { dns, anchor, crypto } = this.options;
    if (dns === undefined) return unasked(zone, 'transport_failed');
    const { clock, members } = context;
    const ofMembers = members.flatMap(
      (member) => parseTrustAnchor(member.zone, member.zoneDs) ?? [],
    );
    const { version } = context.charter;
    if (this.#ofOthers?.version !== version) {
      const anchors = [...ofMembers, anchor ?? rootTrustAnchor];
      const validator = createValidator({ transport: dns, clock, crypto, anchor: anchors });
      this.#ofOthers = { version, validator };
    }
    return await askZone(this.#ofOthers.validator, identifier, zone);
  }
}

function openFor(
  { clock, fetch }: DirectoryContext,
  { api, zone, zoneDs }: Member,
  { crypto }: ZonesOptions,
): Validator | undefined {
  const anchor = parseTrustAnchor(zone, zoneDs);
  if (anchor === undefined) return undefined;
  const transport = dohTransport({ url: `${api}/dns-query`, fetch });
  return createValidator({ transport, clock, crypto, anchor });
}

function unasked(zone: string, code: ValidationCode): ZoneAnswer {
  const verdict = 'indeterminate';
  const binding = { routes: [], keys: [], logged: null };
  return { zone, verdict, code, state: 'unanswered', binding, chain: [], queryCount: 0 };
}

async function askZone(
  validator: Validator,
  identifier: Identifier,
  zone: string,
): Promise<ZoneAnswer> {
  const questions = enumQuestions(identifier, zone);
  const validations = await Promise.all(
    questions.map(async ({ name, type }) => ({
      type,
      ...(await validator.validate(name, type)),
    })),
  );
  const { verdict, code } = validations.reduce<Judgement>(worse, secure);
  const chain = validations
    .flatMap((validation) => validation.chain)
    .filter((link, place, all) => all.findIndex((other) => isSame(other, link)) === place);
  const queryCount = validations.reduce((count, validation) => count + validation.queryCount, 0);
  const shared = { zone, verdict, code, chain, queryCount };
  // One part that is broken could hide a key, or a route to somebody else: then none is read.
  if (verdict === 'bogus' || verdict === 'indeterminate') {
    return { ...unasked(zone, code), ...shared, state: 'unanswered' };
  }
  const binding = readEnumBinding(validations);
  const state = validations.some((one) => one.state === 'records') ? 'published' : 'absent';
  return {
    ...shared,
    state,
    binding: verdict === 'secure' ? binding : { ...binding, keys: [], logged: null },
  };
}

function isSame(a: ChainLink, b: ChainLink): boolean {
  return a.kind === b.kind && a.name === b.name && a.keyTag === b.keyTag && a.code === b.code;
}
