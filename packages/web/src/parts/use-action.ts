/** One thing at a time that a button starts: whether it runs, and what it has thrown. */
import { useEffect, useRef, useState } from 'preact/hooks';

export interface Action {
  readonly isRunning: boolean;
  /** What the last run has thrown. */
  readonly error: unknown;
  readonly run: (task: () => Promise<void>) => void;
  readonly clear: () => void;
}

export function useAction(): Action {
  const [state, setState] = useState<{ isRunning: boolean; error: unknown }>({
    isRunning: false,
    error: undefined,
  });
  const isThere = useRef(true);
  useEffect(() => {
    isThere.current = true;
    return () => {
      isThere.current = false;
    };
  }, []);
  const end = (error: unknown): void => {
    if (isThere.current) setState({ isRunning: false, error });
  };
  return {
    ...state,
    run: (task) => {
      if (state.isRunning) return;
      setState({ isRunning: true, error: undefined });
      task().then(() => end(undefined), end);
    },
    clear: () => setState({ isRunning: false, error: undefined }),
  };
}
