/** Every limit of this package, with its unit last. docs/spec/members.md has those that peers see. */

/** A log signs a checkpoint at most this often. */
export const checkpointIntervalMs = 25;
/** While logs grow, each waits so long for each of them, up to the second: a checkpoint costs all members. */
export const growingIntervalMs = 50;
export const growingIntervalMsMax = 100;
/** A log waits as long as its last batch took to write, up to this. */
export const busyIntervalMsMax = 500;
/** A log counts as growing for so long after its last leaf. */
export const growingWithinMs = 500;
/** Entries that may wait for the member's own log; more are refused, so that a client retries. */
export const appendQueueEntriesMax = 4096;
/** Leaves in an entry bundle and hashes in a tile (C2SP tlog-tiles). */
export const tileWidth = 256;
/** Tiles of one log whose inner hashes are kept in memory for proofs. */
export const tilesCachedMax = 16;
/** Ownership entries whose verified signatures are remembered: every member logs the same ones. */
export const verifiedEntriesCachedMax = 4096;
/** Checkpoints whose verified signatures are remembered: some seconds of all logs. */
export const verifiedCheckpointsCachedMax = 512;
/** Labels that this member has computed and whose proofs it need not verify: some minutes of claims. */
export const provenLabelsKeptMax = 4096;
/** Payloads kept for one label: the one served and those of entries that may come into force. */
export const payloadsPerLabelMax = 8;
/**
 * Leaves of another log that go into one batch of the store, at most: an entry bundle, so that while
 * catching up none is written in parts. More would be copied by the garbage collector again and again.
 */
export const integrationLeavesMax = 256;
/** From so many leaves behind a log's newest checkpoint on, leaves are verified in other threads, if there are. */
export const farBehindLeavesMin = 1024;
/** Entries verified in one turn of the event loop, so that look-ups are answered in between. */
export const verifyChunkEntries = 32;
/** Releases erased in one batch. */
export const releasesPerSweepMax = 256;
/** Requests whose holders are told in one go. */
export const requestsToldAtOnceMax = 64;
/** How often a member looks for releases whose pause is over. */
export const releaseSweepIntervalMs = 1000;

/** Files of the database are rewritten where releases have erased rows: so long after, or so many. */
export const erasureCompactionMs = 60_000;
export const erasedRowsMax = 1024;

/**
 * Labels that go into one batch of the index: its upper nodes are shared by all of them. When twice as
 * many wait, logs are taken in no faster.
 */
export const indexBatchLabelsMax = 4096;
/** The same while a log is far behind: nobody waits for the index, and large batches share more nodes. */
export const indexBulkLabelsMax = 16_384;
/** Labels applied to the index in one turn of the event loop. */
export const indexSliceLabels = 256;
/** The index waits this long for more changes, and again while so many labels come in that time. */
export const indexIntervalMs = 250;
export const indexIntervalBusyLabels = 128;
/** After so many intervals it waits no longer: a change is in the index about 2 s after the view. */
export const indexIntervalsMax = 8;
/** Nodes of the index with paths up to this length stay in memory: at most 4 369, about 3 MB. */
export const indexPathCachedMax = 3;

/**
 * The stored vector of the index, and its upper nodes, are at most so many leaves behind what the store has of
 * the logs, and a batch: so many are folded again after a crash, in about a second.
 */
export const indexVectorLeavesMax = 16_384;

/** Labels that are computed before other work gets its turn, where many are proven. */
export const proofLabelsAtOnce = 8;
/** A label that is changing is proven after so many more batches of the index, or not at all. */
export const proofAttemptsMax = 8;
/** How often, and how long, a proof waits for the quorum's cosignatures of the logs it stands on. */
export const proofPollMs = 50;
export const proofWaitMsMax = 3000;

