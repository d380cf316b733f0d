/** What the holder's screens work with: what the browser keeps, and the directory that signs with its keys. */
import type { Directory } from '@callbook/client';
import { openDirectory } from '../directory.ts';
import { openKeeper, type Keeper } from './keeper.ts';

export interface Holder {
  readonly keeper: Keeper;
  readonly directory: Directory;
  /** The member whose page this is: it is asked first, and browsers fill in its codes. */
  readonly member: string;
}

/** Opens both. Throws `crypto_blocked`, `storage_lost`, and what opening the directory throws. */
export async function openHolder(): Promise<Holder> {
  const [keeper, { directory, settings }] = await Promise.all([openKeeper(), openDirectory()]);
  return { keeper, directory, member: settings.member };
}
