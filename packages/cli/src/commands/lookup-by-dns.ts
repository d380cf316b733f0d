/**
 * `callbook lookup --resolver`: the same question through DNS. The resolver is trusted to validate:
 * its AD bit is shown, an answer without it is reported as such, and a bogus one is never used.
 */
import {
  enumQuestions,
  parseEnumAnswer,
  readEnumBinding,
  type EnumAnswer,
  type EnumBinding,
} from '@callbook/client';
import { encodeBase64Url, type Identifier } from '@callbook/protocol';
import { cliError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { writeIdentifier } from '../number.ts';
import { askResolver, readResolverAddress } from '../resolver.ts';
import { writeRoute } from '../route-text.ts';
import type { Session } from '../session.ts';

export interface DnsLookupOptions {
  readonly resolver: string;
  /** Apex to ask below; the zone of the first member when left out. */
  readonly zone?: string;
  /** Name of the member whose zone it is. */
  readonly member?: string;
}

export async function lookupByDns(
  session: Session,
  number: string,
  options: DnsLookupOptions,
): Promise<ExitCode> {
  const identifier = session.readIdentifier(number);
  const resolver = readResolverAddress(options.resolver);
  const zone = options.zone ?? (await zoneOf(session, options.member));
  const answers = await Promise.all(
    enumQuestions(identifier, zone).map(async (question) =>
      parseEnumAnswer(question, await askResolver(resolver, question)),
    ),
  );
  answers.forEach(assertAnswered);
  const binding = readEnumBinding(answers.flatMap(({ records }) => records));
  const authenticated = answers.every((answer) => answer.authenticated);
  const published = answers.some(({ state }) => state === 'records');
  const answer = { identifier, zone, published, authenticated, binding };
  session.report.result(jsonOf(answer), linesOf(answer));
  if (!authenticated) {
    throw cliError('answer_unvalidated', 'the resolver did not validate the answer');
  }
  return published ? exitCodes.ok : exitCodes.absent;
}

/** Members are asked only for one that the pinned charter does not name: DNS needs none of them. */
async function zoneOf({ directory }: Session, memberName: string | undefined): Promise<string> {
  const isThere = directory.members.some(({ name }) => name === memberName);
  if (memberName !== undefined && !isThere) await directory.walk();
  const zone = directory.members[0]?.zone;
  if (zone === undefined) throw cliError('usage', 'no member has a zone; name one with --zone');
  return zone;
}

function assertAnswered({ state, responseCode }: EnumAnswer): void {
  const details = { responseCode };
  if (state === 'bogus') {
    throw cliError('answer_bogus', 'the answer fails DNSSEC validation', { details });
  }
  if (state === 'failed') {
    throw cliError('resolver_unavailable', `the resolver answered with RCODE ${responseCode}`, {
      details,
    });
  }
}

interface DnsAnswer {
  readonly identifier: Identifier;
  readonly zone: string;
  readonly published: boolean;
  readonly authenticated: boolean;
  readonly binding: EnumBinding;
}

function jsonOf({ identifier, zone, published, authenticated, binding }: DnsAnswer): object {
  const state = published ? 'published' : 'absent';
  return { identifier, state, zone, authenticated, ...binding };
}

function linesOf({ identifier, zone, published, authenticated, binding }: DnsAnswer): string[] {
  const verdict = authenticated ? 'validated by the resolver (AD)' : 'NOT validated (no AD)';
  const number = writeIdentifier(identifier);
  if (!published) return [`${number} has no records in ${zone}: ${verdict}.`];
  const keyLine = (use: string, key: Uint8Array): string =>
    `  ${use.padEnd(8)}  ${encodeBase64Url(key)}`;
  return [
    `${number} is published in ${zone}: ${verdict}.`,
    ...binding.routes.map((route) => `  route     ${writeRoute(route)}`),
    ...(binding.identityKey === undefined ? [] : [keyLine('identity', binding.identityKey)]),
    ...(binding.boxKey === undefined ? [] : [keyLine('box', binding.boxKey)]),
    ...binding.sipKeys.map((spki) => keyLine('sip', spki)),
    ...binding.openpgpCertificates.map((bytes) => `  openpgp   ${bytes.length} bytes`),
    ...(binding.logged === undefined ? [] : [`  log       ${binding.logged}`]),
  ];
}
