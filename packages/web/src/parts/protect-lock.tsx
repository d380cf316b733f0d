/** The lock: on at once, off after the pause of the charter, of which the moment is told. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { fill } from '../fill.ts';
import { changeTerms } from '../holder/changes.ts';
import { useMessages } from '../messages.ts';
import { ChangeFailure } from './change-failure.tsx';
import type { ProtectProps } from './protect-recovery.tsx';
import { showDuration, showMoment } from './times.ts';
import { useAction } from './use-action.ts';

export function ProtectLock({ holder, number, holds }: ProtectProps): JSX.Element {
  const { protect } = useMessages();
  const action = useAction();
  const [said, setSaid] = useState('');
  const { lock } = number.holding;
  const change = (): void =>
    action.run(async () => {
      await changeTerms(holder, number, { lock: !lock });
      const offAt = showMoment(Date.now() + holds.unlockMs);
      setSaid(lock ? fill(protect.unlocked, { time: offAt }) : protect.locked);
    });
  return (
    <section aria-labelledby="lock">
      <h2 id="lock">{protect.lock}</h2>
      <p>{fill(protect.lockText, { duration: showDuration(holds.lockedMs) })}</p>
      <p class={lock ? 'tone-good' : 'quiet'} data-lock={lock ? 'on' : 'off'}>
        {lock ? protect.lockOn : protect.lockOff}
      </p>
      {lock && <p>{fill(protect.unlockText, { duration: showDuration(holds.unlockMs) })}</p>}
      {action.error !== undefined && (
        <ChangeFailure
          error={action.error}
          holder={holder}
          number={number}
          onMended={action.clear}
        />
      )}
      <div class="actions">
        <button type="button" disabled={action.isRunning} onClick={change}>
          {lock ? protect.doUnlock : protect.doLock}
        </button>
      </div>
      <p role="status" class="waiting">
        {action.isRunning ? protect.working : said}
      </p>
    </section>
  );
}
