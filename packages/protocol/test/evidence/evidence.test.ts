// Evidence against the vectors: who is convicted, and how near an honest member may come.
import { describe, expect, test } from 'vitest';
import { nodeCryptography as crypto } from '../../src/crypto/node.ts';
import { encodeEvidence, parseEvidence } from '../../src/evidence/evidence.ts';
import { verifyEvidence } from '../../src/evidence/verify-evidence.ts';
import { charterSet } from '../../src/fold/charter-set.ts';
import { readVectors } from '../read-vectors.ts';

describe('vectors of evidence', () => {
  test.each(readVectors('evidence'))('$name', ({ content }) => {
    const charters = charterSet(content.charters, crypto);
    if (charters.verdict !== 'accept') throw new Error(charters.message);
    const bytes = Uint8Array.fromHex(content.evidence);
    const verdict = verifyEvidence(bytes, charters.value, crypto);
    expect(verdict.verdict === 'accept' ? 'accept' : verdict.code).toBe(content.expect);
    // As it comes from a file or a request: in memory that a Buffer shares with others.
    const shared = Buffer.from(content.evidence, 'hex');
    expect(verifyEvidence(shared, charters.value, crypto)).toEqual(verdict);
    expect(shared.toHex()).toBe(content.evidence);
    if (verdict.verdict !== 'accept') return;
    expect(verdict.value.origins).toEqual(content.origins);
    expect(verdict.value.disputed).toEqual(content.disputed);
    const parsed = parseEvidence(bytes);
    if (parsed.verdict !== 'accept') throw new Error(parsed.message);
    expect(encodeEvidence(parsed.value).toHex()).toBe(content.evidence);
  });
});
