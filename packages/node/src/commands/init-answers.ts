/**
 * The five answers that a member begins with: from options, from a person, or from what this machine
 * says of itself. Each is checked where it is given, so that nothing is written before all are good.
 */
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { createInterface } from 'node:readline';
import { DirectoryError } from '@callbook/protocol';
import type { NodeErrorCode } from '../errors.ts';

export interface InitAnswers {
  readonly name: string;
  readonly organisation: string;
  readonly legalForm: string;
  readonly zone: string;
  readonly addresses: readonly string[];
  readonly contact: string;
}

/** Answers that were given as options. */
export interface GivenAnswers {
  readonly name?: string;
  readonly organisation?: string;
  readonly zone?: string;
  readonly address?: readonly string[];
  readonly contact?: string;
}

/** Puts a question and returns the line that was typed; undefined when nobody types any more. */
export type Ask = (question: string) => Promise<string | undefined>;

interface Question {
  readonly option: string;
  readonly words: string;
  readonly expected: string;
  readonly isGood: (answer: string) => boolean;
}

const questions = {
  name: {
    option: '--name',
    words: 'Name of this member in the charter, such as delta',
    expected: 'small letters, digits and -, at most 32, a letter first',
    isGood: (answer) => /^[a-z][a-z0-9-]{0,31}$/.test(answer),
  },
  organisation: {
    option: '--organisation',
    words: 'Organisation that runs it and its legal form, such as Delta e.V., association',
    expected: 'a name, a comma and a legal form, printable, at most 128 characters each',
    isGood: (answer) => /^[^\p{Cc}]{1,128},\s*[^\p{Cc},]{1,128}$/u.test(answer),
  },
  zone: {
    option: '--zone',
    words: 'DNS zone that it serves, such as e164.delta.example',
    expected: 'a domain name of two labels or more, in small letters, without a final dot',
    isGood: (answer) =>
      answer.length <= 200 &&
      /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9][a-z0-9-]{0,61}[a-z0-9]$/.test(answer),
  },
  address: {
    option: '--address',
    words: 'Public IP addresses of this machine, with commas between them',
    expected: '1 to 8 IPv4 or IPv6 addresses',
    isGood: (answer) => {
      const addresses = listOf(answer);
      return (
        addresses.length >= 1 &&
        addresses.length <= 8 &&
        addresses.every((address) => isIP(address) !== 0)
      );
    },
  },
  contact: {
    option: '--contact',
    words: 'E-mail address of who runs it',
    expected: 'an e-mail address',
    isGood: (answer) => /^[^@\s<>"]{1,64}@[A-Za-z0-9.-]{1,180}$/.test(answer),
  },
} as const satisfies Record<string, Question>;

const attemptsMax = 3;

/** Collects the answers; without `ask`, defaults stand in for what is not given. Code: `init_answer_invalid`. */
export async function collectAnswers(
  given: GivenAnswers,
  ask: Ask | undefined,
): Promise<InitAnswers> {
  const answer = async (
    key: keyof typeof questions,
    option: string | undefined,
    preset?: string,
  ): Promise<string> => await answerTo(questions[key], { option, preset, ask });
  const name = await answer('name', given.name);
  const organisation = await answer('organisation', given.organisation);
  const zone = await answer('zone', given.zone);
  const addresses = await answer('address', given.address?.join(','), ownAddresses().join(', '));
  const domain = zone
    .split('.')
    .slice(zone.startsWith('e164.') ? 1 : 0)
    .join('.');
  const contact = await answer('contact', given.contact, `hostmaster@${domain}`);
  const comma = organisation.lastIndexOf(',');
  return {
    name,
    organisation: organisation.slice(0, comma).trim(),
    legalForm: organisation.slice(comma + 1).trim(),
    zone,
    addresses: listOf(addresses),
    contact,
  };
}

async function answerTo(
  { option: optionName, words, expected, isGood }: Question,
  from: {
    readonly option: string | undefined;
    readonly preset: string | undefined;
    readonly ask: Ask | undefined;
  },
): Promise<string> {
  const { option, preset, ask } = from;
  if (option !== undefined || ask === undefined) {
    const answer = (option ?? preset ?? '').trim();
    if (isGood(answer)) return answer;
    throw invalid(`${optionName}: ${expected}`);
  }
  const shown = preset === undefined || preset === '' ? '' : ` [${preset}]`;
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const again = attempt === 1 ? '' : `  (${expected})\n`;
    const typed = await ask(`${again}${words}${shown}: `);
    if (typed === undefined) break;
    const answer = typed.trim() === '' ? (preset ?? '') : typed.trim();
    if (isGood(answer)) return answer;
  }
  throw invalid(`no answer for ${optionName}: ${expected}`);
}

function listOf(answer: string): string[] {
  return answer
    .split(/[\s,]+/)
    .filter((part) => part !== '')
    .map((part) => part.trim());
}

/** Addresses that are not of this machine or this link alone; where it is behind NAT, they are not public. */
function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
    .map(({ address }) => address)
    .slice(0, 8);
}

/** Asks on the terminal, or whoever writes to standard input; lines that come early are kept. */
export function openQuestions(
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): Disposable & { readonly ask: Ask } {
  const lines = createInterface({ input, terminal: false });
  const typed = lines[Symbol.asyncIterator]();
  return {
    ask: async (question) => {
      output.write(question);
      const { value, done } = await typed.next();
      return done === true ? undefined : value;
    },
    [Symbol.dispose]: () => lines.close(),
  };
}

function invalid(message: string): DirectoryError<NodeErrorCode> {
  return new DirectoryError('init_answer_invalid', message);
}
