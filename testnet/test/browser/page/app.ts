/**
 * An app in a page: claims a number and looks after it. What it loads is what the size of the SDK in a
 * browser is measured by, so it imports nothing else. The test calls it from outside; the holding stays in
 * the page.
 */
import { createDirectory, type Directory, type Holding, type Lookup } from '@callbook/client';
import type { Identifier } from '@callbook/protocol';

declare global {
  /** Gives what was sent last to an identifier. */
  function codeSentTo(to: string): Promise<string>;
  var app: App;
  /** The code of an error, or all that it says. */
  function codeOf(error: unknown): string;
}

export interface Found {
  readonly state: Lookup['state'];
  readonly routes: readonly string[];
  readonly keys: readonly string[];
  readonly agreeing: number;
  readonly proof: string;
  readonly dnssec: string;
  readonly chain: readonly string[];
}

class App {
  #directory: Directory | undefined;
  #holding: Holding | undefined;
  readonly #events: string[] = [];

  open(charterNote: string, privacy: 'oblivious' | 'plain'): void {
    this.#directory = createDirectory({ charterNote, privacy });
  }

  async claim(identifier: Identifier): Promise<void> {
    this.#holding = await this.#asked().claim({
      identifier,
      seed: newSeed(),
      routes: [{ service: 'sip', uri: 'sip:alice@sip.example', preference: 10 }],
      visibility: 'dns',
      form: 'app',
      code: async ({ to }) => await codeSentTo(to),
    });
  }

  async lookup(identifier: Identifier, trust: 'agreed' | 'all-members' = 'agreed'): Promise<Found> {
    const found = await this.#asked().lookup(identifier, { trust });
    const { agreement, proof, dnssec } = found.reason;
    const binding = found.state === 'published' ? found.binding : { routes: [], keys: [] };
    return {
      state: found.state,
      routes: binding.routes.map(({ uri }) => uri),
      keys: binding.keys.map(({ use, key }) => `${use} ${key.toHex()}`),
      agreeing: agreement.agreeing,
      proof: proof.state,
      dnssec: dnssec.state,
      chain: dnssec.state === 'secure' ? dnssec.answer.chain.map(({ kind }) => kind) : [],
    };
  }

  async publish(uri: string): Promise<void> {
    const routes = [{ service: 'sip', uri, preference: 10 } as const];
    this.#holding = await this.#asked().publish(this.#held(), { routes });
  }

  async rotate(): Promise<void> {
    this.#holding = await this.#asked().rotate(this.#held(), newSeed());
  }

  async release(): Promise<void> {
    await this.#asked().release(this.#held());
  }

  /** Watches the holding as it is now, until the page goes. */
  async watch(): Promise<void> {
    for await (const { kind } of this.#asked().watch(this.#held(), { periodMs: 1000 })) {
      this.#events.push(kind);
    }
  }

  /** What the watch has told so far. */
  events(): readonly string[] {
    return this.#events;
  }

  #asked(): Directory {
    if (this.#directory === undefined) throw new Error('no charter was given');
    return this.#directory;
  }

  #held(): Holding {
    if (this.#holding === undefined) throw new Error('nothing was claimed');
    return this.#holding;
  }
}

function newSeed(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(32));
}

globalThis.app = new App();
globalThis.codeOf = (error) => (error as { code?: string }).code ?? String(error);
