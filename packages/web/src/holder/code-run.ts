/**
 * Something that needs codes, step by step as a screen shows it: they are sent, asked for one after the
 * other, checked, and then members confirm an entry. It can be stopped while a code is awaited, as for
 * sending another; nothing has been signed then.
 */
import type { CodeRequest, CodeSource, OnProgress } from '@callbook/client';
import { webError } from '../errors.ts';

/** A code that a person has to type. */
export interface CodeAsk {
  readonly request: CodeRequest;
  /** Which of the codes it is, from 1, and how many there are. */
  readonly place: number;
  readonly count: number;
  /** By this device's clock. */
  readonly sentAtMs: number;
  readonly give: (code: string) => void;
}

/** Where a run is. */
export type RunState =
  | { readonly step: 'sending' }
  | { readonly step: 'code'; readonly ask: CodeAsk }
  | { readonly step: 'checking' }
  /** Members confirm: so many of so many. */
  | { readonly step: 'confirming'; readonly count: number; readonly needed: number }
  | { readonly step: 'failed'; readonly error: unknown }
  | { readonly step: 'done' };

/** What a run is given to ask for codes, and to tell how far it is. */
export interface RunPorts {
  readonly code: CodeSource;
  readonly onProgress: OnProgress;
}

/** Runs `task` and shows each state; what is returned stops it while a code is awaited. */
export function startRun(
  task: (ports: RunPorts) => Promise<void>,
  show: (state: RunState) => void,
): () => void {
  let stopped = false;
  let abandon: (() => void) | undefined;
  const showing = (state: RunState): void => {
    if (!stopped) show(state);
  };
  let asked: readonly string[] = [];
  let sentAtMs = Date.now();
  const answered = new Set<string>();
  const code: CodeSource = async (request) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    abandon = () => reject(webError('code_abandoned', 'another code is asked for'));
    if (stopped) abandon();
    // A number and an e-mail address at one member are two codes.
    answered.add(`${request.member} ${request.to}`);
    const place = answered.size;
    const count = Math.max(asked.length, place);
    showing({ step: 'code', ask: { request, place, count, sentAtMs, give: resolve } });
    const given = await promise;
    showing({ step: 'checking' });
    return given;
  };
  const onProgress: OnProgress = (progress) => {
    if (progress.step === 'codes_sent') {
      asked = [...new Set([...asked, ...progress.members])];
      sentAtMs = Date.now();
    }
    if (progress.step === 'posting') showing({ step: 'confirming', count: 0, needed: 0 });
    if (progress.step === 'receipts') {
      showing({ step: 'confirming', count: progress.count, needed: progress.needed });
    }
  };
  showing({ step: 'sending' });
  task({ code, onProgress }).then(
    () => showing({ step: 'done' }),
    (error: unknown) => showing({ step: 'failed', error }),
  );
  return () => {
    stopped = true;
    abandon?.();
  };
}

/** Eight digits, however they were typed or pasted; undefined for anything else. */
export function readCode(text: string): string | undefined {
  const digits = text.normalize('NFKC').replaceAll(/[\s-]/g, '');
  // A whole message that was pasted has the code behind its last `#`.
  const pasted = /#(\d{8})$/.exec(digits)?.[1];
  return /^\d{8}$/.test(digits) ? digits : pasted;
}

/** How long a code can be answered, as the specification of challenges has it. */
export const codeLifeMs = 600_000;
/** A member sends the next code to one number after so long. */
export const codePauseMs = 30_000;

/**
 * When a code runs out, by this device's clock. The member says when by its own; where the two clocks are
 * so far apart that this makes no sense, ten minutes from now are meant.
 */
export function codeEndsAtMs(expiresAtMs: number, nowMs: number): number {
  const leftMs = expiresAtMs - nowMs;
  return leftMs > 0 && leftMs <= codeLifeMs ? expiresAtMs : nowMs + codeLifeMs;
}

/** A clock that is so wrong is worth a word. */
const clockToleranceMs = 180_000;

/**
 * How far this device's clock is off, in milliseconds, where a code shows it; 0 where it may be right. A code
 * that was sent before a reload has less time left, so that a clock that is a little ahead cannot be told.
 */
export function clockOffMs(expiresAtMs: number, nowMs: number): number {
  const leftMs = expiresAtMs - nowMs;
  const isPossible = leftMs > 0 && leftMs <= codeLifeMs + clockToleranceMs;
  return isPossible ? 0 : Math.abs(codeLifeMs - leftMs);
}
