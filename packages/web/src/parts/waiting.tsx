/** What is waited for, said aloud; its room is there always, so that nothing moves. A slow network is spoken of. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useMessages } from '../messages.ts';

/** After that a slow network is spoken of. */
const slowAfterMs = 4000;

export function Waiting({
  isRunning,
  children,
  otherwise = '',
}: {
  readonly isRunning: boolean;
  /** What is being done. */
  readonly children: ComponentChildren;
  /** What is said while nothing runs. */
  readonly otherwise?: string;
}): JSX.Element {
  const { common } = useMessages();
  const isSlow = useSlow(isRunning);
  return (
    <p role="status" class="waiting">
      {isRunning ? children : otherwise}
      {isSlow && <span class="slow"> {common.slow}</span>}
    </p>
  );
}

/** Whether something runs for longer than one expects it to. */
function useSlow(isRunning: boolean): boolean {
  const [isSlow, setIsSlow] = useState(false);
  useEffect(() => {
    setIsSlow(false);
    if (!isRunning) return undefined;
    const timer = setTimeout(() => setIsSlow(true), slowAfterMs);
    return () => clearTimeout(timer);
  }, [isRunning]);
  return isSlow;
}
