/**
 * LISTEN on a connection of its own. A hint saves those who poll a part of their wait, and is never needed:
 * where the connection breaks it is made again at leisure, where the database has no such thing it is left.
 */
import type { Client, ClientConfig } from 'pg';

export interface PostgresHintsOptions {
  readonly settings: ClientConfig;
  /** A name that needs no quotes. */
  readonly channel: string;
  readonly listener: () => void;
}

const retryMs = 5_000;

export class PostgresHints implements AsyncDisposable {
  readonly #options: PostgresHintsOptions;
  #client: Client | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isOver = false;
  #opening: Promise<void>;

  constructor(options: PostgresHintsOptions) {
    this.#options = options;
    this.#opening = this.#open();
  }

  async #open(): Promise<void> {
    const { settings, channel, listener } = this.#options;
    const { default: pg } = await import('pg');
    if (this.#isOver) return;
    const client = new pg.Client(settings);
    this.#client = client;
    client.on('notification', listener);
    client.on('error', () => undefined);
    client.on('end', () => this.#openLater());
    try {
      await client.connect();
      await client.query(`LISTEN ${channel}`);
    } catch {
      await this.#end(client);
    }
  }

  #openLater(): void {
    if (this.#isOver || this.#retry !== undefined) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#opening = this.#open();
    }, retryMs).unref();
  }

  async #end(client: Client): Promise<void> {
    await client.end().catch(() => undefined);
    this.#openLater();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#retry);
    await this.#opening;
    await this.#client?.end().catch(() => undefined);
  }
}
