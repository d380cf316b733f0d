/** `callbook audit evidence verify`: judges a file of evidence by the charters, and asks nobody. */
import { readFile } from 'node:fs/promises';
import { CacheFolder, storedCharters, verifyEvidenceFile } from '@callbook/auditor';
import type { JudgedEvidence } from '@callbook/auditor';
import { charterSet } from '@callbook/protocol';
import type { CharterSet } from '@callbook/protocol';
import { openAuditSession } from '../audit-session.ts';
import type { AuditOptions, AuditSession } from '../audit-session.ts';
import { cliError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';

const fileBytesMax = 4 * 1024 * 1024;

/** Exit status 0: it proves what it says. 3: it proves nothing. */
export async function auditEvidence(
  terminal: Terminal,
  path: string,
  options: AuditOptions,
): Promise<ExitCode> {
  const session = await openAuditSession(terminal, {
    ...options,
    offline: options.cache !== undefined,
  });
  const bytes = await readEvidence(path);
  const judged = verifyEvidenceFile(bytes, chartersOf(session), session.crypto);
  if (judged.verdict === 'accept') {
    session.report.result({ verdict: 'proven', ...judged.value }, describe(judged.value));
    return exitCodes.ok;
  }
  const { code, message } = judged;
  session.report.result({ verdict: 'unproven', code }, [`proves nothing: ${message} (${code})`]);
  return exitCodes.verifiedBad;
}

/** The chain of the folder, where one is named; else the founding charter of the configuration. */
function chartersOf({ configuration, path, crypto }: AuditSession): CharterSet {
  if (configuration === undefined) return storedCharters({ folder: new CacheFolder(path), crypto });
  const charters = charterSet([configuration.charterNote], crypto);
  if (charters.verdict === 'accept') return charters.value;
  throw cliError('config_malformed', `the charter does not verify: ${charters.code}`);
}

async function readEvidence(path: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw cliError('input_unreadable', 'the file of evidence cannot be read', { cause });
  }
  if (bytes.length <= fileBytesMax) return bytes;
  throw cliError('input_unreadable', `the file has more than ${fileBytesMax} bytes`);
}

function describe({ kind, convicts, disputed, log, index, onWord }: JudgedEvidence): string[] {
  return [
    `genuine: ${kind}`,
    ...(log === undefined
      ? []
      : [`  about     ${log}${index === undefined ? '' : ` leaf ${index}`}`]),
    ...(convicts.length === 0 ? [] : [`  convicts  ${convicts.join(', ')}`]),
    ...(disputed.length === 0 ? [] : [`  disputed  ${disputed.join(', ')}`]),
    ...(onWord === '' ? [] : [`  believe   ${onWord}`]),
  ];
}
