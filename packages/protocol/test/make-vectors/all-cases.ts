/** Every vector that we write ourselves, and the folders that hold nothing else. */
import { bulkCases } from './bulk-cases.ts';
import { emailCases } from './email-cases.ts';
import { entryCases } from './entry-cases.ts';
import { evidenceCases } from './evidence-cases.ts';
import { foldCases } from './fold-cases.ts';
import { identifierCases } from './identifier-cases.ts';
import { indexCases } from './index-cases.ts';
import { keyCases } from './key-cases.ts';
import { leafCases } from './leaf-cases.ts';
import { logCases, logTopics } from './log-cases.ts';
import { payloadCases } from './payload-cases.ts';
import { recoveryCodeCases } from './recovery-code-cases.ts';
import { signatureCases } from './signature-cases.ts';
import type { VectorCase } from './vector-case.ts';

export const ownTopics: readonly string[] = [
  ...logTopics,
  'bulk',
  'email-commitments',
  'entries',
  'fold',
  'evidence',
  'identifiers',
  'index',
  'keys',
  'leaves',
  'payloads',
  'recovery-codes',
  'signatures',
];

/** Returns the cases of all topics. */
export function allCases(): VectorCase[] {
  return [
    ...bulkCases(),
    ...emailCases(),
    ...entryCases(),
    ...evidenceCases(),
    ...foldCases(),
    ...identifierCases(),
    ...indexCases(),
    ...keyCases(),
    ...leafCases(),
    ...logCases(),
    ...payloadCases(),
    ...recoveryCodeCases(),
    ...signatureCases(),
  ];
}