/** A page of the tail protocol. */
export const pageEntriesMax = 512;
export const pageBytesMax: number = 256 * 1024;
/** Pages that a reader may have asked for and not yet received, on one stream. */
export const pagesInFlightMax = 4;
/** A frame with a page: one entry may pass `pageBytesMax`, and each has its framing. */
export const pageFrameBytesMax: number = 512 * 1024;
/** A frame with a request for pages. */
export const tailRequestBytesMax = 1024;
/** A frame with entries, their payloads and the receipts of the challenged leaves. */
export const notariseRequestBytesMax: number = 96 * 1024;
/** Entries in such a frame, and the frame with as many receipts or verdicts. */
export const notariseFrameRequestsMax = 16;
export const notariseAnswerBytesMax: number = 256 * 1024;
/** Requests that wait for one member; of more no receipt is had from it. */
export const notariseWaitingMax = 1024;
/** Receipts in a request to notarise: one for each member. */
export const notariseReceiptsMax = 16;
/** Requests to notarise served at once; more are refused, so that the asker tries elsewhere. */
export const notariseConcurrentMax = 256;
/** Hashes in a Merkle proof: the tree size is at most 2^53 - 1. */
export const proofHashesMax = 53;
/** A checkpoint with its signature and room for cosignatures. */
export const checkpointBytesMax = 8192;

/** Answers within this time, or the stream is given up. */
export const tailTimeoutMs = 10_000;
export const notariseTimeoutMs = 10_000;
/** A notarise stream on which nothing is asked for this long is closed. */
export const notariseIdleMs = 60_000;
export const dialTimeoutMs = 5_000;
/** A tail stream on which nothing is asked for this long is closed. */
export const tailIdleMs = 60_000;
/** How often a member asks each peer for its checkpoints, gossip or not. */
export const pollIntervalMs = 1000;
/** Wait before a lost peer is dialled again: from the first to the last, doubled, with jitter. */
export const redialMinMs = 200;
export const redialMaxMs = 5_000;
/** Inbound GossipSub frame: over it, a link is lost for good, so senders stay at half. */
export const gossipFrameBytesMax: number = 1024 * 1024;
/** Bytes waiting on one gossip link; a member that reads slower loses the link and tails instead. */
export const gossipOutboundBytesMax: number = 4 * 1024 * 1024;
/**
 * Updates of a stream's window wait until they come to so much: half of the 256 KiB that a sender has
 * at first, so that it never stands still for one that waits. And so many streams have any waiting.
 */
export const heldWindowBytesMax: number = 128 * 1024;
export const heldWindowStreamsMax = 64;
/** Gossip sent in a second; above it only checkpoints are gossiped. */
export const gossipBytesPerSecondMax: number = 2 * 1024 * 1024;
/** Connections: two to each of 15 other members (both may dial), and room for strangers at the door. */
export const connectionsMax = 64;
/** A mirror is asked only when the log's own member has been unable to serve it for this long. */
export const mirrorPatienceMs = 2000;
/** Gossip messages accepted and not yet integrated; more are left to the tail. */
export const gossipQueueBatchesMax = 64;
/** Enough members have told how long our own log is: the others get so long. */
export const ownLogPatienceMs = 2000;
/** Leaves that our own log has signed are asked for so long before the operator is told. */
export const ownLeavesPatienceMs = 30_000;
/** Pages looked at to find where another member's copy of our own log parts from ours. */
export const branchPagesMax = 128;
/** Payloads in one request, and the frames with it and its answer: 16 × (8192 + 32) bytes and framing. */
export const payloadsWantedMax = 16;
export const payloadsRequestBytesMax = 2048;
export const payloadsAnswerBytesMax: number = 160 * 1024;
export const payloadsStreamsMax = 4;
export const payloadsTimeoutMs = 10_000;
/** How often missing payloads are asked for, and how many at once. */
export const payloadRoundMs = 1000;
export const payloadsPerRoundMax = 64;
/** A member that has not got a payload is asked for it again after this long. */
export const payloadAskAgainMs = 60_000;
/** Answers of that kind that are remembered. */
export const payloadRefusalsKeptMax = 8192;
/** A page of a snapshot, and what one label may hold. */
export const snapshotLabelsMax = 256;
export const snapshotEntriesMax = 1024;
export const snapshotFrameBytesMax: number = 2 * 1024 * 1024 - 1;
export const snapshotRequestBytesMax = 64;
export const snapshotRowsRead = 256;
export const snapshotStreamsMax = 2;
/** Snapshots that a member keeps open at once: each keeps old rows on its disk. */
export const snapshotsOpenMax = 2;
/** Turns of the writer in which a snapshot is tried to be taken. */
export const snapshotAttemptsMax = 64;
export const snapshotTimeoutMs = 30_000;
/** A snapshot of which nothing is asked for this long is closed. */
export const snapshotIdleMs = 60_000;
/** Where the logs are longer than this, all together, a member without any joins by a snapshot. */
export const joinLeavesMin = 100_000;
/** In a federation as young as this all members begin with nothing. */
export const foundingMs: number = 24 * 3600_000;
/** How long a newcomer waits to hear how long the logs are, and how often it looks. */
export const joinHearMs = 5000;
export const joinPollMs = 100;
/** All sponsors are tried so often, with a pause in between, before a join is given up. */
export const joinRoundsMax = 3;
export const joinRetryMs = 5000;
/** A member that is to confirm a snapshot is asked so often for a root that can be reached. */
export const landingTriesMax = 30;
export const landingRetryMs = 500;
/** Rows that a migration of the store looks at and writes in one batch. */
export const migrationRowsMax = 4096;
/** Rows erased in one batch when a store is emptied. */
export const wipeRowsMax = 4096;
/** Streams that one peer may have open. */
export const tailStreamsMax = 8;
export const notariseStreamsMax = 16;
/** Of those, what a member uses of another: one for each frame that waits for its answers. */
export const notariseStreamsUsed = 4;

