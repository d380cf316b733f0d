/** The least a responder can do: every query gets its own question back and one TXT record, 200 octets. */
import type { WorkerResponder } from '@callbook/dns';

const answerBytes = 200;
const headerBytes = 12;
/** Pointer to the name of the question, TXT, IN, 300 s. */
const recordStart = Uint8Array.of(0xc0, 0x0c, 0, 16, 0, 1, 0, 0, 1, 44);

export function createWorkerResponder(): WorkerResponder {
  return {
    respondInto(query, out) {
      const questionEnd = endOfQuestion(query);
      for (let index = 0; index < questionEnd; index += 1) out[index] = query[index]!;
      const textBytes = answerBytes - questionEnd - recordStart.length - 3;
      if (questionEnd === 0 || textBytes < 0) return 0;
      // A response, authoritative; one question, one answer.
      out[2] = 0x84;
      out[3] = 0;
      out[7] = 1;
      out.fill(0, 8, headerBytes);
      out.set(recordStart, questionEnd);
      let at = questionEnd + recordStart.length;
      out[at++] = 0;
      out[at++] = textBytes + 1;
      out[at++] = textBytes;
      out.fill(0x78, at, answerBytes);
      return answerBytes;
    },
  };
}

/** Returns 0 for what is not a question. */
function endOfQuestion(query: Uint8Array): number {
  let at = headerBytes;
  while (at < query.length && query[at] !== 0) at += 1 + query[at]!;
  return at + 5 <= query.length ? at + 5 : 0;
}
