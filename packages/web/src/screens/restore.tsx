/** The screen `restore`: a number comes back from its 24 words, or all of them from the encrypted file. */
import { isClientError } from '@callbook/client';
import { parseBackupWords, type BackedUpSeed } from '@callbook/client/backup';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { webError } from '../errors.ts';
import { failureOf } from '../failure.ts';
import { restoreNumber } from '../holder/changes.ts';
import type { Holder } from '../holder/holder.ts';
import type { BackupWay } from '../holder/journey.ts';
import { useMessages } from '../messages.ts';
import { showNumber } from '../numbers/typed-number.ts';
import { FailureNotice } from '../parts/failure-notice.tsx';
import { NumberField, useNumberEntry } from '../parts/number-field.tsx';
import { useAction } from '../parts/use-action.ts';
import { Waiting } from '../parts/waiting.tsx';
import { WithHolder } from '../parts/with-holder.tsx';
import { goTo, hrefTo, type ScreenProps } from '../router.ts';

export function RestoreScreen({ parameters }: ScreenProps): JSX.Element {
  const { restore } = useMessages();
  const number = parameters.get('number') ?? '';
  return (
    <WithHolder title={restore.title}>
      {(holder) => <RestoreForm holder={holder} number={number} />}
    </WithHolder>
  );
}

function RestoreForm({
  holder,
  number: given,
}: {
  readonly holder: Holder;
  readonly number: string;
}): JSX.Element {
  const { restore, number } = useMessages();
  const [way, setWay] = useState<BackupWay>('words');
  const [entry, setEntry] = useNumberEntry(given === '' ? '' : showNumber(given));
  const action = useAction();
  const submit = (event: Event): void => {
    event.preventDefault();
    const { read } = entry;
    if (way === 'words' && read.state !== 'good') {
      setEntry({ ...entry, isTried: true });
      document.querySelector<HTMLElement>('#number')?.focus();
      return;
    }
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    action.run(async () => {
      const seeds =
        way === 'words' && read.state === 'good'
          ? [{ identifier: read.identifier, seed: parseBackupWords(textOf(fields, 'words')) }]
          : await chosenSeeds(fields);
      await restoreAll(holder, seeds);
      goTo('record');
    });
  };
  const { kind } = failureOf(action.error);
  return (
    <form noValidate onSubmit={submit}>
      <p>{restore.intro}</p>
      <fieldset>
        <legend>{restore.way}</legend>
        {(['words', 'file'] as const).map((one) => (
          <label class="choice" key={one}>
            <input type="radio" name="way" checked={way === one} onChange={() => setWay(one)} />
            <span>{restore.ways[one]}</span>
          </label>
        ))}
      </fieldset>
      {way === 'words' ? (
        <>
          <NumberField entry={entry} onEntry={setEntry} label={number.label} />
          <WordsField isBad={kind === 'words'} />
        </>
      ) : (
        <FileFields isBad={kind === 'passphrase'} />
      )}
      {action.error !== undefined && <RestoreFailure error={action.error} number={given} />}
      <div class="actions">
        <button type="submit" class="primary" disabled={action.isRunning}>
          {restore.go}
        </button>
      </div>
      <Waiting isRunning={action.isRunning}>{restore.working}</Waiting>
    </form>
  );
}

function RestoreFailure({
  error,
  number,
}: {
  readonly error: unknown;
  readonly number: string;
}): JSX.Element {
  const { common, record } = useMessages();
  const { kind } = failureOf(error);
  return (
    <FailureNotice error={error}>
      {(kind === 'seed_foreign' || kind === 'words') && (
        <a class="button" href={hrefTo('lost', number === '' ? {} : { number })}>
          {common.keyLost}
        </a>
      )}
      {kind === 'free' && (
        <a class="button" href={hrefTo('number')}>
          {record.claim}
        </a>
      )}
    </FailureNotice>
  );
}

function WordsField({ isBad }: { readonly isBad: boolean }): JSX.Element {
  const { restore } = useMessages();
  return (
    <div class="field">
      <label for="words">{restore.words}</label>
      <textarea
        id="words"
        name="words"
        rows={4}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        aria-invalid={isBad}
        aria-describedby="words-hint"
      />
      <p id="words-hint" class="hint">
        {restore.wordsHint}
      </p>
    </div>
  );
}

function FileFields({ isBad }: { readonly isBad: boolean }): JSX.Element {
  const { restore } = useMessages();
  return (
    <>
      <div class="field">
        <label for="file">{restore.file}</label>
        <input id="file" name="file" type="file" accept=".age,text/plain" />
      </div>
      <div class="field">
        <label for="passphrase">{restore.passphrase}</label>
        <input
          id="passphrase"
          name="passphrase"
          type="password"
          autocomplete="off"
          aria-invalid={isBad}
        />
      </div>
    </>
  );
}

async function chosenSeeds(fields: FormData): Promise<BackedUpSeed[]> {
  const file = fields.get('file');
  if (!(file instanceof File) || file.size === 0) {
    throw webError('file_missing', 'no file was chosen');
  }
  const { seedsOfFile } = await import('../holder/seeds-of-file.ts');
  return await seedsOfFile(file, textOf(fields, 'passphrase'));
}

/** Each that can be brought back is; what fails is told only when none could. */
async function restoreAll(holder: Holder, seeds: readonly BackedUpSeed[]): Promise<void> {
  let failed: unknown;
  let count = 0;
  for (const of of seeds) {
    try {
      await restoreNumber(holder, of);
      count += 1;
    } catch (error) {
      const isThisNumbers =
        isClientError(error) && ['identifier_free', 'seed_foreign'].includes(error.code);
      if (!isThisNumbers) throw error;
      failed = error;
    }
  }
  if (count === 0) throw failed ?? webError('file_other', 'there is no number in the file');
}

function textOf(fields: FormData, name: string): string {
  const value = fields.get(name);
  return typeof value === 'string' ? value : '';
}
