/**
 * Which notices have been handed to a channel, on disk, so that each is handed over once whatever
 * happens. An id is written and synced before its message goes out; a message that was refused is
 * struck out again. If we crash between the two, the id stays: that notice may have gone out, or not,
 * and is not sent again. The file has ids and nothing of whom they were for.
 */
import { open, readFile, rename } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/** Ids remembered; the oldest leave first. */
const idsMax = 100_000;
const idPattern = /^[A-Za-z0-9._-]{1,128}$/;

export class SendJournal implements AsyncDisposable {
  readonly #path: string;
  readonly #begun: Set<string>;
  #file: FileHandle;
  #lineCount: number;
  /** Writes one after another. */
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(path: string, opened: { file: FileHandle; begun: Set<string> }) {
    this.#path = path;
    this.#file = opened.file;
    this.#begun = opened.begun;
    this.#lineCount = opened.begun.size;
  }

  /** Reads what an earlier run wrote; a last line that was cut off counts for nothing. */
  static async open(path: string): Promise<SendJournal> {
    const begun = new Set<string>();
    for (const line of (await textOf(path)).split('\n').slice(0, -1)) {
      const noticeId = line.slice(1);
      if (!idPattern.test(noticeId)) continue;
      if (line.startsWith('+')) begun.add(noticeId);
      else begun.delete(noticeId);
    }
    return new SendJournal(path, { file: await rewrite(path, begun), begun });
  }

  /** Takes an id before its message goes out; false when it was taken already. Durable when it resolves. */
  async begin(noticeId: string): Promise<boolean> {
    if (!idPattern.test(noticeId))
      throw new RangeError('a notice id is 1 to 128 characters of base64url, or full stops');
    if (this.#begun.has(noticeId)) return false;
    this.#begun.add(noticeId);
    if (this.#begun.size > idsMax) {
      const [oldest] = this.#begun;
      this.#begun.delete(oldest!);
    }
    try {
      await this.#append(`+${noticeId}\n`);
    } catch (error) {
      this.#begun.delete(noticeId);
      throw error;
    }
    return true;
  }

  /** Strikes an id out: its message was refused and may be tried again. */
  async refuse(noticeId: string): Promise<void> {
    this.#begun.delete(noticeId);
    await this.#append(`-${noticeId}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tail;
    await this.#file.close();
  }

  async #append(line: string): Promise<void> {
    const written = this.#tail.then(async () => {
      if (this.#lineCount >= 2 * idsMax) await this.#compact();
      await this.#file.appendFile(line);
      await this.#file.datasync();
      this.#lineCount += 1;
    });
    this.#tail = written.catch(() => {});
    await written;
  }

  async #compact(): Promise<void> {
    const file = await rewrite(this.#path, this.#begun);
    await this.#file.close();
    this.#file = file;
    this.#lineCount = this.#begun.size;
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

/** The new file is whole before it takes the old one's name: a crash leaves the one or the other. */
async function rewrite(path: string, begun: ReadonlySet<string>): Promise<FileHandle> {
  const file = await open(`${path}.new`, 'w', 0o600);
  await file.writeFile([...begun].map((noticeId) => `+${noticeId}\n`).join(''));
  await file.sync();
  await rename(`${path}.new`, path);
  return file;
}
