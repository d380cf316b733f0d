/**
 * Patches of a kept answer, in place. A kept answer has one question, and when the query had OPT ends
 * with an OPT record without options; its owners are pointers into the question.
 */
import { headerBytes, headerFlags } from '../wire/message.ts';
import { ednsOptionCodes } from '../wire/record-types.ts';
import { bareOptBytes, flagsClasses, optionHeadBytes } from './plain-query.ts';
import type { PlainQuery } from './plain-query.ts';

/** RFC 9018 §4: "16 bytes" of a server's after "8 bytes" of the client's. */
const cookieBytes = 24;
export const cookieOptionBytes: number = optionHeadBytes + cookieBytes;

const recursionDesired = headerFlags.recursionDesired >> 8;
const isResponse = headerFlags.isResponse >> 8;
const truncated = headerFlags.truncated >> 8;

/** Makes the answer to somebody else's query that of this one. */
export function readdress(answer: Uint8Array, query: Uint8Array, nameEnd: number): void {
  answer[0] = query[0]!;
  answer[1] = query[1]!;
  answer[2] = (answer[2]! & ~recursionDesired) | (query[2]! & recursionDesired);
  // The question repeats the query's case (draft-vixie-dnsext-dns0x20); owners point to it.
  for (let at = headerBytes; at < nameEnd; at += 1) answer[at] = query[at]!;
}

/** Appends a COOKIE option to the OPT record that ends at `size`. */
export function addCookie(answer: Uint8Array, size: number, cookie: Uint8Array): void {
  setOptionsBytes(answer, size, cookieOptionBytes);
  answer[size] = 0;
  answer[size + 1] = ednsOptionCodes.cookie;
  answer[size + 2] = 0;
  answer[size + 3] = cookieBytes;
  answer.set(cookie, size + optionHeadBytes);
}

/** Tells whether an answer ends with OPT with a COOKIE option alone. */
export function endsInCookie(answer: Uint8Array): boolean {
  const at = answer.length - cookieOptionBytes;
  return (
    at > headerBytes + bareOptBytes &&
    answer[at - 2] === 0 &&
    answer[at - 1] === cookieOptionBytes &&
    answer[at] === 0 &&
    answer[at + 1] === ednsOptionCodes.cookie
  );
}

/** Says how long the options are of the OPT record whose fixed part ends at `end`. */
export function setOptionsBytes(answer: Uint8Array, end: number, optionsBytes: number): void {
  answer[end - 2] = optionsBytes >> 8;
  answer[end - 1] = optionsBytes;
}

/** Leaves header, question and OPT, with TC: the short answer of the rate limit. Returns its size. */
export function cutToQuestion(answer: Uint8Array, size: number, plain: PlainQuery): number {
  const questionEnd = plain.nameEnd + 4;
  answer[2] = isResponse | truncated | (answer[2]! & recursionDesired);
  answer.fill(0, 6, headerBytes);
  answer[3] = 0;
  if (plain.flagsClass === flagsClasses.plain) return questionEnd;
  answer[headerBytes - 1] = 1;
  answer.copyWithin(questionEnd, size - bareOptBytes, size);
  return questionEnd + bareOptBytes;
}
