/**
 * The folder of an audit: charters, logs as C2SP tiles, index roots and evidence, each a file that
 * other software can read (README.md). A file is written beside its place and renamed: if we are
 * killed, it is there whole or not at all, and what is left beside is written over. After a power cut
 * a file may be there torn; nothing here is believed when it is read: tiles and bundles have to lead
 * to the checkpoint again, and what does not is fetched anew.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseTilePath, tilePath } from '@callbook/protocol';
import type { TileCoordinates } from '@callbook/protocol';
import { folderError } from '../errors.ts';

export class CacheFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
    guarded(() => mkdirSync(path, { recursive: true }));
  }

  /** Notes of the charters, version 1 first, up to the first that is missing. */
  charters(): string[] {
    const notes: string[] = [];
    for (;;) {
      const note = this.readText(`charters/${notes.length + 1}`);
      if (note === undefined) return notes;
      notes.push(note);
    }
  }

  log(origin: string): LogFolder {
    return new LogFolder(this, origin);
  }

  /** Reads a file; undefined where there is none. */
  read(relative: string): Uint8Array | undefined {
    try {
      return readFileSync(join(this.path, relative));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      throw folderError(error);
    }
  }

  readText(relative: string): string | undefined {
    const bytes = this.read(relative);
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  }

  /** Writes a file whole or not at all. */
  write(relative: string, content: string | Uint8Array): void {
    const path = join(this.path, relative);
    guarded(() => {
      const beside = join(dirname(path), `.${process.pid}.new`);
      try {
        writeFileSync(beside, content);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(beside, content);
      }
      renameSync(beside, path);
    });
  }

  remove(relative: string): void {
    guarded(() => rmSync(join(this.path, relative), { recursive: true, force: true }));
  }

  /** Names in a folder; none where it is not there. */
  names(relative: string): string[] {
    try {
      return readdirSync(join(this.path, relative)).filter((name) => !name.startsWith('.'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw folderError(error);
    }
  }
}

/** One log in the folder, with the paths of C2SP tlog-tiles. */
export class LogFolder {
  readonly #folder: CacheFolder;
  readonly relative: string;

  constructor(folder: CacheFolder, origin: string) {
    this.#folder = folder;
    this.relative = `logs/${encodeURIComponent(origin)}`;
  }

  get path(): string {
    return join(this.#folder.path, this.relative);
  }

  checkpoint(): string | undefined {
    return this.#folder.readText(`${this.relative}/checkpoint`);
  }

  /** Written after all that it covers. */
  writeCheckpoint(note: string): void {
    this.#folder.write(`${this.relative}/checkpoint`, note);
  }

  tile(tile: TileCoordinates): Uint8Array | undefined {
    return this.#folder.read(`${this.relative}/${tilePath(tile)}`);
  }

  /** Keeps the widest of a tile; narrower ones go. */
  writeTile(tile: TileCoordinates, bytes: Uint8Array): void {
    this.#folder.write(`${this.relative}/${tilePath(tile)}`, bytes);
    for (const { width } of this.#partial(tile)) {
      if (width < tile.width)
        this.#folder.remove(`${this.relative}/${tilePath({ ...tile, width })}`);
    }
  }

  removeTile(tile: TileCoordinates): void {
    this.#folder.remove(`${this.relative}/${tilePath(tile)}`);
  }

  /** Forgets the whole log. */
  clear(): void {
    this.#folder.remove(this.relative);
  }

  #partial(tile: TileCoordinates): TileCoordinates[] {
    const folder = `${tilePath({ ...tile, width: 256 })}.p`;
    return this.#folder.names(`${this.relative}/${folder}`).flatMap((name) => {
      const parsed = parseTilePath(`${folder}/${name}`);
      return parsed.verdict === 'accept' ? [parsed.value] : [];
    });
  }
}

function guarded(run: () => void): void {
  try {
    run();
  } catch (error) {
    throw folderError(error);
  }
}
