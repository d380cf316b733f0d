/**
 * Codes, from sending to what they were for. Whoever waits sees how long the code counts, may have it sent
 * again or by another member, and is told of everything that goes wrong beside the field or beneath it.
 */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { failureOf } from '../failure.ts';
import { fill } from '../fill.ts';
import { startRun, type RunPorts, type RunState } from '../holder/code-run.ts';
import { useMessages } from '../messages.ts';
import { CodeForm } from './code-form.tsx';
import { FailureNotice } from './failure-notice.tsx';
import { Waiting } from './waiting.tsx';

export interface CodeStepsProps {
  /**
   * Needs codes; `members` are asked first. `isAnew`: whoever waits wants other codes than those that may be
   * on their way. Rejects with what went wrong.
   */
  readonly task: (
    ports: RunPorts,
    of: { readonly members: readonly string[]; readonly isAnew: boolean },
  ) => Promise<void>;
  readonly onDone: () => void;
  /** The names of all members, the page's own first. */
  readonly members: readonly string[];
  /** Whether codes are sent at once; else a button does. */
  readonly isStarted: boolean;
  /** What the button says. */
  readonly startText: string;
  /** Further ways out of a failure, as buttons and links. */
  readonly waysOut?: (error: unknown) => ComponentChildren;
}

export function CodeSteps(props: CodeStepsProps): JSX.Element {
  const { task, onDone, members, isStarted, startText, waysOut } = props;
  const { code, common } = useMessages();
  const [run, setRun] = useState<RunState>();
  const [first, setFirst] = useState(members[0] ?? '');
  const stop = useRef<() => void>(undefined);
  const start = (member: string, isAnew: boolean): void => {
    stop.current?.();
    setFirst(member);
    const order = [member, ...members.filter((name) => name !== member)];
    stop.current = startRun(async (ports) => await task(ports, { members: order, isAnew }), setRun);
  };
  useEffect(() => {
    if (isStarted) start(first, false);
    return () => stop.current?.();
  }, []);
  useEffect(() => {
    if (run?.step === 'done') onDone();
  }, [run?.step]);
  const next = members[(members.indexOf(first) + 1) % members.length] ?? first;
  if (run === undefined) {
    return (
      <div class="actions">
        <button type="button" class="primary" onClick={() => start(first, true)}>
          {startText}
        </button>
      </div>
    );
  }
  if (run.step === 'code') {
    return (
      <CodeForm
        key={`${run.ask.request.member} ${run.ask.request.to}`}
        ask={run.ask}
        onResend={() => start(first, true)}
        onOther={next === first ? undefined : () => start(next, true)}
        otherMember={next}
      />
    );
  }
  if (run.step === 'failed') {
    const { kind } = failureOf(run.error);
    const isOther = next !== first && otherHelps.has(kind);
    return (
      <FailureNotice error={run.error}>
        <button type="button" class="primary" onClick={() => start(first, true)}>
          {sendsAnew.has(kind) ? code.resend : common.again}
        </button>
        {isOther && (
          <button type="button" onClick={() => start(next, true)}>
            {fill(code.other, { member: next })}
          </button>
        )}
        {waysOut?.(run.error)}
      </FailureNotice>
    );
  }
  return (
    <Waiting isRunning={run.step !== 'done'} otherwise={code.done}>
      {run.step === 'sending' && code.sending}
      {run.step === 'checking' && code.checking}
      {run.step === 'confirming' &&
        fill(run.needed === 0 ? code.confirming : code.confirmed, {
          count: run.count,
          needed: run.needed,
        })}
    </Waiting>
  );
}

const sendsAnew: ReadonlySet<string> = new Set(['code_gone', 'code_spent', 'code_wrong']);
const otherHelps: ReadonlySet<string> = new Set([
  'channel',
  'codes_limited',
  'lies',
  'not_served',
  'refused',
]);
