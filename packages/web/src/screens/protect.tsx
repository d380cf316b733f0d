/** The screen `protect`: recovery code, lock and e-mail address of a number, each with what it is good for. */
import type { JSX } from 'preact';
import type { Holder } from '../holder/holder.ts';
import type { KeptNumber } from '../holder/kept-number.ts';
import { useMessages } from '../messages.ts';
import { showNumber } from '../numbers/typed-number.ts';
import { NotHere } from '../parts/no-journey.tsx';
import { ProtectEmail } from '../parts/protect-email.tsx';
import { ProtectLock } from '../parts/protect-lock.tsx';
import { ProtectRecovery } from '../parts/protect-recovery.tsx';
import { WithHolder } from '../parts/with-holder.tsx';
import { hrefTo, type ScreenProps } from '../router.ts';
import { useHolds } from './lost.tsx';

export function ProtectScreen({ parameters }: ScreenProps): JSX.Element {
  const { protect } = useMessages();
  return (
    <WithHolder title={protect.title}>
      {(holder, { numbers }) => {
        const wanted = parameters.get('number');
        const number = numbers.find(({ holding }) => holding.identifier === wanted);
        return number === undefined ? (
          <NotHere number={wanted ?? ''} />
        ) : (
          <Protection holder={holder} number={number} />
        );
      }}
    </WithHolder>
  );
}

function Protection({
  holder,
  number,
}: {
  readonly holder: Holder;
  readonly number: KeptNumber;
}): JSX.Element {
  const { common } = useMessages();
  const holds = useHolds(holder);
  const given = { holder, number, holds };
  return (
    <>
      <p class="quiet">{showNumber(number.holding.identifier)}</p>
      <ProtectRecovery {...given} />
      <ProtectLock {...given} />
      <ProtectEmail {...given} />
      <a class="button" href={hrefTo('record')}>
        {common.back}
      </a>
    </>
  );
}
