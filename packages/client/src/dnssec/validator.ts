/**
 * Validates DNS answers from a trust anchor down (RFC 4033 to 4035, 5155, 6840, 9824), whoever brought
 * them. Runs where fetch does: no socket, no clock of its own. It follows aliases, judges each part,
 * and the answer is as good as the worst of them. It does not resolve: the transport leads to a
 * resolver, or to a server that has the zone.
 */
import { parseName, recordTypes, rootName, sameName, type DomainName } from '@callbook/dns/wire';
import type { Clock, Cryptography } from '@callbook/protocol';
import { aliasesMax, clockSkewSecondsMax } from '../limits.ts';
import { aliasTargetOf, findAlias } from './aliases.ts';
import { judgeDenial, judgeRrset, type Judged } from './answer-judgement.ts';
import type { DnsTransport } from './dns-transport.ts';
import { Inquiry, type DnsAnswer, type QuestionsUnderWay } from './inquiry.ts';
import { rootTrustAnchor, type TrustAnchor } from './trust-anchor.ts';
import { TrustWalk, type Run } from './trust-walk.ts';
import {
  bogus,
  indeterminate,
  secure,
  worse,
  type ChainLink,
  type Judgement,
  type Validation,
} from './validation.ts';
import { WorkBudget } from './work-budget.ts';
import { signatureVerifier } from './zone-signature.ts';

/** How questions are asked, what time it is, and where trust begins. */
export interface ValidatorOptions {
  readonly transport: DnsTransport;
  readonly clock: Clock;
  /** The root's unless given; the closest above a name is the one that counts. */
  readonly anchor?: TrustAnchor | readonly TrustAnchor[];
  /** For algorithms 13 and 15; WebCrypto unless given. */
  readonly crypto?: Cryptography | undefined;
  /** How far this machine's clock may be off; an hour unless given. */
  readonly clockSkewSeconds?: number;
}

/** Judges answers of DNS, and remembers the keys of zones for as long as they live. */
export interface Validator {
  /**
   * Asks for the records of `type` at `name` (text, or a name) and judges the answer. Never rejects:
   * whatever happens is a verdict.
   */
  validate(name: DomainName | string, type: number): Promise<Validation>;
}

/** Opens a validator, which remembers the keys of zones between validations. No I/O. */
export function createValidator(options: ValidatorOptions): Validator {
  const { anchor = rootTrustAnchor } = options;
  const walk = new TrustWalk('zone' in anchor ? [anchor] : anchor);
  const verify = signatureVerifier(options.crypto);
  const underWay: QuestionsUnderWay = new Map();
  const clockSkewSeconds = options.clockSkewSeconds ?? clockSkewSecondsMax;
  return {
    validate: async (name, type) => {
      const parsed = typeof name === 'string' ? parseName(name) : undefined;
      const owner = parsed === undefined ? name : parsed.verdict === 'accept' && parsed.value;
      const nowSeconds = Math.floor(options.clock.nowMs() / 1000);
      const budget = new WorkBudget();
      const means = { budget, verify, nowSeconds, clockSkewSeconds };
      const run = { inquiry: new Inquiry(options.transport, budget, underWay), means };
      if (typeof owner !== 'object') return refused(rootName, 'name_malformed');
      if (!isRecordType(type)) return refused(owner, 'type_unsupported');
      return await validateQuestion({ owner, type }, walk, run);
    },
  };
}

/** Validates one question with a validator of its own; see `createValidator` for many. */
export async function validate(
  name: DomainName | string,
  type: number,
  options: ValidatorOptions,
): Promise<Validation> {
  return await createValidator(options).validate(name, type);
}

/** RFC 6895 §3.1: 128 to 255 are questions and meta-types; OPT and RRSIG are no RRsets either. */
function isRecordType(type: number): boolean {
  const isMeta = type >= 128 && type <= 255;
  const noRrset: readonly number[] = [0, recordTypes.OPT, recordTypes.RRSIG];
  return Number.isInteger(type) && type <= 0xffff && !isMeta && !noRrset.includes(type);
}

