/**
 * The codes of every verdict and operating error of this package. `docs/errors.md` says what each
 * means and what to do; a test compares the two. Code matches codes, never text.
 */

/** Verdict codes, each with the sentence that the documentation prints. */
export const verdictCodes = {
  identifier_malformed: 'the identifier is not in canonical form',
  cbor_malformed: 'the bytes are not deterministic CBOR (RFC 8949 §4.2.1)',
  entry_malformed: 'the entry lacks a field, has one too many, or one of the wrong type or size',
  entry_too_large: 'the entry is larger than 1024 bytes',
  entry_signature_invalid: 'a signature of the entry does not verify',
  leaf_malformed: 'the leaf lacks a field, has one too many, or one of the wrong type or size',
  leaf_too_large: 'the leaf is larger than 2048 bytes',
  payload_malformed:
    'the payload lacks a field, has one too many, or one of the wrong type or size',
  payload_too_large: 'the payload is larger than 8192 bytes',
  commitment_mismatch: 'the opening and the payload do not give the commitment in the entry',
  label_epoch_mismatch: 'the entry belongs to another label epoch than the charter',
  charter_missing: 'no charter was given to judge by',
  charter_expired: 'the charter in force has expired: updates only',
  charter_not_effective: 'the charter is not in effect yet',
  charter_unknown: 'a leaf of the log names a charter that is not known or not in force here yet',
  member_not_active: 'the member is read-only or expelled, and logs nothing more',
  role_unfit: 'a leaf of this role cannot carry an entry of this kind',
  request_unknown: 'no request of the epoch in force is known by this id, or not one that counts',
  request_not_allowed: 'the binding does not allow a request of this class now',
  request_paused: 'the claimant has to wait longer after the last request',
  request_vetoed: 'the holder has vetoed the request',
  request_committed: 'this member has logged the commit of the request that is to be vetoed',
  hold_pending: 'the hold after the request is not over',
  entry_complete: 'a quorum of members has already logged this entry',
  entry_too_old: 'the first leaf of the entry is too old for a new witness',
  ownership_unknown: 'the ownership entry that this one builds on is not known or not complete',
  ownership_held: 'the identifier has a holder, or its release is another',
  ownership_moved: 'the ownership entry that this one names is not in force any more',
  release_pending: 'the pause after a release is not over',
  slot_taken: 'another entry of the same slot came first',
  challenged_leaves_missing: 'too few challenged leaves of the entry have been seen',
  authority_mismatch: 'the entry is not signed by the authority in force',
  update_terms_mismatch:
    'the update does not carry the authority, recovery, lock and email in force',
  update_superseded: 'an update that wins over this one is known',
  recovery_code_malformed: 'the text is not a recovery code, or has a typing error',
  bulk_malformed: 'the body is not 1 to 1000 slots of 16 octets',
  token_malformed:
    'the token, or the request for some, does not have the form of RFC 9577 and RFC 9578',
  token_key_malformed: 'the token key, or the statement of it, does not have its one form',
  token_key_old: 'the statement is of a token key whose time is over or far ahead',
  label_mismatch: 'the label is not the VRF output of the identifier',
  dns_name_malformed: 'the text is not a domain name (RFC 1035 §5.1)',
  dns_message_malformed: 'the octets are not one whole DNS message (RFC 1035 §4, RFC 6891)',
  dns_rdata_malformed: 'the RDATA does not have the form of its record type',
  verifier_key_malformed: 'the verifier key is malformed or its hash does not fit its key',
  note_malformed: 'the text is not a signed note in its one spelling',
  note_too_large: 'the note is larger than 1 000 000 bytes',
  note_signature_invalid: 'a signature of the note by a known key does not verify',
  note_signature_missing: 'no known key has signed the note',
  checkpoint_malformed: 'the text is not origin, size and root in three lines',
  checkpoint_origin_mismatch: 'the checkpoint names another origin than the key that signed it',
  checkpoint_quorum_missing: 'fewer members than the quorum have cosigned the checkpoint',
  witness_request_malformed:
    'the text is not an old size, a consistency proof, an empty line and a checkpoint',
  tile_path_malformed: 'the path is not the one path of a tile or entry bundle',
  tile_malformed: 'the tile does not have 32 bytes for each hash of its width',
  bundle_malformed: 'the entry bundle is not 1 to 256 leaves, each behind its length',
  receipt_malformed:
    'the receipt lacks a field, has one too many, or one of the wrong type or size',
  receipt_origin_mismatch: 'the receipt names another origin than the log key',
  receipt_proof_invalid: 'the proof of the receipt does not lead to the root of its checkpoint',
  index_node_malformed: 'the bytes are not a node of the index tree in its one spelling',
  index_proof_malformed: 'the bytes are not a proof of the index in its one spelling',
  index_proof_invalid: 'the proof does not lead from what is claimed to the root of the index',
  index_root_malformed:
    'the text is not the fixed line, ruleset, charter hash, root and logs in order',
  json_not_canonical: 'the text is not canonical JSON (RFC 8785, integers only)',
  charter_malformed: 'the charter lacks a field, has one too many, or one of the wrong shape',
  charter_too_large: 'the text of the charter is larger than 131 072 bytes',
  charter_faults_invalid: 'the active members are too few for the faults to be tolerated',
  charter_inconsistent: 'two fields of the charter contradict or repeat each other',
  charter_not_founding: 'the charter is not a version 1 with only active members and empty logs',
  charter_version_not_next: 'the version of the charter is not one above the charter before',
  charter_previous_mismatch: 'the charter names another charter as the one before it',
  charter_succession_invalid: 'the charter changes what may not change from one to the next',
  charter_quorum_missing: 'fewer members than the quorum have signed the charter',
  draft_unfit: 'what was drafted makes no charter that may follow the one before',
  draft_malformed: 'a message about the charter draft is not of the form that members exchange',
  draft_signature_invalid:
    'a change of the charter draft is not signed by the log key of its member',
  draft_other: 'the message is about another charter draft than the one open here',
  draft_gap: 'changes of the charter draft that this one builds on are missing here',
  draft_limit: 'the member has written or discarded as much of the charter draft as it may',
  draft_forked: 'the member has signed two changes of the charter draft under one number',
  draft_member_excluded: 'the member may not write to the charter draft',
  draft_flood: 'the member sends more messages about the charter draft than it may',
  batch_malformed: 'the stretch of a log is not of the form that members exchange',
  batch_known: 'the stretch of the log, or the checkpoint, brings nothing new',
  batch_gap: 'leaves before the stretch of the log are missing here',
  batch_root_mismatch: 'the leaves do not lead to the root that the checkpoint signs',
  checkpoint_proof_invalid:
    'the proof does not lead from the tree that was cosigned last to the checkpoint',
  checkpoint_not_stored: 'the member has not stored all leaves that the checkpoint covers',
  index_root_differs: 'two members have different roots of the index over the same logs',
  log_unknown: 'the charter names no log of this origin',
  log_forked: 'the log has signed two roots for one size',
  log_cut_off: 'a charter has cut the log off: nothing above the cut-off is taken in',
  log_own: 'a member takes its own log from nobody',
  snapshot_malformed: 'the page of a snapshot is not of the form that members exchange',
  snapshot_false: 'the snapshot of a member says what the logs do not say',
  snapshot_unavailable: 'there is no snapshot to be had at this member now',
  own_log_unconfirmed:
    'others are asked how long the own log was; the same entry may be sent again',
  own_log_contradicted:
    'another member shows another branch of the own log: nothing is written to it',
  payload_missing: 'the entry commits to a payload that this member does not have',
  receipt_unfit: 'the receipt is of another entry, or of a log that the charter does not name',
  evidence_malformed:
    'the evidence lacks a field, has one too many, or one of the wrong type or size',
  evidence_too_large: 'the evidence is larger than 131 072 bytes',
  evidence_known: 'this kind of fault of these logs is proven here already',
  log_frozen: 'the log is proven to have broken a rule, so nothing more of it is taken in',
  dns_chain_invalid: 'no DS of a charter leads to the signature of the DNS answer',
  evidence_unproven: 'the statements are genuine, but an honest member can have made them',
  binary_message_malformed: 'the octets are not a binary HTTP message of known length (RFC 9292)',
  capsule_malformed: 'the octets are too few or too many for an oblivious request or response',
  key_configurations_malformed:
    'the octets are not key configurations (RFC 9458 §3), or none has an X25519 key',
  oblivious_keys_malformed:
    'the statement of oblivious keys, or the list of them, is not of its one form',
  oblivious_keys_old: 'the statement of oblivious keys is not of the last 48 hours',
  request_malformed:
    'the request of a peer lacks a field, has one too many, or one of the wrong type',
  peer_refused: 'too much of what the member sent of late broke rules; it is served again soon',
  member_busy: 'the member has too much to do; the same entry may be sent again',
} as const;

/** The rule that was broken. */
export type VerdictCode = keyof typeof verdictCodes;

/**
 * An operating error: something outside the program went wrong (a file, a socket, a peer). Each
 * package has its own union of codes. Never carries an identifier, key, address or body.
 */
export class DirectoryError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly details: Readonly<Record<string, string | number | boolean>>;

  constructor(
    code: Code,
    message: string,
    options: {
      cause?: unknown;
      details?: Readonly<Record<string, string | number | boolean>>;
    } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'DirectoryError';
    this.code = code;
    this.details = options.details ?? {};
  }
}
