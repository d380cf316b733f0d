/** `callbook seal` and `callbook open`: something that only the holder of a number can read. */
import { open as openFile, readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { cliError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { selectRecord } from '../journal.ts';
import type { Session } from '../session.ts';

export interface SealOptions {
  readonly in?: string;
  readonly out?: string;
  readonly number?: string;
}

/** Seals to the box key that `number` publishes; `box_key_missing` where it is proven to publish none. */
export async function sealTo(
  session: Session,
  number: string,
  options: SealOptions,
): Promise<ExitCode> {
  const identifier = await session.readIdentifier(number);
  const plaintext = await read(session, options);
  await write(session, options, await session.directory.seal(identifier, plaintext));
  return exitCodes.ok;
}

/** Opens what was sealed to a number that is held here. */
export async function openSealed(session: Session, options: SealOptions): Promise<ExitCode> {
  const { holding } = await selectRecord(session, options.number);
  if (holding === null) throw cliError('holding_missing', 'the claim was never completed');
  const sealed = await read(session, options);
  await write(session, options, await session.directory.open(holding, sealed));
  return exitCodes.ok;
}

async function read({ terminal }: Session, options: SealOptions): Promise<Uint8Array> {
  if (options.in === undefined) return await buffer(terminal.stdin);
  return await readFile(options.in).catch((cause: unknown) => {
    throw cliError('input_unreadable', `cannot read ${options.in}`, { cause });
  });
}

async function write(session: Session, options: SealOptions, bytes: Uint8Array): Promise<void> {
  if (options.out === undefined) {
    session.terminal.out(bytes);
    return;
  }
  try {
    const handle = await openFile(options.out, 'wx', 0o600);
    await handle.writeFile(bytes);
    await handle.close();
  } catch (cause) {
    throw cliError('output_unwritable', `cannot write ${options.out}, or it is there already`, {
      cause,
    });
  }
  session.report.result({ file: options.out, size: bytes.length }, [`File: ${options.out}`]);
}
