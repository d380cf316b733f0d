/**
 * Delivery receipts of SMPP 3.4: a `deliver_sm` that names a message by the id which its submission
 * got. Centres write it as parameters, as text (appendix B), or both; ids are compared as they come.
 */
import type { Pdu } from 'smpp';

export interface SmppReceipt {
  readonly messageId: string;
  readonly isDelivered: boolean;
}

/** §5.2.12: bits 5 to 2 of esm_class say that a short message is a receipt. */
const receiptMask = 0b0011_1100;
const receiptClass = 0b0000_0100;

/** §5.2.28: the states in which a message ends. */
const finalStates = new Map([
  [2, true],
  [3, false],
  [4, false],
  [5, false],
  [8, false],
]);
const finalWords = new Map([
  ['DELIVRD', true],
  ['EXPIRED', false],
  ['DELETED', false],
  ['UNDELIV', false],
  ['REJECTD', false],
]);

/** Reads a receipt of a final state; undefined for anything else. */
export function parseReceipt(pdu: Pdu): SmppReceipt | undefined {
  if (((pdu.esm_class ?? 0) & receiptMask) !== receiptClass) return undefined;
  const said = pdu.short_message?.message ?? '';
  const text = typeof said === 'string' ? said : said.toString('latin1');
  const messageId = pdu.receipted_message_id ?? /\bid:\s*([^\s]{1,65})/i.exec(text)?.[1];
  const word = /\bstat:\s*([A-Z]{7})/i.exec(text)?.[1]?.toUpperCase();
  const isDelivered = finalStates.get(pdu.message_state ?? 0) ?? finalWords.get(word ?? '');
  if (messageId === undefined || isDelivered === undefined) return undefined;
  return { messageId, isDelivered };
}

/** Messages that wait for a receipt. */
const expectedMax = 20_000;

/** Which message a receipt is of. Bounded: the oldest leave first, without a receipt. */
export class ReceiptTable {
  /** Message id of the centre → send id, oldest first. */
  readonly #expected = new Map<string, string>();

  expect(messageId: string, sendId: string): void {
    if (this.#expected.size >= expectedMax) {
      const [oldest] = this.#expected.keys();
      this.#expected.delete(oldest!);
    }
    this.#expected.set(messageId, sendId);
  }

  take(messageId: string): string | undefined {
    const sendId = this.#expected.get(messageId);
    this.#expected.delete(messageId);
    return sendId;
  }
}
