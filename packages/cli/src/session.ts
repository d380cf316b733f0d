/** What every command works with, opened once: configuration, directory, key files, output. */
import type { Directory, Progress } from '@callbook/client';
import type { Identifier } from '@callbook/protocol';
import { openDirectory, readConfiguration } from './configuration.ts';
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
}

export interface Session {
  readonly terminal: Terminal;
  readonly report: Report;
  readonly directory: Directory;
  readonly keys: KeyStore;
  readonly peers: SeenPeers;
  /** Reads a number in the country of the options, the configuration or the locale. */
  readIdentifier(text: string): Promise<Identifier>;
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
  return {
    terminal,
    report,
    directory: await openDirectory(configuration, { first, resolver: options.resolver }),
    keys: new KeyStore(configuration.keys),
    peers: new SeenPeers(configuration.peers),
    readIdentifier: (text) => readIdentifier(text, country),
    onProgress: (progress) => report.progress(describeProgress(progress)),
  };
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
