/** An encrypted file: saved, then chosen again and opened with the passphrase typed anew. */
import { encodeBackupFile, parseBackupFile } from '@callbook/client/backup';
import { bytesEqual, type Identifier } from '@callbook/protocol';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { webError } from '../errors.ts';
import { useMessages } from '../messages.ts';
import type { BackupProps } from './backup-words.tsx';
import { FailureNotice } from './failure-notice.tsx';
import { useAction } from './use-action.ts';

/** Four random words have more; what is shorter is guessed. */
const passphraseCharactersMin = 12;

/** What is backed up: a file names the number beside its seed. */
export interface BackupFileProps extends BackupProps {
  readonly identifier: Identifier;
}

export function BackupFile({ seed, identifier, onTested }: BackupFileProps): JSX.Element {
  const [isSaved, setIsSaved] = useState(false);
  if (isSaved) {
    return <FileTest seed={seed} onTested={onTested} onBack={() => setIsSaved(false)} />;
  }
  return <FileMaking seed={seed} identifier={identifier} onSaved={() => setIsSaved(true)} />;
}

function FileMaking({
  seed,
  identifier,
  onSaved,
}: {
  readonly seed: Uint8Array;
  readonly identifier: Identifier;
  readonly onSaved: () => void;
}): JSX.Element {
  const { backup, common } = useMessages();
  const [passphrase, setPassphrase] = useState('');
  const [isShort, setIsShort] = useState(false);
  const action = useAction();
  const submit = (event: Event): void => {
    event.preventDefault();
    setIsShort(passphrase.length < passphraseCharactersMin);
    if (passphrase.length < passphraseCharactersMin) return;
    action.run(async () => {
      saveFile('callbook-backup.age', await encodeBackupFile([{ identifier, seed }], passphrase));
      onSaved();
    });
  };
  return (
    <form noValidate onSubmit={submit}>
      <p>{backup.fileText}</p>
      <div class="field">
        <label for="passphrase">{backup.passphrase}</label>
        <input
          id="passphrase"
          type="password"
          autocomplete="new-password"
          value={passphrase}
          aria-invalid={isShort}
          aria-describedby="passphrase-hint"
          onInput={(event) => setPassphrase(event.currentTarget.value)}
        />
        <p
          id="passphrase-hint"
          class="hint"
          data-tone={isShort ? 'bad' : 'plain'}
          aria-live="polite"
        >
          {backup.passphraseHint}
        </p>
      </div>
      {action.error !== undefined && <FailureNotice error={action.error} />}
      <div class="actions">
        <button type="submit" class="primary" disabled={action.isRunning}>
          {backup.saveFile}
        </button>
      </div>
      <p role="status" class="waiting">
        {action.isRunning ? common.working : ''}
      </p>
    </form>
  );
}

function FileTest({
  seed,
  onTested,
  onBack,
}: BackupProps & { readonly onBack: () => void }): JSX.Element {
  const { backup, common } = useMessages();
  const action = useAction();
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const fields = new FormData(form);
    const file = fields.get('file');
    const given = fields.get('passphrase');
    const passphrase = typeof given === 'string' ? given : '';
    action.run(async () => {
      if (!(file instanceof File) || file.size === 0) {
        throw webError('file_missing', 'no file was chosen');
      }
      const seeds = await parseBackupFile(await file.text(), passphrase);
      if (!seeds.some((kept) => bytesEqual(kept.seed, seed))) {
        throw webError('file_other', 'the file has other keys');
      }
      await onTested();
    });
  };
  return (
    <form noValidate onSubmit={submit}>
      <h2>{backup.fileTestTitle}</h2>
      <p>{backup.fileTestText}</p>
      <div class="field">
        <label for="file">{backup.file}</label>
        <input id="file" name="file" type="file" accept=".age,text/plain" />
      </div>
      <div class="field">
        <label for="again">{backup.passphraseAgain}</label>
        <input id="again" name="passphrase" type="password" autocomplete="off" />
      </div>
      {action.error !== undefined && <FailureNotice error={action.error} />}
      <div class="actions">
        <button type="submit" class="primary" disabled={action.isRunning}>
          {backup.test}
        </button>
        <button type="button" onClick={onBack}>
          {backup.saveAgain}
        </button>
      </div>
      <p role="status" class="waiting">
        {action.isRunning ? common.working : ''}
      </p>
    </form>
  );
}

/** Hands a text over as a file to save. */
function saveFile(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has begun to read it by the next turn; ten seconds are for slow ones.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
