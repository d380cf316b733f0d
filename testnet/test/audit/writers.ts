/** People with numbers at a testnet, who go on publishing: so that there is something to audit. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { createDirectory } from '@callbook/client';
import type { Directory, Holding } from '@callbook/client';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import type { Lab } from '../lab.ts';

interface WritersOptions {
  readonly count: number;
  readonly memberCount: number;
}

export class Writers {
  /** One for each member that is written to: it is asked first. */
  readonly #directories: readonly Directory[];
  readonly #holdings: Holding[];
  #published = 0;

  private constructor(directories: readonly Directory[], holdings: Holding[]) {
    this.#directories = directories;
    this.#holdings = holdings;
  }

  /**
   * Claims `count` numbers, for holders who write to the first `memberCount` members in turn. From then
   * on this process trusts the testnet's authority.
   */
  static async claim(lab: Lab, { count, memberCount }: WritersOptions): Promise<Writers> {
    const authority = await readFile(lab.testnet.layout.caFile, 'utf8');
    setDefaultCACertificates([...getCACertificates('default'), authority]);
    const charterNote = await readFile(lab.testnet.layout.charterFile, 'utf8');
    const directories = lab.description.members
      .slice(0, memberCount)
      .map(({ name }) => createDirectory({ charterNote, crypto, members: [name] }));
    const holdings = await Promise.all(
      Array.from(
        { length: count },
        async (_, n) => await claimNumber(directories[n % directories.length]!, lab, n),
      ),
    );
    return new Writers(directories, holdings);
  }

  /** Updates that have been published. */
  get published(): number {
    return this.#published;
  }

  /** Publishes updates until `until` says so, all holders at once, each one after the other. */
  async publish(until: () => boolean): Promise<void> {
    await Promise.all(
      this.#holdings.map(async (_, place) => {
        const directory = this.#directories[place % this.#directories.length]!;
        while (!until()) {
          const uri = `sip:u${this.#published++}@sip.example`;
          const routes = [{ service: 'sip', uri, preference: 10 }] as const;
          const latest = await directory.publish(this.#holdings[place]!, { routes });
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
