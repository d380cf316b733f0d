/** The lock: on at once, off after the pause of the charter, of which the moment is told. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { fill } from '../fill.ts';
import { changeTerms } from '../holder/changes.ts';
import { useMessages } from '../messages.ts';
import { ChangeFailure } from './change-failure.tsx';
import { lockOf } from '../holder/kept-number.ts';
import type { ProtectProps } from './protect-recovery.tsx';
import { showDuration, showMoment } from './times.ts';
import { useAction } from './use-action.ts';
import { useNow } from './use-now.ts';
import { Waiting } from './waiting.tsx';

export function ProtectLock({ holder, number, holds }: ProtectProps): JSX.Element {
  const { protect } = useMessages();
  const action = useAction();
  const [said, setSaid] = useState('');
  const { lock } = number.holding;
  const standing = lockOf(number, useNow(1000));
  const change = (): void =>
    action.run(async () => {
      const changed = await changeTerms(holder, number, { lock: !lock });
      // Until then the members go on as if it were on.
      const lockEndsAtMs = lock ? Date.now() + holds.unlockMs : null;
      await holder.keeper.setNumber({ ...changed, lockEndsAtMs });
      setSaid(lock ? '' : protect.locked);
    });
  return (
    <section aria-labelledby="lock">
      <h2 id="lock">{protect.lock}</h2>
      <p>{fill(protect.lockText, { duration: showDuration(holds.lockedMs) })}</p>
      <p role="status" class={standing === 'off' ? 'quiet' : 'tone-good'} data-lock={standing}>
        {standing === 'on' && protect.lockOn}
        {standing === 'off' && protect.lockOff}
        {standing === 'ending' &&
          fill(protect.lockEnds, { time: showMoment(number.lockEndsAtMs ?? 0) })}
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
      <Waiting isRunning={action.isRunning} otherwise={said}>
        {protect.working}
      </Waiting>
    </section>
  );
}
