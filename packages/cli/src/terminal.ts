/**
 * The streams and the environment that a run of the command sees; the only place that touches the
 * process. Results go to standard output; progress, questions and errors to standard error.
 */
import { createInterface } from 'node:readline/promises';

export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadableStream;
  /** Whether a person can be asked: standard input and standard error are a terminal. */
  readonly interactive: boolean;
  /** Aborted when somebody stops the command: what goes on for ever then ends in order. */
  readonly stopped: AbortSignal;
  /** Whether progress is worth showing: standard error is a terminal. */
  readonly showsProgress: boolean;
  out(text: string | Uint8Array): void;
  err(text: string): void;
  /** Asks on standard error and returns the line that was typed. */
  ask(question: string): Promise<string>;
}

/** Returns the terminal of this process. */
export function processTerminal(): Terminal {
  const { env, stdin, stdout, stderr } = process;
  let stopping: AbortController | undefined;
  return {
    // Asked for by those commands alone that end by it: the others are stopped as ever.
    get stopped() {
      if (stopping === undefined) {
        const first = new AbortController();
        stopping = first;
        for (const signal of ['SIGINT', 'SIGTERM'] as const)
          process.once(signal, () => first.abort());
      }
      return stopping.signal;
    },
    env,
    stdin,
    interactive: stdin.isTTY && stderr.isTTY,
    showsProgress: stderr.isTTY,
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    ask: async (question) => {
      const lines = createInterface({ input: stdin, output: stderr });
      try {
        return await lines.question(question);
      } finally {
        lines.close();
      }
    },
  };
}
