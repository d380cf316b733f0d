/**
 * Message → bytes, for queries and tests; the responder drives `MessageWriter` itself. A message
 * over the limit is an answer without its records and with TC, its question and OPT kept.
 */
import { messageBytesMax } from './message.ts';
import type { Message } from './message.ts';
import { MessageWriter, optBytes } from './message-writer.ts';
import type { Section } from './message-writer.ts';

/** One buffer for all messages, each copied out at its real size. */
const writer = new MessageWriter(new Uint8Array(messageBytesMax));

const sections: readonly Section[] = ['answers', 'authorities', 'additionals'];

/**
 * Encodes a message into at most `sizeMax` octets (65535 unless told). Preconditions: numbers fit their
 * fields, and header, questions and OPT fit the limit.
 */
export function encodeMessage(message: Message, sizeMax: number = messageBytesMax): Uint8Array {
  writer.begin(message, sizeMax);
  for (const question of message.questions) writer.question(question);
  const afterQuestions = writer.mark();
  const reserved = message.edns === undefined ? 0 : optBytes(message.edns);
  writer.reserve(reserved);
  for (const section of sections)
    for (const record of message[section]) writer.record(section, record, record.rdata);
  if (writer.overflowed) writer.truncateTo(afterQuestions);
  writer.release(reserved);
  if (message.edns !== undefined) writer.opt(message.edns, message.responseCode);
  return writer.finish().slice();
}
