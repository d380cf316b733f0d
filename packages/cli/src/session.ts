/** What every command works with, opened once: configuration, directory, key files, output. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Directory, Progress, SignerSource } from '@callbook/client';
import type { FileWallet, SignerCommand } from '@callbook/client/node';
import type { Identifier, Signer } from '@callbook/protocol';
import { openDirectory, readConfiguration, type Configuration } from './configuration.ts';
import { KeyStore } from './key-file.ts';
import { localeCountry, readIdentifier } from './number.ts';
import { createReport, type Report } from './report.ts';
import { SeenPeers } from './seen-peers.ts';
import type { Terminal } from './terminal.ts';

export interface GlobalOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly country?: string;
  /** A command's own, for the one of the configuration. */
  readonly resolver?: string;
  /** A program that has the authority keys, for the one of the configuration. */
  readonly signer?: string;
}

export interface Session {
  readonly terminal: Terminal;
  readonly report: Report;
  readonly directory: Directory;
  readonly keys: KeyStore;
  readonly peers: SeenPeers;
  /** Spends tokens, where there are any. */
  readonly wallet: FileWallet | undefined;
  /** Opens the file of the tokens; it is made when there are some. */
  openWallet(): Promise<FileWallet>;
  /** Reads a number in the country of the options, the configuration or the locale. */
  readIdentifier(text: string): Promise<Identifier>;
  /** Returns what has the authority key of a number; undefined when the key file has it. */
  signerFor(identifier: Identifier): Promise<Signer | undefined>;
  onProgress(progress: Progress): void;
}

/** Opens the session; `first` names the members to ask first. */
export async function openSession(
  terminal: Terminal,
  options: GlobalOptions,
  first: readonly string[] = [],
): Promise<Session> {
  const report = createReport(terminal, { json: options.json === true });
  const configuration = await readConfiguration(terminal, options.config);
  const named = (options.country ?? configuration.country)?.toUpperCase();
  const country = { named, locale: localeCountry(terminal) };
  const command = options.signer === undefined ? configuration.signer : ([options.signer] as const);
  const signerFor = async (identifier: Identifier): Promise<Signer | undefined> =>
    command === undefined ? undefined : await openSigner({ command, identifier });
  const signers: SignerSource = ({ identifier }) => signerFor(identifier);
  const { resolver } = options;
  // Without a file there is nothing to spend, and commands start without what spends it.
  const wallet = existsSync(configuration.tokens) ? await openWallet(configuration) : undefined;
  return {
    terminal,
    report,
    directory: await openDirectory(configuration, { first, resolver, signers, wallet }),
    signerFor,
    wallet,
    openWallet: async () => await openWallet(configuration),
    keys: new KeyStore(configuration.keys),
    peers: new SeenPeers(configuration.peers),
    readIdentifier: (text) => readIdentifier(text, country),
    onProgress: (progress) => report.progress(describeProgress(progress)),
  };
}

async function openWallet({ tokens }: Pick<Configuration, 'tokens'>): Promise<FileWallet> {
  await mkdir(dirname(tokens), { recursive: true, mode: 0o700 });
  const { FileWallet: Wallet } = await import('@callbook/client/node');
  return await Wallet.open(tokens);
}

/** Asks a program for its public key; most commands do without, and start without loading this. */
export async function openSigner(of: SignerCommand): Promise<Signer> {
  const { commandSigner } = await import('@callbook/client/node');
  return await commandSigner(of);
}

function describeProgress(progress: Progress): string {
  switch (progress.step) {
    case 'challenging':
      return `asking ${progress.member} to send a code`;
    case 'codes_sent':
      return `codes are on their way from ${progress.members.join(' and ')}`;
    case 'code_awaited':
      return `waiting for the code that ${progress.member} sent`;
    case 'control_proved':
      return `${progress.member} has accepted the code`;
    case 'posting':
      return `posting the entry to ${progress.member}`;
    case 'receipts':
      return `${progress.count} of ${progress.needed} receipts`;
    case 'member_skipped':
      return `${progress.member} failed (${progress.code}), asking another member`;
  }
}
