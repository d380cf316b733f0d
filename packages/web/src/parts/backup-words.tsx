/** 24 words for paper, and three of them asked back. */
import { encodeBackupWords } from '@callbook/client/backup';
import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { fill } from '../fill.ts';
import { quizPlaces, wrongPlaces } from '../holder/backup-quiz.ts';
import { useMessages } from '../messages.ts';
import { FailureNotice } from './failure-notice.tsx';
import { TextField } from './text-field.tsx';
import { useAction } from './use-action.ts';

export interface BackupProps {
  /** 32 bytes. */
  readonly seed: Uint8Array;
  readonly onTested: () => Promise<void>;
}

export function BackupWords({ seed, onTested }: BackupProps): JSX.Element {
  const { backup } = useMessages();
  const words = useMemo(() => encodeBackupWords(seed).split(' '), [seed]);
  const [stage, setStage] = useState<'hidden' | 'quiz' | 'shown'>('hidden');
  if (stage === 'quiz') {
    return <WordsQuiz words={words} onTested={onTested} onBack={() => setStage('shown')} />;
  }
  return (
    <>
      <p>{backup.wordsText}</p>
      {stage === 'hidden' ? (
        <div class="actions">
          <button type="button" class="primary" onClick={() => setStage('shown')}>
            {backup.showWords}
          </button>
        </div>
      ) : (
        <>
          <ol class="words" translate={false} aria-label={backup.wordsLabel}>
            {words.map((word, place) => (
              <li key={place}>{word}</li>
            ))}
          </ol>
          <div class="actions">
            <button type="button" class="primary" onClick={() => setStage('quiz')}>
              {backup.written}
            </button>
          </div>
        </>
      )}
    </>
  );
}

function WordsQuiz({
  words,
  onTested,
  onBack,
}: {
  readonly words: readonly string[];
  readonly onTested: () => Promise<void>;
  readonly onBack: () => void;
}): JSX.Element {
  const { backup } = useMessages();
  const [places] = useState(() => quizPlaces());
  const [typed, setTyped] = useState<Readonly<Record<number, string>>>({});
  const [wrong, setWrong] = useState<readonly number[]>([]);
  const action = useAction();
  useEffect(() => document.querySelector<HTMLElement>(`#word-${places[0]}`)?.focus(), []);
  const submit = (event: Event): void => {
    event.preventDefault();
    const all = Object.fromEntries(places.map((place) => [place, typed[place] ?? '']));
    const found = wrongPlaces(words, all);
    setWrong(found);
    if (found.length === 0) action.run(onTested);
    else document.querySelector<HTMLElement>(`#word-${found[0]}`)?.focus();
  };
  return (
    <form noValidate onSubmit={submit}>
      <h2>{backup.quizTitle}</h2>
      <p>{backup.quizText}</p>
      {places.map((place) => (
        <TextField
          key={place}
          id={`word-${place}`}
          label={fill(backup.word, { place })}
          hint=""
          fault={wrong.includes(place) ? backup.wrongWord : undefined}
          value={typed[place] ?? ''}
          onValue={(word) => setTyped({ ...typed, [place]: word })}
        />
      ))}
      {action.error !== undefined && <FailureNotice error={action.error} />}
      <div class="actions">
        <button type="submit" class="primary" disabled={action.isRunning}>
          {backup.test}
        </button>
        <button type="button" onClick={onBack}>
          {backup.seeWords}
        </button>
      </div>
    </form>
  );
}
