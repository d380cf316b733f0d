/** The screen `release`: gives a number up, after its last digits were typed. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { fill } from '../fill.ts';
import { releaseNumber } from '../holder/changes.ts';
import type { Holder } from '../holder/holder.ts';
import { lockOf, type KeptNumber } from '../holder/kept-number.ts';
import { useMessages } from '../messages.ts';
import { showNumber } from '../numbers/typed-number.ts';
import { ChangeFailure } from '../parts/change-failure.tsx';
import { NotHere } from '../parts/no-journey.tsx';
import { TextField } from '../parts/text-field.tsx';
import { showDuration } from '../parts/times.ts';
import { useAction } from '../parts/use-action.ts';
import { WithHolder } from '../parts/with-holder.tsx';
import { goTo, hrefTo, type ScreenProps } from '../router.ts';
import { useHolds } from './lost.tsx';

export function ReleaseScreen({ parameters }: ScreenProps): JSX.Element {
  const { release } = useMessages();
  return (
    <WithHolder title={release.title}>
      {(holder, { numbers }) => {
        const wanted = parameters.get('number');
        const number = numbers.find(({ holding }) => holding.identifier === wanted);
        return number === undefined ? (
          <NotHere number={wanted ?? ''} />
        ) : (
          <Releasing holder={holder} number={number} />
        );
      }}
    </WithHolder>
  );
}

function Releasing({
  holder,
  number,
}: {
  readonly holder: Holder;
  readonly number: KeptNumber;
}): JSX.Element {
  const { release, common } = useMessages();
  const holds = useHolds(holder);
  const [text, setText] = useState('');
  const [isOther, setIsOther] = useState(false);
  const action = useAction();
  const { identifier } = number.holding;
  const isLocked = lockOf(number, Date.now()) !== 'off';
  const duration = showDuration(isLocked ? holds.lockedMs : holds.releaseMs);
  const submit = (event: Event): void => {
    event.preventDefault();
    const isSame = text.trim() === identifier.slice(-4);
    setIsOther(!isSame);
    if (!isSame) return;
    action.run(async () => {
      await releaseNumber(holder, number);
      goTo('record', { replace: true });
    });
  };
  return (
    <>
      <p>{release.text}</p>
      <ul>
        {release.points.map((point) => (
          <li key={point}>{fill(point, { duration })}</li>
        ))}
      </ul>
      <form noValidate onSubmit={submit}>
        <TextField
          id="digits"
          label={fill(release.confirm, { number: showNumber(identifier) })}
          hint=""
          fault={isOther ? release.fault : undefined}
          value={text}
          onValue={(value) => {
            setIsOther(false);
            setText(value);
          }}
          input={{ inputMode: 'numeric', maxLength: 8 }}
        />
        {action.error !== undefined && (
          <ChangeFailure
            error={action.error}
            holder={holder}
            number={number}
            onMended={action.clear}
          />
        )}
        <div class="actions">
          <button type="submit" class="danger" disabled={action.isRunning}>
            {release.go}
          </button>
          <a class="button" href={hrefTo('record')}>
            {common.cancel}
          </a>
        </div>
        <p role="status" class="waiting">
          {action.isRunning ? release.working : ''}
        </p>
      </form>
    </>
  );
}
