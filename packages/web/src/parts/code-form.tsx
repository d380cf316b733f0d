/** One code: typed, pasted, or filled in by the browser out of the message. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { fill } from '../fill.ts';
import {
  clockAheadMs,
  codeEndsAtMs,
  codePauseMs,
  readCode,
  type CodeAsk,
} from '../holder/code-run.ts';
import { useMessages } from '../messages.ts';
import { showNumber } from '../numbers/typed-number.ts';
import { useNow } from './use-now.ts';
import { useWebOtp } from './use-web-otp.ts';

/** A clock that is so wrong is worth a word. */
const clockToleranceMs = 180_000;

export function CodeForm({
  ask,
  onResend,
  onOther,
  otherMember,
}: {
  readonly ask: CodeAsk;
  readonly onResend: () => void;
  readonly onOther: (() => void) | undefined;
  readonly otherMember: string;
}): JSX.Element {
  const { code } = useMessages();
  const { request, place, count } = ask;
  const [text, setText] = useState('');
  const [isMalformed, setIsMalformed] = useState(false);
  const [begunAtMs] = useState(() => Date.now());
  const nowMs = useNow(1000);
  const endsAtMs = codeEndsAtMs(request.expiresAtMs, begunAtMs);
  const isOver = nowMs >= endsAtMs;
  const give = (typed: string): void => {
    const digits = readCode(typed);
    setIsMalformed(digits === undefined);
    if (digits !== undefined) ask.give(digits);
  };
  useWebOtp(ask, give);
  const isWrong = request.attempt > 1 && !isMalformed;
  const hint = isMalformed ? code.malformed : isWrong ? code.wrong : code.hint;
  const aheadMs = clockAheadMs(request.expiresAtMs, begunAtMs);
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        give(text);
      }}
    >
      {count > 1 && <p class="quiet">{fill(code.several, { place, count })}</p>}
      <p>
        {fill(code.sent, { member: request.member, to: showNumber(request.to) })}{' '}
        <span class="quiet">{fill(code.names, { domain: request.domain })}</span>
      </p>
      {Math.abs(aheadMs) > clockToleranceMs && (
        <p class="notice" role="alert">
          {fill(code.clock, { minutes: Math.round(Math.abs(aheadMs) / 60_000) })}
        </p>
      )}
      <div class="field code-field">
        <label for="code">{fill(code.label, { member: request.member })}</label>
        <input
          id="code"
          name="code"
          inputMode="numeric"
          autocomplete="one-time-code"
          maxLength={200}
          autoFocus
          value={text}
          aria-invalid={isMalformed || isWrong}
          aria-describedby="code-hint"
          onInput={(event) => {
            setIsMalformed(false);
            setText(event.currentTarget.value);
          }}
        />
        <p
          id="code-hint"
          class="hint"
          data-tone={isMalformed || isWrong ? 'bad' : 'plain'}
          aria-live="polite"
        >
          {hint}
        </p>
      </div>
      <p class="quiet countdown" role="timer">
        {isOver ? code.over : fill(code.left, { time: minutesAndSeconds(endsAtMs - nowMs) })}
      </p>
      <div class="actions">
        <button type="submit" class="primary" disabled={isOver}>
          {code.check}
        </button>
      </div>
      <Resending
        waitMs={begunAtMs + codePauseMs - nowMs}
        onResend={onResend}
        onOther={onOther}
        otherMember={otherMember}
      />
    </form>
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
