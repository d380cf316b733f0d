/**
 * Challenges at several members for one entry. All codes are sent before the first is asked for, so
 * that a person has them together; a member that fails is replaced by the next one. No more codes are
 * sent than are needed: each may cost the member money.
 */
import type { Identifier } from '@callbook/protocol';
import {
  answerChallenge,
  openChallenge,
  type CodeForm,
  type CodeSource,
  type OpenChallenge,
  type PassedChallenge,
} from './challenge.ts';
import type { DirectoryContext } from './directory-context.ts';
import { summariseFailures, survive, type MemberFailure } from './failover.ts';
import type { ChallengeStore } from './kept-challenge.ts';
import type { Member } from './member.ts';
import type { MemberChallenge } from './pending-entry.ts';
import { loadPart } from './load-part.ts';
import { ignoreProgress, type OnProgress } from './progress.ts';

export interface ChallengeRound {
  readonly identifier: Identifier;
  /** An e-mail address that has to be controlled as well, in canonical form with its scheme. */
  readonly email?: Identifier | undefined;
  /** The authority key that will sign the entry, 32 bytes. */
  readonly authorityKey: Uint8Array;
  readonly form: CodeForm;
  readonly code: CodeSource;
  readonly challenges?: ChallengeStore | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly order: readonly Member[];
  /** How many members have to be passed. */
  readonly count: number;
}

/** What one member was passed for. */
export interface PassedMember extends PassedChallenge {
  readonly emailChallengeId?: string;
}

/**
 * Passes challenges at `count` of the members. Throws `members_disagree`, and the challenges' errors
 * when too few members are left.
 */
export async function passChallenges(
  context: DirectoryContext,
  round: ChallengeRound,
): Promise<PassedMember[]> {
  const state: RoundState = { waiting: [...round.order], failures: [] };
  const passed: PassedMember[] = [];
  while (passed.length < round.count) {
    const opened = await openTogether(context, round, {
      state,
      count: round.count - passed.length,
    });
    for (const challenges of opened) {
      const answered = await answerAt(context, round, challenges).catch((error: unknown) =>
        skip(round, state, { member: challenges.number.member, error }),
      );
      if (answered !== undefined) passed.push(answered);
    }
  }
  if (isAgreedNext(passed)) return passed;
  const { settleNext } = await loadPart(() => import('./settle-next.ts'));
  return await settleNext(context, passed, isAgreedNext);
}

/** What a signed entry keeps of passed challenges. */
export function memberChallenges(passed: readonly PassedMember[]): MemberChallenge[] {
  return passed.map(({ member, challengeId, emailChallengeId }) => ({
    member: member.name,
    challengeId,
    ...(emailChallengeId === undefined ? {} : { emailChallengeId }),
  }));
}

interface RoundState {
  /** Members not asked yet. */
  readonly waiting: Member[];
  readonly failures: MemberFailure[];
}

/** The open challenges at one member. */
interface OpenAtMember {
  readonly number: OpenChallenge;
  readonly email?: OpenChallenge;
}

/** Has `count` members send codes, side by side; those that fail are replaced by the next ones. */
async function openTogether(
  context: DirectoryContext,
  round: ChallengeRound,
  { state, count }: { state: RoundState; count: number },
): Promise<OpenAtMember[]> {
  const opened: OpenAtMember[] = [];
  while (opened.length < count) {
    const asked = state.waiting.splice(0, count - opened.length);
    if (opened.length + asked.length < count) throw summariseFailures(state.failures, round.count);
    const results = await Promise.all(
      asked.map((member) =>
        openAt(context, member, round).catch((error: unknown) =>
          skip(round, state, { member, error }),
        ),
      ),
    );
    opened.push(...results.filter((result) => result !== undefined));
  }
  const members = opened.map(({ number }) => number.member.name);
  round.onProgress?.({ step: 'codes_sent', members });
  return opened;
}

async function openAt(
  context: DirectoryContext,
  member: Member,
  round: ChallengeRound,
): Promise<OpenAtMember> {
  const { identifier, authorityKey, form, challenges, email, onProgress = ignoreProgress } = round;
  onProgress({ step: 'challenging', member: member.name });
  const number = await openChallenge(context, member, {
    identifier,
    authorityKey,
    form,
    challenges,
  });
  if (email === undefined) return { number };
  const target = { identifier: email, authorityKey, form, challenges };
  return { number, email: await openChallenge(context, member, target) };
}

async function answerAt(
  context: DirectoryContext,
  { code, onProgress = ignoreProgress }: ChallengeRound,
  { number, email }: OpenAtMember,
): Promise<PassedMember> {
  const { member, answer } = number;
  onProgress({ step: 'code_awaited', member: member.name, expiresAtMs: answer.expiresAtMs });
  const passed = await answerChallenge(context, number, code);
  const byEmail =
    email === undefined ? undefined : (await answerChallenge(context, email, code)).challengeId;
  onProgress({ step: 'control_proved', member: member.name });
  return byEmail === undefined ? passed : { ...passed, emailChallengeId: byEmail };
}

/** Notes a failure that another member can make good; rethrows any other. */
function skip(
  { onProgress }: ChallengeRound,
  { failures }: RoundState,
  { member, error }: { member: Member; error: unknown },
): undefined {
  const failure = survive(member, error);
  failures.push(failure);
  onProgress?.({ step: 'member_skipped', member: member.name, code: failure.error.code });
}

/** Whether all name the same entry to follow. */
function isAgreedNext(passed: readonly PassedMember[]): boolean {
  const names = passed.map(({ next }) => `${next.kind} ${next.epoch} ${next.prev?.toString()}`);
  return new Set(names).size <= 1;
}