/** A frame with a checkpoint and a proof, or with an index root and the sizes of all logs. */
export const cosignRequestBytesMax: number = 16 * 1024;
/** A frame with an index root and an agreed checkpoint of each log. */
export const cosignAnswerBytesMax: number = 160 * 1024;
export const cosignStreamsMax = 4;
/** A signature line of a cosignature: names have at most 128 characters. */
export const cosignatureCharactersMax = 512;
/** Requests that wait for one member; more are left out. */
export const cosignWaitingMax = 8;
/** Checkpoints that wait to be cosigned here. */
export const cosignQueueMax = 64;
/** A log's checkpoints become agreed at most this often; when others grow too, less often, but not below the second. */
export const cosignIntervalMs = 250;
export const cosignIntervalMsMax = 750;
/** Wait after a round that found no quorum. */
export const cosignRetryMs = 500;
/** A round waits this long for a quorum, and then this long for the others. */
export const cosignRoundMsMax = 5_000;
export const cosignGraceMs = 20;
/** A cosigner waits this long for leaves that it has not stored yet. */
export const checkpointPatienceMs = 2_000;
/** Answers to cosign within this time, or the stream is given up. */
export const cosignTimeoutMs = 5_000;
/** Others gather for a log whose member has been away for this long. */
export const agreedPatienceMs = 3_000;
/** Index roots remembered of each member. */
export const rootsKeptMax = 64;

/** A signed change of the charter draft: one member with all its lists full, and its framing. */
export const draftChangeBytesMax: number = 12 * 1024;
export const draftStatementsMax = 16;
/** Changes of one draft by one member, and their bytes. */
export const draftChangesMax = 64;
export const draftMemberBytesMax: number = 64 * 1024;
/** How often a member may begin the draft of one charter again. */
export const draftDiscardsMax = 8;
export const draftDiscardBytesMax = 512;
/** Changes, and their bytes, in one message about the draft. */
export const draftNewsChangesMax = 64;
export const draftNewsBytesMax: number = 128 * 1024;
/** A charter with all its signatures: text of 128 KiB and 128 governance keys. */
export const charterNoteCharactersMax: number = 192 * 1024;
/** A frame with news of charter and draft: a note, changes, and two changes of each member as proof. */
export const draftFrameBytesMax: number = 768 * 1024;
export const draftTimeoutMs = 10_000;
export const draftStreamsMax = 4;
/** Messages about the draft that one member may send: so many at once, then so many a second. */
export const draftMessagesBurstMax = 32;
export const draftMessagesPerSecondMax = 8;
/** How often a member asks each peer for news of charter and draft. */
export const draftPollIntervalMs = 2000;
/** How long a change of the draft waits for the others to say what they have: 5 s. */
export const draftHearWaits = 50;
export const draftHearWaitMs = 100;
/** Messages that go to one peer in a row while it or we lack something. */
export const draftRoundsMax = 16;

