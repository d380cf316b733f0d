/**
 * Stands between each honest member and its log key, and so sees everything that it ever signs, sent
 * or not: two roots for one size, signed or cosigned; a smaller tree cosigned after a larger one; and
 * two index roots for one vector among all members.
 */
import type { Ed25519Signer } from '@callbook/protocol';
import type { World } from './world.ts';

interface SignedRoot {
  /** What the root was signed over. */
  readonly over: string;
  readonly root: string;
  /** The invariant that another root for the same breaks. */
  readonly broken: string;
}

export class SignatureWatch {
  readonly #world: World;
  /** Roots of checkpoints by `origin size`. */
  readonly #roots = new Map<string, string>();
  /** Cosigned roots by `cosigner origin size`, and the largest size by `cosigner origin`. */
  readonly #cosigned = new Map<string, string>();
  readonly #largest = new Map<string, number>();
  /** Index roots by everything else that stands in the note. */
  readonly #indexRoots = new Map<string, string>();

  constructor(world: World) {
    this.#world = world;
  }

  /** How many different vectors index roots were compared over. */
  get vectorsSeen(): number {
    return this.#indexRoots.size;
  }

  /** Wraps a log key; `isAlive` tells whether the process that holds it can still act. */
  watch(origin: string, signer: Ed25519Signer, isAlive: () => boolean): Ed25519Signer {
    return {
      publicKey: signer.publicKey,
      sign: (message) => {
        if (isAlive()) this.#note(origin, Buffer.from(message).toString());
        return signer.sign(message);
      },
    };
  }

  #note(origin: string, text: string): void {
    const lines = text.split('\n');
    if (lines[0] === origin) {
      const [, size = '', root = ''] = lines;
      const over = `${origin} ${size}`;
      this.#compare(this.#roots, { over, root, broken: 'two roots for one size' });
    } else if (lines[0] === 'callbook/1 index') {
      const [root = ''] = lines.splice(3, 1);
      const over = lines.join(' ');
      this.#compare(this.#indexRoots, { over, root, broken: 'two index roots for one vector' });
    } else if (lines[0] === 'cosignature/v1') {
      const [, , log = '', size = '', root = ''] = lines;
      this.#noteCosigned(`${origin} ${log}`, Number(size), root);
    }
  }

  #noteCosigned(log: string, size: number, root: string): void {
    const over = `${log} ${size}`;
    this.#compare(this.#cosigned, { over, root, broken: 'two roots cosigned for one size' });
    const largest = this.#largest.get(log) ?? 0;
    if (size < largest) {
      this.#world.violate(
        'a smaller tree cosigned after a larger one',
        `${over}, after ${largest}`,
      );
    }
    this.#largest.set(log, Math.max(largest, size));
  }

  #compare(known: Map<string, string>, { over, root, broken }: SignedRoot): void {
    const before = known.get(over);
    if (before === undefined) known.set(over, root);
    else if (before !== root) this.#world.violate(broken, over);
  }
}
