/** Queries as values: one question and a header at rest, for whoever asks rather than answers. */
import type { Message, Question } from './message.ts';
import { internetClass, opcodes, responseCodes } from './record-types.ts';

/** A query with one question; class IN, no flag, no OPT and id 0 unless `changes` says otherwise. */
export function queryMessage(
  { name, type, class: questionClass = internetClass }: Omit<Question, 'class'> & Partial<Question>,
  changes: Partial<Omit<Message, 'questions'>> = {},
): Message {
  return {
    id: 0,
    isResponse: false,
    opcode: opcodes.QUERY,
    authoritative: false,
    truncated: false,
    recursionDesired: false,
    recursionAvailable: false,
    authenticData: false,
    checkingDisabled: false,
    responseCode: responseCodes.NOERROR,
    answers: [],
    authorities: [],
    additionals: [],
    edns: undefined,
    ...changes,
    questions: [{ name, type, class: questionClass }],
  };
}
