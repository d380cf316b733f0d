/**
 * The network port: streams of frames to the other members, and one topic that all of them hear.
 * Everything above it speaks of members by name; only the implementation knows peer ids, addresses
 * and sockets. Times out what a peer keeps waiting, so that no call hangs.
 */

/** A protocol between two members and the largest frame that it may send each way. */
export interface StreamProtocol {
  readonly name: string;
  /** Frames of whoever opened the stream. */
  readonly requestBytesMax: number;
  /** Frames of whoever serves it. */
  readonly answerBytesMax: number;
  /** Streams that one peer may have open at once. */
  readonly streamsMax: number;
}

export interface FrameStream {
  /** Reads the next frame, or undefined at the end. Errors: `peer_timeout`, `peer_stream_broken`. */
  read(timeoutMs: number): Promise<Uint8Array | undefined>;
  /** Waits until the frame is on its way. Errors: as for `read`. */
  write(frame: Uint8Array, timeoutMs: number): Promise<void>;
  /** Ends the writing side and lets what is under way arrive. */
  close(): Promise<void>;
  /** Gives the stream up at once. */
  abort(): void;
}

/** Another member as a peer. */
export interface MeshPeer {
  readonly name: string;
  readonly peerId: string;
  /** Multiaddrs to dial; asked anew before each attempt. */
  addresses(): readonly string[];
}

/** What becomes of a gossiped message; only accepted ones are passed on. */
export type GossipVerdict = 'accept' | 'ignore' | 'reject';

export interface Network extends AsyncDisposable {
  /** Addresses under which this member is reached, for those who ask. */
  addresses(): readonly string[];
  /** Names of the members to which there is a connection. */
  connected(): readonly string[];
  /**
   * Says who the other members are from now on: new ones are let in and dialled, connections to
   * those who are none any more are closed, as to those who have another peer id than before.
   */
  admit(peers: readonly MeshPeer[]): void;
  /** Opens a stream to a member. Errors: `peer_unreachable`, `peer_timeout`. */
  open(memberName: string, protocol: StreamProtocol): Promise<FrameStream>;
  /** Serves the streams of a protocol that members open; a rejection gives up that stream. */
  serve(
    protocol: StreamProtocol,
    serveStream: (stream: FrameStream, memberName: string) => Promise<void>,
  ): Promise<void>;
  /** Calls back for each new connection. */
  onConnect(listener: (memberName: string) => void): () => void;
  /** Sends a message to all members; lost where there is no connection. */
  publish(message: Uint8Array): Promise<void>;
  /** Sets who judges the messages of other members, within the same turn. */
  onMessage(judge: (message: Uint8Array, memberName: string) => GossipVerdict): void;
}
