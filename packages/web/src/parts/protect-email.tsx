/** An e-mail address that shortens the way back: confirmed by a code, and kept nowhere. */
import { parseIdentifier, type Identifier } from '@callbook/protocol';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { fill } from '../fill.ts';
import { changeTerms } from '../holder/changes.ts';
import { useMessages } from '../messages.ts';
import { CodeSteps } from './code-steps.tsx';
import type { ProtectProps } from './protect-recovery.tsx';
import { TextField } from './text-field.tsx';
import { showDuration } from './times.ts';

export function ProtectEmail({ holder, number, holds }: ProtectProps): JSX.Element {
  const { protect } = useMessages();
  const [email, setEmail] = useState<Identifier>();
  const [isDone, setIsDone] = useState(false);
  const duration = showDuration(holds.emailMs);
  const { directory, member } = holder;
  const names = directory.members.map(({ name }) => name);
  return (
    <section aria-labelledby="email-title">
      <h2 id="email-title">{protect.email}</h2>
      <p>{fill(protect.emailText, { duration })}</p>
      {number.holding.email !== null && <p class="tone-good">{protect.emailOn}</p>}
      {isDone && (
        <p class="success" role="status">
          {fill(protect.emailDone, { duration: showDuration(holds.emailChangeMs) })}
        </p>
      )}
      {email === undefined ? (
        <EmailForm
          onEmail={(given) => {
            setIsDone(false);
            setEmail(given);
          }}
        />
      ) : (
        <CodeSteps
          task={async ({ code, onProgress }, { members }) => {
            const options = { email, form: 'digits', code, members, onProgress } as const;
            const commitment = await directory.commitEmail(number.holding, options);
            await changeTerms(holder, number, { email: commitment });
          }}
          onDone={() => {
            setEmail(undefined);
            setIsDone(true);
          }}
          members={[member, ...names.filter((name) => name !== member)]}
          isStarted
          startText={protect.emailGo}
        />
      )}
    </section>
  );
}

function EmailForm({ onEmail }: { readonly onEmail: (email: Identifier) => void }): JSX.Element {
  const { protect } = useMessages();
  const [text, setText] = useState('');
  const [isBad, setIsBad] = useState(false);
  const submit = (event: Event): void => {
    event.preventDefault();
    const read = parseIdentifier(`mailto:${text.trim().toLowerCase()}`);
    setIsBad(read.verdict !== 'accept');
    if (read.verdict === 'accept') onEmail(read.value);
  };
  return (
    <form noValidate onSubmit={submit}>
      <TextField
        id="email"
        label={protect.emailLabel}
        hint={protect.emailHint}
        fault={isBad ? protect.emailFault : undefined}
        value={text}
        onValue={setText}
        input={{ type: 'email', autocomplete: 'email' }}
      />
      <div class="actions">
        <button type="submit">{protect.emailGo}</button>
      </div>
    </form>
  );
}
