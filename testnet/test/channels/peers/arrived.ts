/**
 * What people would read on their telephones, collected into one file of JSON lines, as a member's outbox
 * has them, so that `callbook --code-from` reads it.
 */
import { appendFile, readFile } from 'node:fs/promises';

export interface Arrived {
  readonly to: string;
  readonly text: string;
  readonly code: string;
  /** How it came, by SMS, or by SIP to a number. */
  readonly by?: string;
  /** How it came, by mail. */
  readonly received?: string;
}

export async function appendArrived(
  inbox: string,
  to: string,
  text: string,
  more: Pick<Arrived, 'by' | 'received'> = {},
): Promise<void> {
  const code = /#(\S+)\s*$/.exec(text)?.[1];
  await appendFile(inbox, `${JSON.stringify({ to, text: text.trim(), code, ...more })}\n`);
}

/** Reads all that has arrived, oldest first. */
export async function readArrived(inbox: string): Promise<Arrived[]> {
  const lines = (await readFile(inbox, 'utf8')).trim().split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Arrived);
}
