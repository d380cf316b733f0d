/** What the client costs those who embed it: what a page loads, validation, look-ups at a federation. */
import { benchLookups } from './client-lookups.ts';
import { benchPage } from './client-page.ts';
import { benchValidation } from './client-validation.ts';
import type { Measurement } from './measurement.ts';

/** Measures the client. */
export async function benchClient(say: (line: string) => void): Promise<Measurement[]> {
  return [...(await benchPage()), ...(await benchValidation(say)), ...(await benchLookups(say))];
}
