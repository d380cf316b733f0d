/**
 * What audits work with: the folder, the founding charter of the configuration, and the federation's
 * own authority where it has one. They hold no keys of numbers and open no directory.
 */
import { join } from 'node:path';
import { pickCryptography } from '@callbook/auditor';
import type { Cryptography } from '@callbook/protocol';
import { readConfiguration, trustAuthority } from './configuration.ts';
import type { Configuration } from './configuration.ts';
import { createReport, type Report } from './report.ts';
import type { GlobalOptions } from './session.ts';
import type { Terminal } from './terminal.ts';
import { xdgDirectory } from './xdg.ts';

export interface AuditOptions extends GlobalOptions {
  readonly cache?: string;
  readonly offline?: boolean;
}

export interface AuditSession {
  readonly report: Report;
  /** Folder of the audit. */
  readonly path: string;
  /** Undefined where nobody is asked. */
  readonly configuration: Configuration | undefined;
  readonly crypto: Cryptography;
}

/** Opens the session. Offline, the charters in the folder are enough. */
export async function openAuditSession(
  terminal: Terminal,
  options: AuditOptions,
): Promise<AuditSession> {
  const report = createReport(terminal, { json: options.json === true });
  const isOffline = options.offline === true;
  const configuration = isOffline ? undefined : await readConfiguration(terminal, options.config);
  if (configuration !== undefined) trustAuthority(configuration);
  const cacheHome = xdgDirectory(terminal.env, 'XDG_CACHE_HOME', '.cache');
  const path = options.cache ?? join(cacheHome, 'audit');
  return { report, path, configuration, crypto: await pickCryptography() };
}
