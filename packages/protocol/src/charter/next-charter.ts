/**
 * The next charter as members draft it: statements, each a field and its new text, over the charter
 * before. The statements come out of a document that several members write, so nothing in them is
 * trusted: what does not make a charter that may follow is refused, with the field's name.
 *
 * | field | text |
 * |---|---|
 * | `member/<name>` | a member as canonical JSON, without `state` and `cutoff` |
 * | `state/<name>` | `active`, `readonly`, or `expelled <size> <root>` |
 * | `parameter/<name>` | an integer: `faults`, a hold, or `rulesetNumber`, `rulesetActivatesAtMs` |
 */
import { utf8 } from '../bytes.ts';
import type { Cryptography } from '../crypto/cryptography.ts';
import { draftFieldCharactersMax, draftTextBytesMax } from '../limits.ts';
import { emptyRoot } from '../merkle/tree-hash.ts';
import { accept, reject } from '../verdict.ts';
import type { Refusal, Verdict } from '../verdict.ts';
import { verifyProposal } from './adoption.ts';
import { encodeCanonicalJson, parseCanonicalJson } from './canonical-json.ts';
import { charterHash, parseCharter } from './charter.ts';
import type { Charter, CharterLog, CharterMember, LogState } from './charter.ts';
import { verifierKeyIn } from './charter-consistency.ts';

/** What was drafted: texts by field. */
export type DraftStatements = ReadonlyMap<string, string>;

/** What the next charter is made from. */
export interface NextCharterTerms {
  readonly statements: DraftStatements;
  /** The charter before, as a verified note. */
  readonly previousNote: string;
  /** Logs as they stand now; those not given stay as recorded. */
  readonly logs: readonly CharterLog[];
  readonly effectiveAtMs: number;
  readonly expiresAtMs: number;
}

const holdNames = [
  'recoveryMs',
  'emailMs',
  'possessionMs',
  'lockedMs',
  'releaseMs',
  'unlockMs',
  'emailChangeMs',
  'theftMs',
  'noticeMs',
] as const satisfies readonly (keyof Charter['holds'])[];

/** Names that `parameter/` may carry. */
export const draftParameters: readonly string[] = [
  'faults',
  ...holdNames,
  'rulesetNumber',
  'rulesetActivatesAtMs',
];

const fieldPattern = /^(?:member|state|parameter)\/[A-Za-z0-9-]+$/;

/** Tells whether a statement has the form of one; whether it makes a charter is said later. */
export function isDraftStatement(field: string, text: string): boolean {
  if (field.length > draftFieldCharactersMax || !fieldPattern.test(field)) return false;
  return text !== '' && text.isWellFormed() && utf8(text).length <= draftTextBytesMax;
}

/** Makes the text that members sign; refuses statements that lead to no charter after this one. */
export function nextCharterText(terms: NextCharterTerms, crypto: Cryptography): Verdict<string> {
  const previous = parseCharter(terms.previousNote);
  if (previous.verdict !== 'accept') return previous;
  const before = previous.value;
  const members = nextMembers(before, terms.statements);
  if (members.verdict !== 'accept') return members;
  const parameters = nextParameters(before, terms.statements);
  if (parameters.verdict !== 'accept') return parameters;
  const { effectiveAtMs, expiresAtMs } = terms;
  const next = {
    ...before,
    ...parameters.value,
    version: before.version + 1,
    previous: charterHash(terms.previousNote, crypto).toHex(),
    effectiveAtMs,
    expiresAtMs,
    members: members.value,
    logs: nextLogs(before, members.value, terms.logs),
  };
  const json = encodeCanonicalJson(next);
  if (json === undefined) return unfit('the charter', 'has no canonical form');
  const proposal = verifyProposal(`${json}\n`, terms.previousNote, crypto);
  return proposal.verdict === 'accept' ? accept(`${json}\n`) : proposal;
}

