/**
 * The codes of this package's operating errors, each with the sentence that the documentation
 * prints. What a peer sends never ends here: that is a verdict.
 */

export const replicationErrorCodes = {
  store_unavailable: 'the store cannot be opened: the disk refuses',
  store_in_use: 'another process has the store open',
  store_damaged: 'files of the store are damaged or missing, or a row is not what was written',
  store_newer: 'a newer version has written the store, in a way that this one cannot read',
  store_failed: 'the store failed to read or write; the member must be restarted',
  store_closed: 'the store has been closed',
  store_corrupt: 'a row of the store is not what this version writes',
  binding_awaited: 'the payload of the entry in force of a binding has not come yet',
  shared_store_unavailable: 'the shared database cannot be reached, or is starting or stopping',
  shared_store_slow: 'the shared database did not answer in time',
  shared_store_read_only: 'the shared database does not let this member write',
  shared_store_failed: 'the shared database refused a statement, or has other tables than ours',
  shared_store_filling: 'the shared database is being filled, or was never filled',
  shared_store_restored:
    'the shared database is at an earlier position than it has been: it was restored',
  shared_store_taken: 'another process writes to the shared database for the same member',
  shared_store_foreign:
    'the shared database has rows of another member, or of a version that this one does not know',
  shared_store_stale: 'what the shared database says is older than the bound on staleness',
  lease_lost:
    'another process of this member has taken over; this one writes and signs nothing more',
  ledger_foreign: 'the store is a copy of another ledger, or a row of the ledger is not ours',
  ledger_restored: 'the ledger is at an earlier place than the store: it was restored, or emptied',
  standby_copy_needed: 'the ledger does not reach back to where the store is; it needs a copy',
  log_key_mismatch: 'the log key given is not the one that the charter names for this member',
  vrf_key_mismatch: 'the VRF secret given does not belong to the public key in the charter',
  member_unknown: 'the charter has no member of this name, or has expelled it',
  charter_refused: 'the pinned charter notes do not verify as a chain from version 1',
  charter_contradicted: 'the store has another charter of a version than the one that is pinned',
  draft_unheard:
    'too few other members have said since the start what they have of the charter draft',
  replica_stopped: 'the replica has been stopped, or stopped itself after its store failed',
  peer_unreachable: 'no connection to the member',
  peer_timeout: 'the member did not answer in time',
  peer_stream_broken: 'the stream to the member broke',
  listen_failed: 'the address to listen on cannot be used',
  peer_key_unusable: 'the file of the peer key cannot be read, is not private, or holds no key',
} as const;

export type ReplicationErrorCode = keyof typeof replicationErrorCodes;
