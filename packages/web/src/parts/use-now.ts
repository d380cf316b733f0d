/** The time, again and again: for countdowns and timelines. */
import { useEffect, useState } from 'preact/hooks';

/** Milliseconds since 1970 by this device, at least every `everyMs`. */
export function useNow(everyMs: number): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return nowMs;
}
