/** The screen `record`: the numbers that this browser holds, as the members show them now. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { fill } from '../fill.ts';
import type { Holder } from '../holder/holder.ts';
import type { Kept } from '../holder/keeper.ts';
import { useMessages } from '../messages.ts';
import { showNumber } from '../numbers/typed-number.ts';
import { NumberRecord } from '../parts/number-record.tsx';
import { WithHolder } from '../parts/with-holder.tsx';
import { hrefTo, type ScreenProps } from '../router.ts';
import { Unfinished } from './number.tsx';

export function RecordScreen({ parameters }: ScreenProps): JSX.Element {
  const { record } = useMessages();
  const [isNew] = useState(parameters.get('new') === '1');
  return (
    <WithHolder title={record.title}>
      {(holder, kept) => <Records holder={holder} kept={kept} isNew={isNew} />}
    </WithHolder>
  );
}

function Records({
  holder,
  kept,
  isNew,
}: {
  readonly holder: Holder;
  readonly kept: Kept;
  readonly isNew: boolean;
}): JSX.Element {
  const { record, common } = useMessages();
  const { numbers, journey } = kept;
  const newest = numbers.at(-1);
  return (
    <>
      {isNew && newest !== undefined && (
        <p class="success" role="status">
          {fill(record.welcome, { number: showNumber(newest.holding.identifier) })}
        </p>
      )}
      {journey !== null && <Unfinished holder={holder} journey={journey} />}
      {numbers.length === 0 && journey === null && <p>{record.none}</p>}
      {numbers.map((number) => (
        <NumberRecord key={number.holding.identifier} holder={holder} number={number} />
      ))}
      {numbers.length === 0 && (
        <div class="actions">
          <a class="button primary" href={hrefTo('number')}>
            {record.claim}
          </a>
          <a class="button" href={hrefTo('restore')}>
            {common.bringBackup}
          </a>
          <a class="button" href={hrefTo('lost')}>
            {common.keyLost}
          </a>
        </div>
      )}
    </>
  );
}
