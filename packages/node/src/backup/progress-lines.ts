/** How far a copy has come, as a line every two seconds: bytes, rate and time left. */
import type { BackupManifest } from './backup-manifest.ts';
import type { BackupProgress } from './make-backup.ts';

const everyMs = 2000;

export class ProgressLines {
  readonly #say: (line: string) => unknown;
  readonly #bytesTotal: number;
  readonly #startedAtMs = performance.now();
  #bytesDone = 0;
  #saidAtMs = performance.now();

  constructor(say: (line: string) => unknown, bytesTotal = 0) {
    this.#say = say;
    this.#bytesTotal = bytesTotal;
  }

  /** For whoever reads all files of a backup. */
  static of({ files }: BackupManifest, say: (line: string) => unknown): ProgressLines {
    const bytesTotal = files.reduce((sum, { size }) => sum + size, 0);
    return new ProgressLines(say, bytesTotal);
  }

  add(bytes: number): void {
    this.#bytesDone += bytes;
    const elapsedMs = performance.now() - this.#startedAtMs;
    this.note({ bytesDone: this.#bytesDone, bytesTotal: this.#bytesTotal, elapsedMs });
  }

  note(progress: BackupProgress): void {
    const nowMs = performance.now();
    if (nowMs - this.#saidAtMs < everyMs) return;
    this.#saidAtMs = nowMs;
    this.#say(`${progressLine(progress)}\n`);
  }
}

/** `312 of 1204 MiB, 104 MiB/s, 9 s left`. */
export function progressLine({ bytesDone, bytesTotal, elapsedMs }: BackupProgress): string {
  const mebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20);
  const bytesPerMs = bytesDone / Math.max(1, elapsedMs);
  const leftSeconds = Math.ceil((bytesTotal - bytesDone) / Math.max(1, bytesPerMs) / 1000);
  const rate = mebibytes(bytesPerMs * 1000);
  return `${mebibytes(bytesDone)} of ${mebibytes(bytesTotal)} MiB, ${rate} MiB/s, ${leftSeconds} s left`;
}
