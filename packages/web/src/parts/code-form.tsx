/** One code: typed, pasted, or filled in by the browser out of the message. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { fill } from '../fill.ts';
import {
  clockOffMs,
  codeEndsAtMs,
  codePauseMs,
  readCode,
  type CodeAsk,
} from '../holder/code-run.ts';
import { useMessages } from '../messages.ts';
import { showNumber } from '../numbers/typed-number.ts';
import { TextField } from './text-field.tsx';
import { useNow } from './use-now.ts';
import { useWebOtp } from './use-web-otp.ts';

export interface CodeFormProps {
  readonly ask: CodeAsk;
  readonly onResend: () => void;
  readonly onOther: (() => void) | undefined;
  readonly otherMember: string;
}

export function CodeForm({ ask, onResend, onOther, otherMember }: CodeFormProps): JSX.Element {
  const { code } = useMessages();
  const { request, sentAtMs } = ask;
  const [text, setText] = useState('');
  const [isMalformed, setIsMalformed] = useState(false);
  const nowMs = useNow(1000);
  const endsAtMs = codeEndsAtMs(request.expiresAtMs, sentAtMs);
  const isOver = nowMs >= endsAtMs;
  const give = (typed: string): void => {
    const digits = readCode(typed);
    setIsMalformed(digits === undefined);
    if (digits === undefined) focusField();
    else ask.give(digits);
  };
  useWebOtp(ask, give);
  useEffect(focusField, []);
  const fault = isMalformed ? code.malformed : request.attempt > 1 ? code.wrong : undefined;
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!isOver) give(text);
      }}
    >
      <WhoSent ask={ask} />
      <div class="code-field">
        <TextField
          id="code"
          label={fill(code.label, { member: request.member })}
          hint={code.hint}
          fault={fault}
          value={text}
          onValue={(value) => {
            setIsMalformed(false);
            setText(value);
          }}
          input={{ inputMode: 'numeric', autocomplete: 'one-time-code', maxLength: 200 }}
        />
      </div>
      <p class="quiet countdown" role="timer">
        {isOver ? code.over : fill(code.left, { time: minutesAndSeconds(endsAtMs - nowMs) })}
      </p>
      <div class="actions">
        {isOver ? (
          <button type="button" class="primary" onClick={onResend}>
            {code.resend}
          </button>
        ) : (
          <button type="submit" class="primary">
            {code.check}
          </button>
        )}
      </div>
      <Resending
        waitMs={sentAtMs + codePauseMs - nowMs}
        onResend={onResend}
        onOther={onOther}
        otherMember={otherMember}
      />
    </form>
  );
}

function focusField(): void {
  document.querySelector<HTMLElement>('#code')?.focus();
}

/** Which member sent it, and whether this device's clock fits what it says. */
function WhoSent({ ask }: { readonly ask: CodeAsk }): JSX.Element {
  const { code } = useMessages();
  const { request, place, count, sentAtMs } = ask;
  const offMs = clockOffMs(request.expiresAtMs, sentAtMs);
  return (
    <>
      {count > 1 && <p class="quiet">{fill(code.several, { place, count })}</p>}
      <p>
        {fill(code.sent, { member: request.member, to: showNumber(request.to) })}{' '}
        <span class="quiet">{fill(code.names, { domain: request.domain })}</span>
      </p>
      {offMs > 0 && (
        <p class="notice" role="alert">
          {fill(code.clock, { minutes: Math.round(offMs / 60_000) })}
        </p>
      )}
    </>
  );
}

function Resending({
  waitMs,
  onResend,
  onOther,
  otherMember,
}: {
  readonly waitMs: number;
  readonly onResend: () => void;
  readonly onOther: (() => void) | undefined;
  readonly otherMember: string;
}): JSX.Element {
  const { code } = useMessages();
  const seconds = Math.ceil(waitMs / 1000);
  return (
    <details>
      <summary>{code.notHere}</summary>
      <p>{code.notHereText}</p>
      <div class="actions">
        <button type="button" disabled={seconds > 0} onClick={onResend}>
          {seconds > 0 ? fill(code.resendIn, { seconds }) : code.resend}
        </button>
        {onOther !== undefined && (
          <button type="button" onClick={onOther}>
            {fill(code.other, { member: otherMember })}
          </button>
        )}
      </div>
    </details>
  );
}

function minutesAndSeconds(leftMs: number): string {
  const seconds = Math.max(0, Math.ceil(leftMs / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
