/** Operating errors of the daemon: what is wrong with its surroundings, never with a request. */

export const nodeErrorCodes = {
  config_unreadable: 'the configuration file cannot be read',
  config_malformed: 'the configuration file is not well-formed YAML',
  config_setting_invalid: 'a setting is missing, unknown or of the wrong form',
  key_file_unreadable: 'a key file cannot be read',
  key_file_exposed: 'a key file can be read by other users',
  key_file_malformed: 'a key file does not hold a key of the expected size',
  certificate_unreadable: 'a certificate file cannot be read',
  charter_unreadable: 'a charter note cannot be read',
  member_key_mismatch: 'a key of this node is not the one that the charter names for it',
  ksk_elsewhere: 'the key-signing key is on another machine, where this has to be done',
  input_unreadable: 'a file that a command was given cannot be read',
  output_unwritable: 'a file that a command was told to write exists, or cannot be written',
  listen_failed: 'a configured address cannot be listened on',
} as const;

export type NodeErrorCode = keyof typeof nodeErrorCodes;
