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
  input_unreadable: 'check the path; the user that runs the command must be able to read it',
  output_unwritable: 'remove what is there, or name a file where this user may write',
  member_unreachable:
    'check the URL, and whether this machine may connect there; another member has the same charters',
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
  writer_elsewhere:
    'stop one of the two; to have one stand by, set sharedDatabase.standby in both (docs/operators/standby.md)',
  ledger_in_use:
    'set sharedDatabase.standby: true; to run alone again, see docs/operators/standby.md',
  disk_full: 'make room, then run it again',
  folder_unwritable: 'look who owns the folder, and how its disk is mounted',
  store_corrupt: 'stop the member, keep the folder, and restore a backup',
  listen_failed:
    'free the address, or configure another: callbook-node doctor says which and who has it',
  dns_listen_failed:
    'free the address, or configure another: callbook-node doctor says which and who has it',
  admin_socket_unusable:
    'shorten the path of dataDir, to about 90 characters at most; remove what else has the name admin.sock there',
  dns_key_missing: 'make the keys: callbook-node keys create --config …',
  dns_key_state_unreadable:
    'see who owns the folder of zone keys; restore them, or where there never were any: callbook-node keys create --config …',
  dns_key_exposed: 'chmod 600 the files in the folder of zone keys',
  dns_certificate_unusable: 'use a certificate and private key in PEM that belong together',
  page_unreadable: 'name a folder with the built page, or take "page" out',
  join_failed: 'look at snapshot_refused in the log, or set bootstrap: logs',
  acme_unreachable: 'check api.acme.directory, and whether this machine may connect there',
  acme_refused: 'see its problem in the log, and docs/operators/tls.md',
  acme_certificate_unfit: 'check the clock of this machine; else ask the authority',
  init_answer_invalid:
    'give it again as the message says: callbook-node init --help has all of them',
  ksk_elsewhere: 'do it on the offline machine that has the KSK',
  admin_request_failed: 'look at the log of the member',
  member_not_running: 'start it, or run the command as its user: runuser -u callbook -- …',
  draft_field_invalid: 'use a name and a value of the help text',
  draft_undecided: 'look at callbook-node charter draft show, and say again which is to stand',
  draft_unheard: 'wait some seconds; see that enough members are connected: callbook-node status',
  charter_copies_differ: 'merge only copies of one proposal: compare their hashes',
  charter_signers_missing: 'have more members sign',
  charter_version_signed: 'propose the version after, or have others sign',
  charter_notice_short: 'propose it again with a later time, and sign in time',
  governance_key_unlisted: 'use the key that the charter lists',
  signed_versions_unreadable: 'restore the list from its backup; do not sign without it',
  vrf_request_refused: 'have the member make a new request; see that the charter lists it',
  vrf_seal_refused: 'ask for it again with a new request',
  backup_failed: 'see the file error behind the message, then run it again',
  database_url_malformed:
    'write postgresql://user:password@host:5432/name into the file, and nothing else',
  dns_zone_setting_invalid: 'correct the setting that is named',
  dns_key_malformed: 'restore the file from the backup of the keys: it was written by half',
  dns_key_unwritable: 'look at the disk, and who owns the folder of zone keys',
  dns_key_mismatch: 'restore the key file that belongs to the state, or start a new roll-over',
  dns_key_state_malformed: 'restore the state of the zone keys from its backup',
  dns_key_state_contended: 'wait for the other command, then run it again',
  dns_key_unknown: 'see which keys there are: callbook-node keys list --config …',
  dns_key_phase_unfit: 'see what can be done now: callbook-node keys list --config …',
  dns_presigned_missing: 'import records that were signed for this time (docs/operators/keys.md)',
  dns_presigned_malformed: 'sign the request again on the offline machine',
  dns_presigned_unfit: 'export a new request, and sign that one',
  dns_parent_unreachable: 'check the resolver; the roll-over waits',
  dns_datagram_worker_failed: 'start it again; report it when it recurs',
  store_failed: 'look at the disk and the room on it, then start the member again',
  store_closed: 'start the member again',
  replica_stopped: 'look at the disk and the room on it, then start the member again',
  shared_store_unavailable: 'look at the database and the way to it; nothing is lost',
  shared_store_slow: 'look at the load of the database, or raise sharedDatabase.answerMilliseconds',
  shared_store_read_only: 'make the database writable again, or give the URL of the primary',
  shared_store_failed: 'look at the log of the database, and whether the table is ours',
  shared_store_filling: 'wait; where no member writes to it, configure one with sharedDatabase',
  shared_store_restored: 'leave the writer running: it compares and repairs',
  shared_store_taken: 'stop one of the two, or give each member a table of its own',
  shared_store_foreign: 'give each member a table of its own; upgrade front ends before the writer',
  shared_store_stale: 'look at the writer: it does not write, or cannot',
  ledger_foreign: 'name the table of this member, or give the stand-by a copy of the store',
  ledger_restored: 'see docs/operators/standby.md: the database is older than the store',
  standby_copy_needed: 'copy the store from a process that is level (docs/operators/standby.md)',
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