function refused(name: DomainName, code: 'name_malformed' | 'type_unsupported'): Validation {
  return conclude(name, { judgement: indeterminate(code), links: [], queryCount: 0 });
}

interface Progress {
  judgement: Judgement;
  readonly links: ChainLink[];
  ttlSeconds: number;
}

async function validateQuestion(
  question: { readonly owner: DomainName; readonly type: number },
  walk: TrustWalk,
  run: Run,
): Promise<Validation> {
  const { type } = question;
  const progress: Progress = { judgement: secure, links: [], ttlSeconds: Number.MAX_SAFE_INTEGER };
  const visited: DomainName[] = [];
  let owner = question.owner;
  let answer: DnsAnswer | undefined;
  const finish = (judged: Judged, found: Partial<Validation> = {}): Validation => {
    add(progress, judged);
    const { budget } = run.means;
    return conclude(owner, { ...progress, ...found, queryCount: budget.queryCount });
  };
  for (;;) {
    if (visited.length > aliasesMax || visited.some((name) => sameName(name, owner)))
      return finish(broken(bogus('alias_loop')));
    visited.push(owner);
    if (answer === undefined || !speaksOf(answer, owner, type)) {
      const asked = await run.inquiry.ask(owner, type);
      if ('verdict' in asked) return finish(broken(asked));
      answer = asked;
    }
    const rrset = answer.answers.find(
      (found) => found.type === type && sameName(found.owner, owner),
    );
    if (rrset !== undefined) {
      const judged = await judgeRrset({ kind: 'records', rrset, answer }, walk, run);
      return finish(judged, { state: 'records', rdatas: rrset.rdatas });
    }
    const alias = findAlias(answer, owner);
    if (alias === undefined) {
      const judged = await judgeDenial({ owner, type, answer }, walk, run);
      return finish(judged, { state: judged.state });
    }
    add(progress, await judgeRrset({ kind: 'alias', rrset: alias, answer }, walk, run));
    const target = aliasTargetOf(alias, owner);
    if (progress.judgement.verdict === 'bogus' || target === undefined)
      return finish(broken(target ? progress.judgement : bogus('alias_malformed')));
    owner = target;
  }
}

/** Whether an answer that came for an alias has what is to be said of its target, too. */
function speaksOf(answer: DnsAnswer, owner: DomainName, type: number): boolean {
  return (
    findAlias(answer, owner) !== undefined ||
    answer.answers.some((rrset) => rrset.type === type && sameName(rrset.owner, owner))
  );
}

function broken(judgement: Judgement): Judged {
  return { judgement, links: [], ttlSeconds: 0 };
}

function add(progress: Progress, judged: Judged): void {
  progress.judgement = worse(progress.judgement, judged.judgement);
  // Aliases in one zone share the way down to it.
  const isNew = (link: ChainLink): boolean =>
    !progress.links.some(({ kind, name }) => kind === link.kind && name === link.name);
  progress.links.push(...judged.links.filter(isNew));
  progress.ttlSeconds = Math.min(progress.ttlSeconds, judged.ttlSeconds);
}

interface Conclusion extends Partial<Pick<Validation, 'state' | 'rdatas' | 'ttlSeconds'>> {
  readonly judgement: Judgement;
  readonly links: readonly ChainLink[];
  readonly queryCount: number;
}

function conclude(name: DomainName, end: Conclusion): Validation {
  const { verdict, code } = end.judgement;
  const usable = verdict === 'secure' || verdict === 'insecure';
  const { state = 'unanswered', rdatas = [], ttlSeconds = 0, links, queryCount } = end;
  return {
    verdict,
    code,
    state: usable ? state : 'unanswered',
    name,
    rdatas: usable ? rdatas : [],
    ttlSeconds: usable ? ttlSeconds : 0,
    chain: links,
    queryCount,
  };
}
