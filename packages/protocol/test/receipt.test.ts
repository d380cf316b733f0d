import { describe, expect, test } from 'vitest';
import { nodeCryptography as crypto } from '../src/crypto/node.ts';
import { parseVerifierKey } from '../src/notes/verifier-key.ts';
import { encodeReceiptJson, parseReceiptJson, verifyReceipt } from '../src/receipt.ts';
import { readVectors } from './read-vectors.ts';

describe('vectors of receipts', () => {
  test.each(readVectors('receipts'))('$name', ({ content }) => {
    const logKey = parseVerifierKey(content.logKey);
    if (logKey.verdict !== 'accept') throw new Error(logKey.message);
    const receipt = parseReceiptJson(content.receipt);
    if (receipt.verdict !== 'accept') {
      expect(receipt.code).toBe(content.expect);
      return;
    }
    expect(encodeReceiptJson(receipt.value)).toEqual(content.receipt);
    const verdict = verifyReceipt(receipt.value, logKey.value, crypto);
    if (verdict.verdict === 'accept') expect(verdict.value).toEqual(receipt.value.leaf);
    expect(verdict.verdict === 'accept' ? 'accept' : verdict.code).toBe(content.expect);
  });
});

describe('receipts in JSON', () => {
  test.each([null, 7, 'text', [], {}, { origin: 'a' }])('are not %o', (value) => {
    expect(parseReceiptJson(value)).toMatchObject({ code: 'receipt_malformed' });
  });
});
