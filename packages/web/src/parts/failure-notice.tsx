/**
 * What went wrong, in plain words, and what to do next; said aloud when it appears. The code is for whoever
 * is asked for help. The screen gives the buttons, since it knows what can be tried again.
 */
import type { ComponentChildren, JSX } from 'preact';
import { failureOf } from '../failure.ts';
import { fill } from '../fill.ts';
import { useMessages } from '../messages.ts';

export function FailureNotice({
  error,
  children,
}: {
  readonly error: unknown;
  /** What can be done, as buttons and links. */
  readonly children?: ComponentChildren;
}): JSX.Element {
  const { failures } = useMessages();
  const { kind, code, member, seconds } = failureOf(error);
  const minutes = Math.max(1, Math.ceil((seconds ?? 3600) / 60));
  const values = { member: member ?? failures.aMember, minutes };
  const text = failures.kinds[kind];
  return (
    <div class="problem" role="alert" data-failure={kind}>
      <p>
        <strong>{fill(text.what, values)}</strong>
      </p>
      <p>{fill(text.next, values)}</p>
      {children !== undefined && <div class="actions">{children}</div>}
      <p class="quiet">
        {failures.code} <code>{code}</code>
      </p>
    </div>
  );
}