function nextMembers(before: Charter, statements: DraftStatements): Verdict<CharterMember[]> {
  const members = new Map(before.members.map((member) => [member.name, member]));
  for (const [field, text] of withPrefix(statements, 'member/')) {
    const json = parseCanonicalJson(text);
    if (json.verdict !== 'accept') return json;
    const described = json.value as Partial<CharterMember> | null;
    if (typeof described !== 'object' || described?.name !== field) {
      return unfit(`member/${field}`, 'describes another member');
    }
    if ('state' in described || 'cutoff' in described) {
      return unfit(`member/${field}`, 'has a state, which is a statement of its own');
    }
    const { state = 'active', cutoff } = members.get(field) ?? {};
    // Of the right shape or not: the whole charter is parsed once it is put together.
    const member = { ...described, state, ...(cutoff && { cutoff }) } as CharterMember;
    members.set(field, member);
  }
  for (const [name, text] of withPrefix(statements, 'state/')) {
    const member = members.get(name);
    const state = stateOf(text);
    if (member === undefined) return unfit(`state/${name}`, 'is of no member');
    if (state === undefined) return unfit(`state/${name}`, 'is not a state');
    const { cutoff: _cutoff, ...rest } = member;
    members.set(name, { ...rest, ...state });
  }
  return accept([...members.values()]);
}

function stateOf(text: string): Pick<CharterMember, 'state' | 'cutoff'> | undefined {
  if (text === 'active' || text === 'readonly') return { state: text };
  const [, size, root] = /^expelled (0|[1-9][0-9]{0,15}) ([A-Za-z0-9+/]{43}=)$/.exec(text) ?? [];
  if (size === undefined || root === undefined) return undefined;
  return { state: 'expelled', cutoff: { size: Number(size), root } };
}

/** Encodes the text of `state/<name>` for an expulsion. */
export function encodeExpulsion({ size, root }: LogState): string {
  return `expelled ${size} ${root}`;
}

function nextParameters(
  before: Charter,
  statements: DraftStatements,
): Verdict<Pick<Charter, 'faults' | 'holds' | 'ruleset'>> {
  let { faults, holds, ruleset } = before;
  for (const [name, text] of withPrefix(statements, 'parameter/')) {
    if (!/^(?:0|[1-9][0-9]{0,15})$/.test(text)) {
      return unfit(`parameter/${name}`, 'is not an integer');
    }
    const value = Number(text);
    if (name === 'faults') faults = value;
    else if (name === 'rulesetNumber') ruleset = { ...ruleset, number: value };
    else if (name === 'rulesetActivatesAtMs') ruleset = { ...ruleset, activatesAtMs: value };
    else if (holdNames.some((hold) => hold === name)) holds = { ...holds, [name]: value };
    else return unfit(`parameter/${name}`, 'is no parameter of a charter');
  }
  return accept({ faults, holds, ruleset });
}

/** Every log of a former member: where it is cut off, else the longer of recorded and seen. */
function nextLogs(
  { members: former, logs: recorded }: Charter,
  members: readonly CharterMember[],
  seen: readonly CharterLog[],
): CharterLog[] {
  const names = new Set(former.map(({ name }) => name));
  return members.flatMap(({ name, logKey, cutoff }) => {
    if (!names.has(name) || typeof logKey !== 'string') return [];
    const origin = originOf(former, name);
    if (cutoff !== undefined) return [{ origin, ...cutoff }];
    const [before, now] = [recorded, seen].map((logs) => logs.find((log) => log.origin === origin));
    const longer = (now?.size ?? -1) >= (before?.size ?? 0) ? now : before;
    const { size, root } = longer ?? { size: 0, root: emptyRoot().toBase64() };
    return [{ origin, size, root }];
  });
}

function originOf(former: readonly CharterMember[], name: string): string {
  return verifierKeyIn(former.find((member) => member.name === name)!.logKey).name;
}

function* withPrefix(statements: DraftStatements, prefix: string): Generator<[string, string]> {
  for (const field of [...statements.keys()].sort()) {
    if (field.startsWith(prefix)) yield [field.slice(prefix.length), statements.get(field)!];
  }
}

function unfit(field: string, found: string): Refusal {
  return reject('draft_unfit', `${field} ${found}`);
}
