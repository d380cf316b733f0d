/** `callbook lookup`: what the members publish under a number, and how many of them agree. */
import type { Agreement, Lookup } from '@callbook/client';
import { encodeBase64Url } from '@callbook/protocol';
import { cliError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { writeIdentifier } from '../number.ts';
import { writeRoute } from '../route-text.ts';
import type { Session } from '../session.ts';

export async function lookup(session: Session, number: string): Promise<ExitCode> {
  const found = await session.directory.lookup(session.readIdentifier(number));
  const { identifier, agreement } = found;
  const members = found.members.map(({ member, state }) => ({ member, state }));
  if (found.state === 'absent') {
    assertDecided(found);
    session.report.result({ identifier, state: 'absent', agreement, members }, [
      `${writeIdentifier(identifier)} is not registered: ${describeAgreement(agreement)}.`,
    ]);
    return exitCodes.absent;
  }
  session.report.result(
    { identifier, state: 'published', agreement, members, ...found.binding },
    describePublished(found),
  );
  return exitCodes.ok;
}

/** Absence counts when every member that answered says so, and they are a quorum. */
function assertDecided({ agreement, members }: Lookup): void {
  const { agreeing, answered, quorum } = agreement;
  if (agreeing === answered && answered >= quorum) return;
  if (agreeing < answered) {
    throw cliError('lookup_undecided', 'the members disagree about this number', {
      details: { agreeing, answered },
    });
  }
  throw cliError(
    'lookup_undecided',
    `${answered} of ${members.length} members answered, at least ${quorum} must`,
    { details: { answered, quorum } },
  );
}

function describeAgreement({ agreeing, asked }: Agreement): string {
  return `${agreeing} of ${asked} members agree`;
}

function describePublished(found: Lookup & { state: 'published' }): string[] {
  const { identifier, binding, agreement } = found;
  return [
    `${writeIdentifier(identifier)} is published: ${describeAgreement(agreement)}.`,
    ...binding.routes.map((route) => `  route     ${writeRoute(route)}`),
    ...binding.keys.map(
      ({ use, algorithm, key }) =>
        `  ${use.padEnd(8)}  ${algorithm.padEnd(7)}  ${encodeBase64Url(key)}`,
    ),
    `  changed   ${new Date(binding.changedAtMs).toISOString()} (${binding.origin})`,
  ];
}
