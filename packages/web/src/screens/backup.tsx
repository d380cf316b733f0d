/**
 * The screen `backup`: the key was made, and nothing goes on before it is backed up and the backup is
 * tested. Words are shown once they are asked for, and asked back; a file is saved, and opened again.
 */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Holder } from '../holder/holder.ts';
import type { BackupWay, Journey } from '../holder/journey.ts';
import { nextScreenOf } from '../holder/journey.ts';
import { backedUp } from '../holder/journeys.ts';
import { useMessages } from '../messages.ts';
import { BackupWords } from '../parts/backup-words.tsx';
import { LazyBackupFile } from '../parts/lazy-backup-file.tsx';
import { NoJourney } from '../parts/no-journey.tsx';
import { StepsLine } from '../parts/steps-line.tsx';
import { WithHolder } from '../parts/with-holder.tsx';
import { goTo, hrefTo } from '../router.ts';

export function BackupScreen(): JSX.Element {
  const { backup } = useMessages();
  return (
    <WithHolder title={backup.title}>
      {(holder, { journey }) =>
        journey === null ? <NoJourney /> : <BackupChoice holder={holder} journey={journey} />
      }
    </WithHolder>
  );
}

function BackupChoice({
  holder,
  journey,
}: {
  readonly holder: Holder;
  readonly journey: Journey;
}): JSX.Element {
  const { backup, common } = useMessages();
  const [way, setWay] = useState<BackupWay>('words');
  if (journey.backup !== null || journey.seed === null) {
    return (
      <>
        <p class="success">{backup.done}</p>
        <a class="button primary" href={hrefTo(nextScreenOf(journey))}>
          {common.next}
        </a>
      </>
    );
  }
  const onTested = async (): Promise<void> => {
    await backedUp(holder, way);
    goTo('reach');
  };
  const given = { seed: journey.seed, identifier: journey.identifier, onTested };
  return (
    <>
      <StepsLine step={2} />
      <p>{backup.intro}</p>
      <fieldset>
        <legend>{backup.way}</legend>
        {(['words', 'file'] as const).map((one) => (
          <label class="choice" key={one}>
            <input
              type="radio"
              name="way"
              value={one}
              checked={way === one}
              onChange={() => setWay(one)}
            />
            <span>{backup.ways[one]}</span>
          </label>
        ))}
      </fieldset>
      {way === 'words' ? <BackupWords {...given} /> : <LazyBackupFile {...given} />}
    </>
  );
}
