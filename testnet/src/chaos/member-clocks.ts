/** Clocks of members that can be set while they run: each process reads from a file how far its own is off. */
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MemberLayout } from '../layout.ts';

export class MemberClocks {
  readonly #files: ReadonlyMap<string, string>;

  private constructor(files: ReadonlyMap<string, string>) {
    this.#files = files;
  }

  /** Every clock is right. */
  static async open(members: readonly MemberLayout[]): Promise<MemberClocks> {
    const files = members.map(({ name, folder }) => [name, join(folder, 'clock-ms')] as const);
    const clocks = new MemberClocks(new Map(files));
    for (const { name } of members) await clocks.set(name, 0);
    return clocks;
  }

  /** What a member's process needs in its environment. */
  variables(name: string): NodeJS.ProcessEnv {
    const preload = `--import=${join(import.meta.dirname, 'member-preload.ts')}`;
    return {
      MOVED_CLOCK_FILE: this.#files.get(name)!,
      NODE_OPTIONS: [process.env['NODE_OPTIONS'], preload].filter(Boolean).join(' '),
    };
  }

  /** Sets a member's clock this far off; it jumps within 10 ms. */
  async set(name: string, offMs: number): Promise<void> {
    const file = this.#files.get(name)!;
    // Whole, as nobody may read half a number.
    await writeFile(`${file}.new`, String(offMs));
    await rename(`${file}.new`, file);
  }

  async setAllRight(): Promise<void> {
    for (const name of this.#files.keys()) await this.set(name, 0);
  }
}
