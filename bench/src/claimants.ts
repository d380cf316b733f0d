/**
 * People who claim numbers through the SDK, as an app does: codes are read from the outbox that stands
 * in for their telephones. Every claim has a number and a seed of its own.
 */
import { open, readFile } from 'node:fs/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { createDirectory } from '@callbook/client';
import type { ClaimOptions, CodeRequest, Directory, DirectoryOptions } from '@callbook/client';
import type { Identifier } from '@callbook/protocol';
import { sodiumCryptography } from '@callbook/protocol/crypto/sodium';
import type { Testnet } from '@callbook/testnet';

/** A message in the outbox; notices have no code. */
interface SentMessage {
  readonly to: Identifier;
  readonly code?: string;
}

/** What has been sent so far, read on as the file grows. */
export class Outbox {
  readonly #path: string;
  readonly #messages = new Map<string, SentMessage[]>();
  #offset = 0;
  /** One reader at a time. */
  #reading: Promise<void> = Promise.resolve();

  constructor(path: string) {
    this.#path = path;
  }

  /** Every message to an address, oldest first. */
  async to(identifier: Identifier): Promise<readonly SentMessage[]> {
    await this.#readOn();
    return this.#messages.get(identifier) ?? [];
  }

  async all(): Promise<SentMessage[]> {
    await this.#readOn();
    return [...this.#messages.values()].flat();
  }

  #readOn(): Promise<void> {
    this.#reading = this.#reading.then(async () => await this.#read());
    return this.#reading;
  }

  async #read(): Promise<void> {
    await using file = await open(this.#path);
    const { size } = await file.stat();
    const bytes = Buffer.alloc(size - this.#offset);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, this.#offset);
    const end = bytes.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
    this.#offset += end;
    for (const line of bytes.toString('utf8', 0, end).split('\n').slice(0, -1)) {
      const message = JSON.parse(line) as SentMessage;
      const messages = this.#messages.get(message.to) ?? [];
      messages.push(message);
      this.#messages.set(message.to, messages);
    }
  }

  /**
   * The code for a member. All members of a testnet share one domain, so the newest are tried in turn:
   * one that is sealed to another member's session does not open, which asks nobody.
   */
  async code({ to, attempt }: CodeRequest): Promise<string> {
    const codes = (await this.to(to)).flatMap(({ code }) => code ?? []);
    return codes.at(-1 - ((attempt - 1) % codes.length)) ?? '';
  }
}

/** Opens the SDK for a testnet; its members are asked in the charter's order. */
export async function openDirectoryOf(
  { layout }: Pick<Testnet, 'layout'>,
  options: Partial<DirectoryOptions> = {},
): Promise<Directory> {
  setDefaultCACertificates([
    ...getCACertificates('default'),
    await readFile(layout.caFile, 'utf8'),
  ]);
  const charterNote = await readFile(layout.charterFile, 'utf8');
  return createDirectory({ charterNote, crypto: sodiumCryptography, ...options });
}

/** The claim of the nth claimant, with a seed of its own. */
export function claimOf(n: number, outbox: Outbox): ClaimOptions {
  return {
    identifier: `tel:+4915${100_000_000 + n}`,
    seed: globalThis.crypto.getRandomValues(new Uint8Array(32)),
    routes: [{ service: 'sip', uri: `sip:u${n}@sip.example`, preference: 10 }],
    visibility: 'dns',
    form: 'app',
    code: async (request) => await outbox.code(request),
  };
}

/** Runs `count` jobs, `laneCount` at a time. */
export async function inLanes(
  { count, laneCount }: { readonly count: number; readonly laneCount: number },
  job: (n: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await job(next++);
  };
  await Promise.all(Array.from({ length: laneCount }, lane));
}
