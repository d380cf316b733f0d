/** A testnet with an impostor before each member, and clients that meet them. */
import { readFile } from 'node:fs/promises';
import { createDirectory } from '@callbook/client';
import type { Directory, DirectoryOptions, Fetch, Holding } from '@callbook/client';
import type { Identifier } from '@callbook/protocol';
import { openLab } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { Impostor } from './impostor.ts';
import type { Role } from './impostor.ts';

export interface Callers extends AsyncDisposable {
  readonly lab: Lab;
  /** In the order of the members. */
  readonly impostors: readonly Impostor[];
  open(options?: Partial<DirectoryOptions>): Directory;
  /** Claims an identifier for whoever keeps the seed. */
  claim(directory: Directory, identifier: Identifier, seed: Uint8Array): Promise<Holding>;
  /** Gives roles to the members in their order; those without one are honest. */
  cast(...roles: (Role | undefined)[]): void;
}

const honest: Role = async (_path, pass) => await pass();

export async function openCallers(memberCount = 3): Promise<Callers> {
  const lab = await openLab(memberCount);
  const { members } = lab.testnet.layout;
  const impostors = await Promise.all(
    members.map(async ({ webPort }) => await Impostor.before(`http://127.0.0.1:${webPort}`)),
  );
  const charterNote = await readFile(lab.testnet.layout.charterFile, 'utf8');
  const fetchBetween: Fetch = async (input, init) => {
    const { port, pathname } = new URL(input);
    const place = members.findIndex(({ apiPort }) => String(apiPort) === port);
    return await fetch(`${impostors[place]!.url}${pathname}`, init);
  };
  return {
    lab,
    impostors,
    open: (options = {}) =>
      createDirectory({ charterNote, fetch: fetchBetween, privacy: 'plain', ...options }),
    claim: async (directory, identifier, seed) =>
      await directory.claim({
        identifier,
        seed,
        routes: [{ service: 'sip', uri: 'sip:alice@sip.example', preference: 10 }],
        visibility: 'dns',
        form: 'app',
        code: async ({ to }) => await newestCode(lab, to),
      }),
    cast: (...roles) =>
      impostors.forEach((impostor, place) => {
        impostor.role = roles[place] ?? honest;
      }),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(impostors.map((impostor) => impostor[Symbol.asyncDispose]()));
      await lab[Symbol.asyncDispose]();
    },
  };
}

async function newestCode(lab: Lab, to: string): Promise<string> {
  const lines = (await readFile(lab.description.outbox, 'utf8')).trim().split('\n');
  const messages = lines.map((line) => JSON.parse(line) as { to: string; code?: string });
  return messages.findLast((message) => message.to === to && message.code)?.code ?? '';
}
