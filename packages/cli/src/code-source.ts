/**
 * Where the codes of challenges come from: a person at the terminal, standard input, or the outbox
 * file of a development member. Never the command line: other users can read that.
 */
import { open, stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { CodeForm, CodeRequest, CodeSource } from '@callbook/client';
import type { Identifier } from '@callbook/protocol';
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
  readonly identifier: Identifier;
  readonly form?: CodeForm | undefined;
  /** Path of an outbox of JSON lines `{to, text, code}`. */
  readonly codeFrom?: string | undefined;
  readonly codeStdin?: boolean | undefined;
}

/** Chooses the source. Throws `code_missing` when there is none, before any code is sent. */
export function openCodes(terminal: Terminal, options: CodeSourceOptions): Codes {
  if (options.codeFrom !== undefined) {
    return outboxCodes(options.codeFrom, options.identifier, options.form ?? 'app');
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

function questionFor({ member, channel, attempt }: CodeRequest): string {
  const again = attempt > 1 ? 'That was not it. ' : '';
  return `${again}Code that ${member} sent by ${channelNames[channel]}`;
}

function stdinCodes(terminal: Terminal, form: CodeForm): Codes {
  let lines: AsyncIterator<string> | undefined;
  const code = async (): Promise<string> => {
    lines ??= createInterface({ input: terminal.stdin })[Symbol.asyncIterator]();
    const line = await lines.next();
    if (line.done === true) throw cliError('code_missing', 'standard input ended without a code');
    return line.value;
  };
  return { form, code, expectFresh: () => undefined };
}

function outboxCodes(path: string, identifier: Identifier, form: CodeForm): Codes {
  let offset = 0;
  return {
    form,
    async expectFresh() {
      offset = await sizeOf(path);
    },
    async code() {
      const deadlineMs = performance.now() + outboxWaitMs;
      for (;;) {
        const found = await nextCode(path, { offset, identifier });
        offset = found.offset;
        if (found.code !== undefined) return found.code;
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

async function sizeOf(path: string): Promise<number> {
  // The file is made with the first message.
  const found = await stat(path).catch(() => undefined);
  return found?.size ?? 0;
}

/** Reads on from `offset` to the next code for `identifier`; whole lines only. */
async function nextCode(
  path: string,
  from: { offset: number; identifier: Identifier },
): Promise<{ offset: number; code?: string }> {
  const size = await sizeOf(path);
  if (size <= from.offset) return { offset: from.offset };
  const handle = await open(path, 'r');
  const bytes = Buffer.alloc(size - from.offset);
  try {
    await handle.read(bytes, 0, bytes.length, from.offset);
  } finally {
    await handle.close();
  }
  let { offset } = from;
  for (;;) {
    const end = bytes.indexOf(0x0a, offset - from.offset);
    if (end < 0) return { offset };
    const line = bytes.toString('utf8', offset - from.offset, end);
    offset = from.offset + end + 1;
    const code = codeIn(line, from.identifier);
    if (code !== undefined) return { offset, code };
  }
}

function codeIn(line: string, identifier: Identifier): string | undefined {
  try {
    const { to, code } = JSON.parse(line) as { to?: unknown; code?: unknown };
    return to === identifier && typeof code === 'string' ? code : undefined;
  } catch {
    return undefined;
  }
}
