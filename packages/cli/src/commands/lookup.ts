/** `callbook lookup`: what the directory publishes under a number, and why that is believed. */
import type { Lookup, LookupOptions, Reason } from '@callbook/client';
import { encodeBase64Url } from '@callbook/protocol';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { writeIdentifier } from '../number.ts';
import { writeRoute } from '../route-text.ts';
import type { Session } from '../session.ts';
import { describeZone } from './lookup-zone.ts';

export async function lookup(
  session: Session,
  number: string,
  options: LookupOptions,
): Promise<ExitCode> {
  const found = await session.directory.lookup(await session.readIdentifier(number), options);
  session.report.result(lookupJson(found), describeLookup(found));
  return exitCodeOf(found);
}

/** Routes that nothing proves are shown, and are no success. */
function exitCodeOf(found: Lookup): ExitCode {
  if (found.state === 'absent') return exitCodes.absent;
  const isProven = found.state === 'published' || found.provider.verdict === 'secure';
  return isProven ? exitCodes.ok : exitCodes.general;
}

/** The result as one object: what is published, and the reason beside it. */
export function lookupJson(found: Lookup): object {
  const { identifier, state, reason } = found;
  const { agreement, trust, changedAtMs, pending } = reason;
  const members = reason.members.map((answer) =>
    answer.state === 'failed'
      ? { member: answer.member, state: answer.state, code: answer.code }
      : { member: answer.member, state: answer.state },
  );
  return {
    identifier,
    state,
    ...(found.state === 'published' ? found.binding : {}),
    ...(found.state === 'elsewhere' ? { provider: found.provider } : {}),
    trust,
    agreement,
    members,
    changedAtMs,
    pending,
    privacy: reason.privacy,
    access: reason.access,
    proof: reason.proof,
    dnssec: reason.dnssec,
  };
}

/** The same for people. */
function describeLookup(found: Lookup): string[] {
  const { identifier, reason } = found;
  const number = writeIdentifier(identifier);
  if (found.state === 'absent') return [`${number} is not registered.`, ...describeReason(reason)];
  if (found.state === 'elsewhere') {
    return [
      `${number} is not registered with the members.`,
      ...describeReason(reason),
      ...describeZone(identifier, found.provider),
    ];
  }
  const { binding } = found;
  return [
    `${number} is published.`,
    ...binding.routes.map((route) => `  route     ${writeRoute(route)}`),
    ...binding.keys.map(
      ({ use, algorithm, key }) =>
        `  ${use.padEnd(8)}  ${algorithm.padEnd(7)}  ${encodeBase64Url(key)}`,
    ),
    ...describeReason(reason),
  ];
}

function describeReason(reason: Reason): string[] {
  const { access, agreement, changedAtMs, pending, privacy, proof, dnssec } = reason;
  const { agreeing, asked } = agreement;
  return [
    ...(changedAtMs === null ? [] : [`  changed   ${new Date(changedAtMs).toISOString()}`]),
    ...pending.map(
      ({ commitFromMs }) =>
        `  pending   somebody wants to take it over, from ${new Date(commitFromMs).toISOString()} on`,
    ),
    `  members   ${agreeing} of ${asked} asked agree`,
    ...describeProof(proof),
    ...describeDnssec(dnssec),
    ...describePrivacy(privacy),
    ...describeAccess(access, changedAtMs === null),
  ];
}

function describePrivacy(privacy: Reason['privacy']): string[] {
  if (privacy.state === 'plain') return ['  asked     plainly: the members saw who asks'];
  return [
    '  asked     obliviously: no member saw both who asks and for what',
    ...privacy.refused.map(({ member, code }) => `  ${member} was not used (${code})`),
  ];
}

/** Whether somebody who publishes for tokens alone would be seen. */
function describeAccess(access: Reason['access'], isAbsent: boolean): string[] {
  if (access.state === 'token')
    return ['  shown     with tokens: what is not published for everybody, too'];
  if (!isAbsent) return [];
  const without = '  shown     what is published for everybody';
  return access.state === 'public'
    ? [`${without}; for the rest: callbook tokens get`]
    : [`${without}: no tokens could be spent (${access.code}); see callbook tokens status`];
}

function describeProof(proof: Reason['proof']): string[] {
  switch (proof.state) {
    case 'not_asked':
      return [];
    case 'unavailable':
      return [`  proof     none now (${proof.code})`];
    case 'proven': {
      const { logs, member, passedOver } = proof.proof;
      const times = logs.flatMap(({ agreedAtMs }) => (agreedAtMs === null ? [] : [agreedAtMs]));
      const newest = times.length === 0 ? '' : `, ${new Date(Math.max(...times)).toISOString()}`;
      return [
        `  proof     index of ${member}, over ${logs.length} logs that a quorum agrees on${newest}`,
        ...passedOver.map(({ member: name, code }) => `  ${name} gave no good proof (${code})`),
      ];
    }
  }
}

function describeDnssec(dnssec: Reason['dnssec']): string[] {
  switch (dnssec.state) {
    case 'not_asked':
      return [];
    case 'unavailable':
      return [`  DNSSEC    none now (${dnssec.code})`];
    case 'secure': {
      const { zone, chain } = dnssec.answer;
      const keys = chain.flatMap(({ kind, keyTag }) => (kind === 'keys' ? [keyTag] : []));
      return [`  DNSSEC    ${zone}, from the charter by key ${keys.join(', ')}`];
    }
  }
}
