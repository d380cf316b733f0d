/**
 * `callbook tokens`: gets a holder's tokens into the file of tokens, and tells how many are left. Look-ups spend
 * them by themselves, and only for what is not published for everybody.
 */
import { tokensMax } from '@callbook/protocol';
import { cliError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { selectHeld } from '../journal.ts';
import type { Session } from '../session.ts';

export interface GetTokensOptions {
  readonly count: string;
  readonly number?: string;
}

export async function getTokens(session: Session, options: GetTokensOptions): Promise<ExitCode> {
  const wanted = Number(options.count);
  if (!Number.isSafeInteger(wanted) || wanted < 1 || wanted > tokensMax) {
    throw cliError('usage', `--count is not a number from 1 to ${tokensMax}`);
  }
  const { holding } = await selectHeld(session, options.number);
  const wallet = await session.openWallet();
  const { fillWallet } = await import('@callbook/client/tokens');
  const { added, refusals } = await fillWallet({
    directory: session.directory,
    holding,
    wallet,
    wanted,
    signer: await session.signerFor(holding.identifier),
  });
  const { count } = wallet;
  session.report.result({ added, count, refusals }, [
    `${added} tokens were added; there are ${count}.`,
    ...refusals.map(({ member, code, retryAfterSeconds }) => {
      const later =
        retryAfterSeconds === undefined ? '' : `; more in ${hoursOf(retryAfterSeconds)}`;
      return `  ${member} gave no more (${code}${later})`;
    }),
  ]);
  if (added > 0) return exitCodes.ok;
  const isSpent = refusals.some(({ code }) => code === 'exhausted');
  return isSpent ? exitCodes.rateLimited : exitCodes.unavailable;
}

export async function tokenStatus(session: Session): Promise<ExitCode> {
  const { count } = await session.openWallet();
  session.report.result({ count }, [
    count === 0
      ? 'There are no tokens. Next: callbook tokens get'
      : `There are ${count} tokens; each pays for up to 16 look-ups.`,
  ]);
  return count === 0 ? exitCodes.actionNeeded : exitCodes.ok;
}

function hoursOf(seconds: number): string {
  return `${Math.ceil(seconds / 3600)} h`;
}
