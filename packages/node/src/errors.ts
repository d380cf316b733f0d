/** Operating errors of the daemon: what is wrong with its surroundings, never with a request. */

export const nodeErrorCodes = {
  config_unreadable: 'the configuration file cannot be read',
  config_malformed: 'the configuration file is not well-formed YAML',
  config_setting_invalid: 'a setting is missing, unknown or of the wrong form',
  config_exposed: 'the configuration file can be written by other users',
  data_folder_unusable: 'the data folder cannot be made or written, or other users may write it',
  key_file_unreadable: 'a key file cannot be read',
  key_file_exposed: 'a key file can be read by other users',
  key_file_malformed: 'a key file does not hold a key of the expected size',
  certificate_unreadable: 'a certificate file cannot be read',
  certificate_unfit: 'the certificate and the private key are not PEM, or do not belong together',
  acme_folder_unusable: 'what ACME has to remember cannot be written in the data folder',
  acme_unreachable: 'the ACME directory of the certification authority cannot be reached',
  acme_refused: 'the certification authority gave no certificate',
  acme_certificate_unfit: 'the certificate that was issued is not valid now, or lacks a name',
  charter_unreadable: 'a charter note cannot be read',
  member_key_mismatch: 'a key of this node is not the one that the charter names for it',
  peer_key_mismatch: 'the peer key is not the one that the charter names for this member',
  init_answer_invalid: 'an answer to init, or an option in its place, is missing or cannot be used',
  member_unreachable: 'the member that was asked gave no usable answer',
  ksk_elsewhere: 'the key-signing key is on another machine, where this has to be done',
  input_unreadable: 'a file that a command was given cannot be read',
  output_unwritable: 'a file that a command was told to write exists, or cannot be written',
  admin_socket_unusable: 'the admin socket in the data folder cannot be listened on',
  admin_request_failed: 'the running member could not answer a command',
  member_not_running: 'no member runs on this machine with this configuration, or not as this user',
  draft_field_invalid: 'a parameter or a state is none that a charter has',
  draft_undecided: 'two members have drafted different texts of one field at the same time',
  charter_copies_differ: 'the signed copies are not of one charter',
  charter_signers_missing: 'too few members have signed for the charter to be used',
  charter_version_signed: 'this key has signed another charter of the same version',
  charter_notice_short: 'the charter takes effect sooner than its changes allow at this moment',
  governance_key_unlisted:
    'the key is no governance key of a member in the charter, before or after',
  signed_versions_unreadable:
    'the list of versions that a governance key has signed cannot be read or written',
  vrf_request_refused:
    'the request for the VRF secret is not signed by the log key of a member in the charter',
  vrf_seal_refused: 'the sealed VRF secret cannot be opened here, or is not that of the charter',
  join_failed: 'no quorum of members agrees on a snapshot to begin with',
  listen_failed: 'a configured address cannot be listened on',
  page_unreadable: 'the configured folder of the web page cannot be read, or has no page',
} as const;

export type NodeErrorCode = keyof typeof nodeErrorCodes;
