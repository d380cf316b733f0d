/**
 * Where the codes of challenges come from: a person at the terminal, standard input, or the outbox
 * file of a development member. Never the command line: other users can read that.
 */
import { open, stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { CodeForm, CodeRequest, CodeSource } from '@callbook/client';
import { cliError } from './errors.ts';
import type { Terminal } from './terminal.ts';

/** Longest wait for a code in the outbox, and how often it is looked at. */
const outboxWaitMs = 30_000;
const outboxPollMs = 100;

export interface Codes {
  readonly form: CodeForm;
  readonly code: CodeSource;
  /** Called before a member is asked: codes that are there already belong to something else. */
  expectFresh(): Promise<void> | void;
}

export interface CodeSourceOptions {
  readonly form?: CodeForm | undefined;
  /** Path of an outbox of JSON lines `{to, text, code}`. */
  readonly codeFrom?: string | undefined;
  readonly codeStdin?: boolean | undefined;
}

/** Chooses the source. Throws `code_missing` when there is none, before any code is sent. */
export function openCodes(terminal: Terminal, options: CodeSourceOptions): Codes {
  if (options.codeFrom !== undefined) {
    return outboxCodes(options.codeFrom, options.form ?? 'app');
  }
  if (options.codeStdin === true) return stdinCodes(terminal, options.form ?? 'digits');
  if (terminal.interactive) return askedCodes(terminal, options.form ?? 'digits');
  throw cliError('code_missing', 'nobody is there to type the code that will arrive');
}

function askedCodes(terminal: Terminal, form: CodeForm): Codes {
  const code = (request: CodeRequest): Promise<string> => terminal.ask(`${questionFor(request)}: `);
  return { form, code, expectFresh: () => undefined };
}

const channelNames = { sms: 'SMS', email: 'e-mail', sip: 'SIP message' } as const;

function questionFor({ member, domain, channel, attempt }: CodeRequest): string {
  const again = attempt > 1 ? 'That was not it. ' : '';
  const named = domain === member ? member : `${member} (@${domain})`;
  return `${again}Code that ${named} sent by ${channelNames[channel]}`;
}

function stdinCodes(terminal: Terminal, form: CodeForm): Codes {
  return { form, code: () => readLine(terminal, 'a code'), expectFresh: () => undefined };
}

const openLines = new WeakMap<Terminal, AsyncIterator<string>>();

/** The next line of standard input; whoever reads first gets the first. Throws `code_missing`. */
export async function readLine(terminal: Terminal, what: string): Promise<string> {
  let lines = openLines.get(terminal);
  if (lines === undefined) {
    lines = createInterface({ input: terminal.stdin })[Symbol.asyncIterator]();
    openLines.set(terminal, lines);
  }
  const line = await lines.next();
  if (line.done === true) throw cliError('code_missing', `standard input ended without ${what}`);
  return line.value;
}

/** A code in the outbox. */
interface SentCode {
  readonly code: string;
  readonly text: string;
  /** Members that did not take it. */
  readonly refusedBy: Set<string>;
}

function outboxCodes(path: string, form: CodeForm): Codes {
  let offset = 0;
  /** Codes that no member has taken yet, by the address that they went to. */
  const waiting = new Map<string, SentCode[]>();
  let last: { request: CodeRequest; sent: SentCode } | undefined;
  const settleLast = ({ member, to, attempt }: CodeRequest): void => {
    if (last === undefined) return;
    const isRefused = attempt > 1 && last.request.member === member && last.request.to === to;
    if (isRefused) last.sent.refusedBy.add(member);
    else
      waiting.set(
        last.request.to,
        listAt(last.request.to).filter((sent) => sent !== last?.sent),
      );
    last = undefined;
  };
  const listAt = (to: string): SentCode[] => waiting.get(to) ?? [];
  const readOn = async (): Promise<void> => {
    const found = await readCodes(path, offset);
    offset = found.offset;
    for (const { to, ...sent } of found.codes) waiting.set(to, [...listAt(to), sent]);
  };
  return {
    form,
    async expectFresh() {
      offset = await sizeOf(path);
      waiting.clear();
    },
    async code(request) {
      settleLast(request);
      const deadlineMs = performance.now() + outboxWaitMs;
      for (;;) {
        await readOn();
        const sent = chooseCode(listAt(request.to), request);
        if (sent !== undefined) {
          last = { request, sent };
          return sent.code;
        }
        if (performance.now() > deadlineMs) {
          throw cliError('code_missing', `no code came to the outbox within ${outboxWaitMs} ms`);
        }
        await new Promise((resolve) => {
          setTimeout(resolve, outboxPollMs);
        });
      }
    },
  };
}

/** A code names its member's domain; where members share one, they are tried one after the other. */
function chooseCode(sent: readonly SentCode[], request: CodeRequest): SentCode | undefined {
  const untried = sent.filter(({ refusedBy }) => !refusedBy.has(request.member));
  return untried.find(({ text }) => text.includes(`@${request.domain} #`)) ?? untried[0];
}

async function sizeOf(path: string): Promise<number> {
  // The file is made with the first message.
  const found = await stat(path).catch(() => undefined);
  return found?.size ?? 0;
}

/** Reads the codes from `offset` on; whole lines only. */
async function readCodes(
  path: string,
  offset: number,
): Promise<{ offset: number; codes: (SentCode & { to: string })[] }> {
  const size = await sizeOf(path);
  if (size <= offset) return { offset, codes: [] };
  const handle = await open(path, 'r');
  const bytes = Buffer.alloc(size - offset);
  try {
    await handle.read(bytes, 0, bytes.length, offset);
  } finally {
    await handle.close();
  }
  const end = bytes.lastIndexOf(0x0a) + 1;
  const lines = bytes.toString('utf8', 0, end).split('\n').slice(0, -1);
  return { offset: offset + end, codes: lines.flatMap(codeIn) };
}

function codeIn(line: string): (SentCode & { to: string })[] {
  try {
    const { to, code, text } = JSON.parse(line) as Record<string, unknown>;
    if (typeof to !== 'string' || typeof code !== 'string' || typeof text !== 'string') return [];
    return [{ to, code, text, refusedBy: new Set() }];
  } catch {
    return [];
  }
}
