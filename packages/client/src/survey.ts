/**
 * What every member says about an identifier, whether they agree or not: for whoever holds it, or wants
 * to. `lookup.ts` is for whoever wants an answer to rely on.
 */
import type { Identifier } from '@callbook/protocol';
import type { LookedUpBinding } from './api-answers.ts';
import { assertIdentifier } from './claim.ts';
import type { DirectoryContext } from './directory-context.ts';
import { clientError } from './errors.ts';
import { summariseFailures } from './failover.ts';
import { answerAt, askMember, leadingAnswers, type MemberLookup } from './member-answers.ts';

/** How many members say the same, of those that answered and those that were asked. */
export interface Agreement {
  /** Members that gave the answer which is returned. */
  readonly agreeing: number;
  /** Members that answered at all. */
  readonly answered: number;
  readonly asked: number;
  /** How many have to agree before one dishonest member can no longer decide the answer. */
  readonly quorum: number;
}

/** The answer that most members give, and what each of them says. */
export type Survey = (
  { readonly state: 'published'; readonly binding: LookedUpBinding } | { readonly state: 'absent' }
) & {
  readonly identifier: Identifier;
  readonly agreement: Agreement;
  readonly members: readonly MemberLookup[];
};

/** Asks every active member. Throws `directory_unavailable` when none answered. */
export async function survey(context: DirectoryContext, identifier: Identifier): Promise<Survey> {
  assertIdentifier(identifier);
  const asked = await Promise.all(
    context.members.map((member) => askMember(context, member, { identifiers: [identifier] })),
  );
  const failures = asked.flatMap((answers) => ('error' in answers ? [answers] : []));
  if (failures.length === asked.length) throw summariseFailures(failures, 1);
  const members = asked.map((answers) => answerAt(answers, 0));
  const leading = leadingAnswers(members);
  const [answer] = leading;
  if (answer === undefined || answer.state === 'failed') {
    throw clientError('directory_unavailable', 'no member answered');
  }
  const agreement = {
    agreeing: leading.length,
    answered: asked.length - failures.length,
    asked: asked.length,
    quorum: context.quorum,
  };
  return answer.state === 'published'
    ? { identifier, state: 'published', binding: answer.binding, agreement, members }
    : { identifier, state: 'absent', agreement, members };
}
