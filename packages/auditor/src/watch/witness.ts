/**
 * A witness (C2SP tlog-witness): cosigns checkpoints of the logs of the charter that extend what it has
 * cosigned before, for whoever asks. What it has cosigned last is flushed to disk before the cosignature
 * leaves: if we crash here, the file says at least as much as anybody has been told. Requests about one log
 * are answered in turn, so that the second is judged by what the first has left.
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import {
  cosignCheckpoint,
  emptyRoot,
  encodeNote,
  parseNote,
  parseWitnessRequest,
  verifyCheckpoint,
  verifyConsistency,
} from '@callbook/protocol';
import type { Checkpoint, Cosigner, Cryptography } from '@callbook/protocol';
import { folderError } from '../errors.ts';
import type { Findings } from '../findings.ts';
import type { AuditedMember } from '../sync/member-files.ts';

export interface WitnessOptions {
  /** Folder of the audit. */
  readonly path: string;
  readonly cosigner: Cosigner;
  readonly crypto: Cryptography;
  readonly nowMs: () => number;
  /** Logs that are cosigned; the newest charter says which. */
  readonly members: () => readonly AuditedMember[];
  readonly findings: Findings;
}

export interface WitnessAnswer {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422;
  readonly type: string;
  readonly body: string;
}

interface SeenTree {
  readonly size: number;
  /** In hexadecimal. */
  readonly root: string;
}

export class Witness {
  readonly #options: WitnessOptions;

  constructor(options: WitnessOptions) {
    this.#options = options;
  }

  /** Answers `add-checkpoint`. Nothing is awaited, so requests are answered in turn. */
  addCheckpoint(body: string): WitnessAnswer {
    const { crypto, findings } = this.#options;
    const request = parseWitnessRequest(body);
    if (request.verdict !== 'accept') return plain(400, request.code);
    const { oldSize, proof, checkpoint: note } = request.value;
    const parsed = parseNote(note);
    if (parsed.verdict !== 'accept') return plain(400, parsed.code);
    const origin = parsed.value.text.slice(0, parsed.value.text.indexOf('\n'));
    const log = this.#options.members().find((member) => member.origin === origin);
    // "If the checkpoint origin is unknown, the witness MUST respond with a "404 Not Found"."
    if (log === undefined) return plain(404, 'log_unknown');
    const checkpoint = verifyCheckpoint(note, log.logKey, crypto);
    // "If none of the signatures verify against a trusted public key, […] a "403 Forbidden"."
    if (checkpoint.verdict !== 'accept') return plain(403, checkpoint.code);
    const seen = this.#seen(origin);
    // "The old size MUST match the size of the latest checkpoint the witness cosigned" (409 otherwise).
    if (oldSize !== seen.size) return conflict(seen);
    if (oldSize > checkpoint.value.size) return plain(400, 'witness_request_malformed');
    if (oldSize === checkpoint.value.size && checkpoint.value.root.toHex() !== seen.root) {
      findings.add({ code: 'log_forked', member: log.name, log: origin, kind: 'witness' });
      return conflict(seen);
    }
    if (!this.#extends(seen, checkpoint.value, proof)) {
      findings.add({ code: 'witness_refused', member: log.name, log: origin });
      return plain(422, 'checkpoint_proof_invalid');
    }
    this.#remember(checkpoint.value);
    return { status: 200, type: 'text/plain; charset=utf-8', body: this.#cosigned(note) };
  }

  #extends(seen: SeenTree, { size, root }: Checkpoint, proof: readonly Uint8Array[]): boolean {
    const oldRoot = Uint8Array.fromHex(seen.root);
    const claim = { oldSize: seen.size, oldRoot, newSize: size, newRoot: root, proof };
    return verifyConsistency(claim, this.#options.crypto);
  }

  /** The line of our cosignature alone. */
  #cosigned(note: string): string {
    const { cosigner, nowMs } = this.#options;
    const cosigned = parseNote(cosignCheckpoint(note, cosigner, Math.floor(nowMs() / 1000)));
    if (cosigned.verdict !== 'accept') throw new TypeError('a note that was cosigned parses');
    const { text, signatures } = cosigned.value;
    return encodeNote({ text, signatures: signatures.slice(-1) }).slice(text.length + 1);
  }

  #file(origin: string): string {
    return join(this.#options.path, 'witness', encodeURIComponent(origin));
  }

  #seen(origin: string): SeenTree {
    try {
      return JSON.parse(readFileSync(this.#file(origin), 'utf8')) as SeenTree;
    } catch (error) {
      // A file that is there and cannot be read must not become "nothing seen".
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw folderError(error);
      return { size: 0, root: emptyRoot().toHex() };
    }
  }

  #remember({ origin, size, root }: Checkpoint): void {
    const path = this.#file(origin);
    try {
      mkdirSync(dirname(path), { recursive: true });
      const beside = `${path}.new`;
      const file = openSync(beside, 'w');
      writeSync(file, JSON.stringify({ size, root: root.toHex() }));
      fsyncSync(file);
      closeSync(file);
      renameSync(beside, path);
      const folder = openSync(dirname(path), 'r');
      fsyncSync(folder);
      closeSync(folder);
    } catch (error) {
      throw folderError(error);
    }
  }
}

function plain(status: WitnessAnswer['status'], code: string): WitnessAnswer {
  return { status, type: 'text/plain; charset=utf-8', body: `${code}\n` };
}

/** "The response body MUST consist of the tree size of the latest cosigned checkpoint in decimal". */
function conflict({ size }: SeenTree): WitnessAnswer {
  return { status: 409, type: 'text/x.tlog.size', body: `${size}\n` };
}
