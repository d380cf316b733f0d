/**
 * What codes to numbers have cost in the past day, on disk, so that a member that is killed spends its
 * budget no second time. The file has a sum of codes and a sum of money for each hour, and nothing else.
 *
 * Sums are written ahead in steps: before a code goes out, at least as much is on disk as has been taken.
 * If we crash, all of the last step counts as spent; whoever stops in order writes what it was.
 */
import { open, readFile, rename } from 'node:fs/promises';

/** Sums of one hour since 1970. */
interface SpentHour {
  readonly hour: number;
  readonly codes: number;
  /** Thousandths of the operator's currency. */
  readonly thousandths: number;
}

export class SpentLedger implements AsyncDisposable {
  readonly #path: string;
  /** As the file has them. */
  #written: readonly SpentHour[];
  #latest: readonly SpentHour[];
  /** Writes one after another. */
  #tail: Promise<void> = Promise.resolve();

  private constructor(path: string, hours: readonly SpentHour[]) {
    this.#path = path;
    this.#written = hours;
    this.#latest = hours;
  }

  /** Reads what an earlier run wrote. What is not a ledger counts as none: it was not written by us. */
  static async open(path: string): Promise<SpentLedger> {
    return new SpentLedger(path, hoursIn(await textOf(path)));
  }

  /** What an earlier run has spent, or may have. */
  get hours(): readonly SpentHour[] {
    return this.#written;
  }

  /** Resolves when at least these sums are on disk; `step` more is written where they are not. */
  async secure(hours: readonly SpentHour[], step: Omit<SpentHour, 'hour'>): Promise<void> {
    this.#latest = hours;
    if (covers(this.#written, hours)) return;
    const written = this.#tail.then(async () => {
      // Another code has written enough meanwhile.
      if (!covers(this.#written, hours)) await this.#write(ahead(this.#latest, step));
    });
    this.#tail = written.catch(() => {});
    await written;
  }

  async #write(hours: readonly SpentHour[]): Promise<void> {
    await using file = await open(`${this.#path}.new`, 'w', 0o600);
    await file.writeFile(`${JSON.stringify(hours)}\n`);
    await file.sync();
    // If we crash here, the old file is whole, and what it lacks has not gone out.
    await rename(`${this.#path}.new`, this.#path);
    this.#written = hours;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tail;
    if (this.#latest !== this.#written) await this.#write(this.#latest);
  }
}

/** Hours that a window of a day reaches, and one more. */
const hoursMax = 26;

function hoursIn(text: string): readonly SpentHour[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return [];
  }
  return Array.isArray(parsed) ? parsed.filter(isHour).slice(-hoursMax) : [];
}

function isHour(value: unknown): value is SpentHour {
  if (typeof value !== 'object' || value === null) return false;
  const { hour, codes, thousandths } = value as Record<string, unknown>;
  return [hour, codes, thousandths].every((sum) => Number.isSafeInteger(sum) && Number(sum) >= 0);
}

function covers(written: readonly SpentHour[], hours: readonly SpentHour[]): boolean {
  return hours.every(({ hour, codes, thousandths }) => {
    const there = written.find((one) => one.hour === hour);
    return there !== undefined && there.codes >= codes && there.thousandths >= thousandths;
  });
}

/** The last hour is the one that goes on. */
function ahead(hours: readonly SpentHour[], step: Omit<SpentHour, 'hour'>): readonly SpentHour[] {
  return hours.map((one, at) =>
    at < hours.length - 1
      ? one
      : {
          hour: one.hour,
          codes: one.codes + step.codes,
          thousandths: one.thousandths + step.thousandths,
        },
  );
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}
