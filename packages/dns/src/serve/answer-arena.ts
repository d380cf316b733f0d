/**
 * Memory for answers on their way out. An array buffer of its own costs more than making the answer,
 * so answers are cut from larger blocks, one after another; a block is freed when none is left of it
 * that somebody holds. Nothing is ever written twice.
 */
const blockBytes = 65_536;

export class AnswerArena {
  private block: Uint8Array;
  private used: number;

  constructor() {
    this.block = new Uint8Array(blockBytes);
    this.used = 0;
  }

  /** Returns a copy of `message`, at most 65 536 octets. */
  copyOf(message: Uint8Array): Uint8Array {
    if (this.used + message.length > blockBytes) {
      this.block = new Uint8Array(blockBytes);
      this.used = 0;
    }
    const copy = this.block.subarray(this.used, this.used + message.length);
    copy.set(message);
    this.used += message.length;
    return copy;
  }
}
