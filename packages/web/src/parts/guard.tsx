/**
 * Watches the numbers that this browser holds, whatever screen is shown, and says aloud what their holder
 * has not done. A request to take one over is refused with one press. It is loaded after the page is
 * there, and does nothing where nothing is held.
 */
import type { WatchEvent } from '@callbook/client';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { failureOf } from '../failure.ts';
import { fill } from '../fill.ts';
import { vetoRequest } from '../holder/changes.ts';
import { openHolder, type Holder } from '../holder/holder.ts';
import type { KeptNumber } from '../holder/kept-number.ts';
import { watchPeriodMs } from '../holder/watch-period.ts';
import { useMessages } from '../messages.ts';
import { showNumber } from '../numbers/typed-number.ts';
import { hrefTo } from '../router.ts';
import { FailureNotice } from './failure-notice.tsx';
import { showMoment } from './times.ts';
import { useAction } from './use-action.ts';

/** Something that is told until it is over, or closed. */
interface Alarm {
  readonly name: string;
  readonly number: KeptNumber;
  readonly event: Exclude<
    WatchEvent,
    { readonly kind: 'request_gone' | 'unreachable' | 'watching' }
  >;
}

export function Guard(): JSX.Element {
  const [holder, setHolder] = useState<Holder>();
  const [numbers, setNumbers] = useState<readonly KeptNumber[]>([]);
  useEffect(() => {
    let stop: (() => void) | undefined;
    let isWanted = true;
    openHolder().then(
      (opened) => {
        if (!isWanted) return;
        const show = (): void => setNumbers(opened.keeper.kept.numbers);
        stop = opened.keeper.onChange(show);
        setHolder(opened);
        show();
      },
      // The screen says why it cannot be opened.
      () => undefined,
    );
    return () => {
      isWanted = false;
      stop?.();
    };
  }, []);
  if (holder === undefined) return <></>;
  return (
    <>
      {numbers
        .filter(({ released }) => released === null)
        .map((number) => (
          <Watched key={number.holding.identifier} holder={holder} number={number} />
        ))}
    </>
  );
}

function Watched({
  holder,
  number,
}: {
  readonly holder: Holder;
  readonly number: KeptNumber;
}): JSX.Element {
  const [alarms, setAlarms] = useState<readonly Alarm[]>([]);
  const { identifier } = number.holding;
  useEffect(() => {
    const stop = new AbortController();
    void watchNumber(holder, number, { signal: stop.signal, setAlarms });
    return () => stop.abort();
  }, [identifier]);
  const close = (name: string): void =>
    setAlarms((before) => before.filter((alarm) => alarm.name !== name));
  return (
    <>
      {alarms.map((alarm) => (
        <AlarmNotice
          key={alarm.name}
          holder={holder}
          number={number}
          alarm={alarm}
          onClose={() => close(alarm.name)}
        />
      ))}
    </>
  );
}

async function watchNumber(
  { directory, keeper }: Holder,
  number: KeptNumber,
  to: {
    readonly signal: AbortSignal;
    readonly setAlarms: (change: (before: readonly Alarm[]) => readonly Alarm[]) => void;
  },
): Promise<void> {
  const { signal, setAlarms } = to;
  const { identifier } = number.holding;
  await directory.walk().catch(() => undefined);
  const periodMs = watchPeriodMs(directory.charter.holds);
  // The newest state of this browser, and what it is changing just now: one's own changes are no news.
  const own = (): [KeptNumber['holding'], ...KeptNumber['holding'][]] => {
    const now =
      keeper.kept.numbers.find(({ holding }) => holding.identifier === identifier) ?? number;
    return now.pending === null ? [now.holding] : [now.holding, now.pending.holding];
  };
  for await (const event of directory.watch(own, { periodMs, signal })) {
    if (event.kind === 'watching' || event.kind === 'unreachable') continue;
    if (event.kind === 'request_gone') {
      const gone = requestName(event.requestId);
      setAlarms((before) => before.filter(({ name }) => name !== gone));
      continue;
    }
    const name = event.kind === 'request' ? requestName(event.request.requestId) : nameOf(event);
    setAlarms((before) => [
      ...before.filter((alarm) => alarm.name !== name),
      { name, number, event },
    ]);
  }
}

function requestName(requestId: Uint8Array): string {
  return `request ${requestId.toHex()}`;
}

function nameOf(event: Exclude<Alarm['event'], { readonly kind: 'request' }>): string {
  return event.kind === 'member_differs' ? `${event.kind} ${event.member}` : event.kind;
}

interface AlarmProps {
  readonly holder: Holder;
  readonly number: KeptNumber;
  readonly alarm: Alarm;
  readonly onClose: () => void;
}

function AlarmNotice({ holder, number, alarm, onClose }: AlarmProps): JSX.Element {
  const { guard, common } = useMessages();
  const { event } = alarm;
  const shown = showNumber(number.holding.identifier);
  if (event.kind === 'request') {
    return <RequestAlarm holder={holder} number={number} alarm={alarm} onClose={onClose} />;
  }
  const texts = {
    rotated: guard.rotated,
    replaced: guard.replaced,
    released: guard.releasedAway,
    changed: guard.changed,
    absent: guard.absent,
    member_differs: guard.differs,
  };
  const member = event.kind === 'member_differs' ? event.member : '';
  const isTheft = event.kind === 'rotated' || event.kind === 'replaced';
  return (
    <div class="alert" role="alert" data-alarm={event.kind}>
      <p>{fill(texts[event.kind], { number: shown, member })}</p>
      <div class="actions">
        {isTheft && (
          <a class="button" href={hrefTo('lost', { number: number.holding.identifier })}>
            {common.keyLost}
          </a>
        )}
        <a class="button" href={hrefTo('record')}>
          {guard.look}
        </a>
        <button type="button" onClick={onClose}>
          {guard.close}
        </button>
      </div>
    </div>
  );
}

function RequestAlarm({ holder, number, alarm, onClose }: AlarmProps): JSX.Element {
  const { guard } = useMessages();
  const action = useAction();
  const [isRefused, setIsRefused] = useState(false);
  const { event } = alarm;
  if (event.kind !== 'request') throw new TypeError('only a request can be refused');
  const { requestId, commitFromMs } = event.request;
  const shown = showNumber(number.holding.identifier);
  if (isRefused) {
    return (
      <div class="success" role="status">
        <p>{fill(guard.refused, { number: shown })}</p>
        <button type="button" onClick={onClose}>
          {guard.close}
        </button>
      </div>
    );
  }
  const refuse = (): void =>
    action.run(async () => {
      await vetoRequest(holder, number, { requestId });
      setIsRefused(true);
    });
  const withCode = hrefTo('veto', {
    number: number.holding.identifier,
    request: requestId.toHex(),
  });
  const needsCode = action.error !== undefined && failureOf(action.error).kind === 'needs_codes';
  return (
    <div class="alert" role="alert" data-alarm="request">
      <p>
        <strong>{fill(guard.request, { number: shown })}</strong>
      </p>
      <p>{fill(guard.requestText, { time: showMoment(commitFromMs) })}</p>
      {action.error !== undefined && <FailureNotice error={action.error} />}
      <div class="actions">
        <button type="button" class="primary" disabled={action.isRunning} onClick={refuse}>
          {action.isRunning ? guard.refusing : guard.refuse}
        </button>
        {needsCode && (
          <a class="button" href={withCode}>
            {guard.withCode}
          </a>
        )}
        <button type="button" class="link" onClick={onClose}>
          {guard.me}
        </button>
      </div>
    </div>
  );
}
