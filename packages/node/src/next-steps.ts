/**
 * What an operator does about an error that stops the member, or a check: one sentence a code, of this
 * package and of those under it. docs/errors.md says more; a code that is not here needs no step at the
 * start.
 */
import { DirectoryError } from '@callbook/protocol';
import { errorCodes } from './event-log.ts';

const nextSteps: Readonly<Record<string, string>> = {
  config_unreadable: 'check the path; run it as the user of the member, or as root',
  config_malformed: 'correct the line: callbook-node config check says more',
  config_setting_invalid:
    'correct the setting: callbook-node config check tells all faults at once',
  config_exposed: 'chmod go-w the file: whoever can write it decides which keys are used',
  data_folder_unusable:
    'give the folder to the user of the member (chown, chmod 700), on a disk that can be written and has room',
  key_file_unreadable:
    'restore the file from its backup, or let it belong to the user of the member',
  key_file_exposed: 'chmod 600 the file; better replace the key, since others could read it',
  key_file_malformed: 'restore the file from its backup',
  certificate_unreadable: 'put the certificate there, readable for the user of the member',
  certificate_unfit: 'use the private key that the certificate was made for, and a chain in PEM',
  acme_folder_unusable:
    'see the disk, and give the folder "tls" in dataDir to the user of the member',
  charter_unreadable:
    'fetch the charters: callbook-node charter fetch --config … --from https://<a member>',
  charter_refused: 'list all versions from 1 without gaps: callbook-node charter fetch writes them',
  charter_contradicted:
    'two federations are mixed up: use the charters this data folder began with, or another data folder',
  charter_foreign:
    'compare the hash of version 1 with somebody you trust; use a folder of its own for each federation',
  charter_missing:
    'fetch the charters: callbook-node charter fetch --config … --from https://<a member>',
  member_unknown:
    'the charter must name this member first: give its description to a member, and fetch the charter that names it',
  member_key_mismatch:
    'use the zone keys whose DS the charter names, or adopt a charter that names these',
  log_key_mismatch:
    'restore the log key that the charter names: with another key this is another member',
  vrf_key_mismatch: 'ask for the secret of this federation again: callbook-node vrf request',
  peer_key_unusable: 'restore the peer key from its backup',
  peer_key_mismatch:
    'restore the peer key that the charter names, or adopt a charter that names this one',
  store_unavailable: 'look at the disk, and who owns the data folder',
  store_in_use: 'end the other process: systemctl status callbook-node',
  store_damaged:
    'stop the member, move its data folder away, and restore the newest backup: callbook-node restore',
  store_newer: 'start the newer version, or restore the backup made before the upgrade',
  backup_running: 'wait for the other backup',
  backup_missing: 'name a backup, or the folder that --to named',
  backup_damaged: 'take an older backup, and check the disk that this one is on',
  backup_foreign: 'use the configuration of the member whose backup it is',
  restore_alone: 'look for a newer copy of the data folder; without one, --without-mirrors',
  data_folder_empty: 'check dataDir; start the member once',
  data_folder_filled: 'move away what is there, or name another dataDir',
  disk_full: 'make room, then run it again',
  folder_unwritable: 'look who owns the folder, and how its disk is mounted',
  store_corrupt: 'stop the member, keep the folder, and restore a backup',
  listen_failed:
    'free the address, or configure another: callbook-node doctor says which and who has it',
  dns_listen_failed:
    'free the address, or configure another: callbook-node doctor says which and who has it',
  admin_socket_unusable: 'shorten the path of dataDir, to about 90 characters at most',
  dns_key_missing: 'make the keys: callbook-node keys create --config …',
  dns_key_state_unreadable: 'make the keys: callbook-node keys create --config …, or restore them',
  dns_key_exposed: 'chmod 600 the files in the folder of zone keys',
  dns_certificate_unusable: 'use a certificate and private key in PEM that belong together',
  page_unreadable: 'name a folder with the built page, or take "page" out',
  join_failed: 'look at snapshot_refused in the log, or set bootstrap: logs',
};

/** The step for a code, where there is one. */
export function nextStepFor(code: string): string | undefined {
  return nextSteps[code];
}

/** For the test that holds these codes against docs/errors.md. */
export const codesWithSteps: readonly string[] = Object.keys(nextSteps);

/**
 * An operating error for a terminal: what is wrong, and what to do. Anything else is a defect, of which
 * the system's code is told where that says enough (a full disk, a missing right), else the stack.
 */
export function sentenceOf(error: unknown): string {
  if (error instanceof DirectoryError) {
    const system = systemCodeOf(error);
    const because = system === undefined ? '' : `, ${system}`;
    const step = nextStepFor(error.code);
    const next = step === undefined ? '' : `\nNext: ${step}`;
    return `${error.message} (${error.code}${because})${next}`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** `EADDRINUSE`, `EROFS` and their like, wherever in the chain of causes. */
function systemCodeOf(error: Error): string | undefined {
  return errorCodes(error).codes.find((code) => /^E[A-Z0-9]{2,15}$/.test(code));
}