/** Charters that may be signed and wait for their time. */
export const chartersWaitingMax = 8;
/** Versions that are read back from the store. */
export const charterVersionsMax = 4096;
/** How often a member looks whether the time of the next charter has come. */
export const charterPollIntervalMs = 250;
/** So long before it takes effect a charter that expels is made ready for. */
export const expulsionLeadMs = 10_000;
/** Updates above a cut-off are logged again by the member whose turn it is, after this by any. */
export const relogPatienceMs = 5000;
/** Labels whose updates are integrated anew in one pass over all logs. */
export const replayLabelsMax = 4096;

/** Pieces of evidence: one of each kind for each log that there can be. */
export const evidenceCountMax = 160;
/** A frame with a piece of evidence, and one with the answer. */
export const evidenceRequestBytesMax: number = 132 * 1024;
export const evidenceAnswerBytesMax: number = 16 * 1024;
export const evidenceStreamsMax = 4;
export const evidenceTimeoutMs = 5_000;
/** Messages about evidence that one member may send: so many at once, then so many a second. */
export const evidenceMessagesBurstMax = 160;
export const evidenceMessagesPerSecondMax = 8;
/** Suspicions that wait until the checkpoints reach their leaves. */
export const suspicionsMax = 64;
/** Receipts of each log that wait until the log has come as far. */
export const receiptsKeptMax = 64;
/** Leaves that are looked back for the one with the later time. */
export const lookBackLeavesMax = 512;

/** Points of a member's score: a broken rule is one, and points halve in this time. */
export const peerPointsHalfLifeMs = 60_000;
/** From so many points on a member's requests wait, and from so many on they are refused. */
export const peerPointsSlow = 8;
export const peerPointsRefused = 16;
/** More are not counted: a member that stops is served again after two half-lives at most. */
export const peerPointsMax = 32;
/** How long each request of a member with a bad score waits. */
export const peerSlowMs = 250;

/** Rows of the outbox, and keys in them, that go to the shared database in one transaction. */
export const followedRowsMax = 256;
export const followedKeysMax = 4096;
/** Rows compared with the shared database at once when it is filled. */
export const filledRowsMax = 2048;
/** More changes that the shared database lacks are not kept: it is compared as a whole then. */
export const outboxRowsMax = 200_000;
/** Notices that stay in the shared database for front ends that lag; one that lags more forgets all answers. */
export const sharedNoticesKept = 4096;
/** A notice of more changes says that everything has changed. */
export const noticedIdentifiersMax = 4096;
/** How often the writer shows that it lives, and for how long it watches another before it takes over. */
export const sharedBeatMs = 1_000;
export const sharedTakeOverMs = 5_000;
/** Waits after failures of the shared database, twice as long each time. */
export const sharedRetryMsMin = 250;
export const sharedRetryMsMax = 10_000;

/** How often the holder of a member's lease shows that it lives, and stand-bys look. */
export const leaseBeatMs = 500;
/** Looks without a new beat after which a stand-by takes over. */
export const leaseLooks = 6;
/** Wait before the ledger is tried again. */
export const leaseRetryMs = 500;
/** Batches, and bytes of them, that go to the ledger in one transaction; at least one does. */
export const ledgerBatchesTogether = 64;
export const ledgerBytesTogether: number = 1 << 20;
/** Batches that a stand-by reads at once. */
export const ledgerReadTogether = 256;
/** Looks between two reports of a stand-by. */
export const standbyReportLooks = 10;
/** How often batches are cleared up, how many at once, and what stays for a stand-by that was away. */
export const ledgerClearingMs = 5_000;
export const ledgerClearedTogether = 256;
export const ledgerKeptMax = 10_000;
export const ledgerKeepMs = 86_400_000;
