/**
 * `callbook lookup --resolver`: what DNS alone says, through any resolver. The answers are validated
 * here, from the keys that the charter has of the zone; the resolver is believed in nothing.
 */
import type { ZoneAnswer } from '@callbook/client';
import { encodeBase64Url, type Identifier } from '@callbook/protocol';
import { cliError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { writeIdentifier } from '../number.ts';
import { writeRoute } from '../route-text.ts';
import type { Session } from '../session.ts';

export interface ZoneLookupOptions {
  /** Apex to ask below; the zone of the first member when left out. */
  readonly zone?: string;
  /** Name of the member whose zone it is. */
  readonly member?: string;
}

export async function lookupZone(
  session: Session,
  number: string,
  options: ZoneLookupOptions,
): Promise<ExitCode> {
  const identifier = await session.readIdentifier(number);
  const zone = options.zone ?? (await zoneOf(session, options.member));
  const answer = await session.directory.lookupZone(identifier, zone);
  assertAnswered(answer);
  const { verdict, code, state, binding, chain } = answer;
  const logged = binding.logged && {
    origin: binding.logged.origin,
    entryId: binding.logged.entryId.toHex(),
  };
  session.report.result(
    { identifier, state, zone, verdict, code, ...binding, logged, chain },
    describeZone(identifier, answer),
  );
  if (verdict !== 'secure') {
    throw cliError('answer_unvalidated', `nothing proves the answer: ${code}`);
  }
  return state === 'published' ? exitCodes.ok : exitCodes.absent;
}

/** Members are asked only for one that the pinned charter does not name: DNS needs none of them. */
async function zoneOf({ directory }: Session, memberName: string | undefined): Promise<string> {
  const isThere = directory.members.some(({ name }) => name === memberName);
  if (memberName !== undefined && !isThere) await directory.walk();
  const zone = directory.members[0]?.zone;
  if (zone === undefined) throw cliError('usage', 'no member has a zone; name one with --zone');
  return zone;
}

function assertAnswered({ verdict, code }: ZoneAnswer): void {
  const details = { validationCode: code };
  if (verdict === 'bogus') {
    throw cliError('answer_bogus', `the answer fails DNSSEC validation: ${code}`, { details });
  }
  if (verdict === 'indeterminate') {
    throw cliError('resolver_unavailable', `no answer that can be judged: ${code}`, { details });
  }
}

/** What a zone publishes, and how it is believed, for people. */
export function describeZone(identifier: Identifier, answer: ZoneAnswer): string[] {
  const { zone, state, verdict, code, binding, chain } = answer;
  const believed = verdict === 'secure' ? 'validated' : `NOT validated (${code})`;
  const number = writeIdentifier(identifier);
  const what = state === 'published' ? 'is published in' : 'has no records in';
  return [
    `${number} ${what} ${zone}: ${believed}.`,
    ...binding.routes.map((route) => `  route     ${writeRoute(route)}`),
    ...binding.keys.map(
      ({ use, algorithm, key }) =>
        `  ${use.padEnd(8)}  ${algorithm.padEnd(7)}  ${encodeBase64Url(key)}`,
    ),
    ...chain.map(({ kind, name, keyTag }) => {
      return `  ${kind.padEnd(8)}  ${name}${keyTag === undefined ? '' : `, key ${keyTag}`}`;
    }),
  ];
}
