/** All vectors of logs, notes and charters. */
import { agreedCases } from './agreed-cases.ts';
import { foundingVector } from './charter-case.ts';
import { charterFieldCases } from './charter-field-cases.ts';
import { charterLimitCases } from './charter-limit-cases.ts';
import { charterNextCases } from './charter-next-cases.ts';
import { charterRuleCases } from './charter-rule-cases.ts';
import { checkpointCases } from './checkpoint-cases.ts';
import { noteCases } from './note-cases.ts';
import { tileCases } from './tile-cases.ts';
import type { VectorCase } from './vector-case.ts';

export const logTopics: readonly string[] = ['agreed', 'charter', 'notes', 'receipts', 'tiles'];

/** Returns the cases of `vectors/agreed`, `vectors/charter`, `vectors/notes`, `vectors/receipts`, `vectors/tiles`. */
export function logCases(): VectorCase[] {
  return [
    ...[...charterFieldCases(), ...charterLimitCases()].map(foundingVector),
    ...charterRuleCases(),
    ...charterNextCases(),
    ...noteCases(),
    ...checkpointCases(),
    ...agreedCases(),
    ...tileCases(),
  ];
}
