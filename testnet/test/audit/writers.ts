/** People with numbers at a testnet, who go on publishing: so that there is something to audit. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { createDirectory } from '@callbook/client';
import type { Directory, Holding } from '@callbook/client';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import type { Lab } from '../lab.ts';

export class Writers {
  readonly #directory: Directory;
  readonly #holdings: Holding[];
  #published = 0;

  private constructor(directory: Directory, holdings: Holding[]) {
    this.#directory = directory;
    this.#holdings = holdings;
  }

  /** Claims `count` numbers. From then on this process trusts the testnet's authority. */
  static async claim(lab: Lab, count: number): Promise<Writers> {
    const authority = await readFile(lab.testnet.layout.caFile, 'utf8');
    setDefaultCACertificates([...getCACertificates('default'), authority]);
    const charterNote = await readFile(lab.testnet.layout.charterFile, 'utf8');
    const directory = createDirectory({ charterNote, crypto });
    const holdings = await Promise.all(
      Array.from({ length: count }, async (_, n) => await claimNumber(directory, lab, n)),
    );
    return new Writers(directory, holdings);
  }

  /** Updates that have been published. */
  get published(): number {
    return this.#published;
  }

  /** Publishes updates until `until` says so, all holders at once, each one after the other. */
  async publish(until: () => boolean): Promise<void> {
    await Promise.all(
      this.#holdings.map(async (_, place) => {
        while (!until()) {
          const uri = `sip:u${this.#published++}@sip.example`;
          const routes = [{ service: 'sip', uri, preference: 10 }] as const;
          const latest = await this.#directory.publish(this.#holdings[place]!, { routes });
          this.#holdings[place] = latest;
        }
      }),
    );
  }
}

async function claimNumber(directory: Directory, lab: Lab, n: number): Promise<Holding> {
  const identifier = `tel:+4915${900_000_000 + n}` as const;
  return await directory.claim({
    identifier,
    seed: new Uint8Array(randomBytes(32)),
    routes: [{ service: 'sip', uri: 'sip:first@sip.example', preference: 10 }],
    visibility: 'dns',
    form: 'app',
    code: async () => {
      const lines = (await readFile(lab.description.outbox, 'utf8')).trim().split('\n');
      const messages = lines.map((line) => JSON.parse(line) as { to: string; code: string });
      return messages.findLast(({ to }) => to === identifier)!.code;
    },
  });
}
