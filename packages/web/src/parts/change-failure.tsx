/**
 * A change that failed, with what helps: the same entry goes on where too few members confirmed it, and
 * the newest state is loaded where the same key has changed it elsewhere.
 */
import type { JSX } from 'preact';
import { failureOf } from '../failure.ts';
import { dropChange, reloadNumber, resumeChange } from '../holder/changes.ts';
import type { Holder } from '../holder/holder.ts';
import type { KeptNumber } from '../holder/kept-number.ts';
import { useMessages } from '../messages.ts';
import { hrefTo } from '../router.ts';
import { FailureNotice } from './failure-notice.tsx';
import { useAction } from './use-action.ts';

export function ChangeFailure({
  error,
  holder,
  number,
  onMended,
}: {
  readonly error: unknown;
  readonly holder?: Holder;
  readonly number?: KeptNumber;
  readonly onMended?: () => void;
}): JSX.Element {
  const { common, record } = useMessages();
  const action = useAction();
  const shown = action.error ?? error;
  const { kind } = failureOf(shown);
  if (holder === undefined || number === undefined) return <FailureNotice error={shown} />;
  const mend = (task: () => Promise<unknown>): void =>
    action.run(async () => {
      await task();
      onMended?.();
    });
  const isOver = kind === 'moved' || kind === 'refused' || kind === 'superseded';
  return (
    <FailureNotice error={shown}>
      {number.pending !== null && !isOver && (
        <button
          type="button"
          disabled={action.isRunning}
          onClick={() => mend(async () => await resumeChange(holder, number))}
        >
          {common.again}
        </button>
      )}
      {isOver && (
        <button
          type="button"
          disabled={action.isRunning}
          onClick={() =>
            mend(async () => {
              await dropChange(holder, number);
              await reloadNumber(holder, { ...number, pending: null });
            })
          }
        >
          {record.reload}
        </button>
      )}
      {(kind === 'key_missing' || kind === 'seed_foreign') && (
        <a class="button" href={hrefTo('restore', { number: number.holding.identifier })}>
          {common.bringBackup}
        </a>
      )}
    </FailureNotice>
  );
}
