/**
 * Outside witnesses: a member submits the agreed checkpoints of its own log to witnesses that are no
 * members (C2SP tlog-witness), and adds their cosignatures to the note that it serves. They count in
 * no quorum; they are for those who would rather trust somebody outside the federation as well.
 *
 * A witness that is away delays nothing for long: what was witnessed last is served while it is
 * fresh, then what is agreed without it. Nothing is kept on disk: a witness tells how far it is.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  accept,
  DirectoryError,
  encodeWitnessRequest,
  ignore,
  mergeCheckpointNotes,
  parseCheckpoint,
  parseNote,
  parseVerifierKey,
  verifyCosignature,
} from '@callbook/protocol';
import type { Clock, Cryptography, Verdict, VerifierKey } from '@callbook/protocol';
import type { Replica } from '@callbook/replication';
import type { Logger } from 'pino';
import type { NodeConfig } from './config.ts';
import type { NodeErrorCode } from './errors.ts';

/** Checkpoints are submitted at most this often. */
const submitIntervalMs = 2000;
/** A witness answers within this time, or is asked again with the next checkpoint. */
const answerMsMax = 10_000;
/** What was witnessed last is served this long after a newer checkpoint is agreed. */
const freshMsMax = 15_000;
const answerBytesMax = 16 * 1024;

export interface OutsideWitnesses extends AsyncDisposable {
  /** What to serve of the own log: the agreed note, or one that witnesses have cosigned as well. */
  served(agreed: string | undefined): string | undefined;
}

export interface OutsideWitnessesParts {
  readonly replica: Replica;
  readonly crypto: Cryptography;
  readonly clock: Clock;
  readonly log: Logger;
}

interface OutsideWitness {
  readonly url: string;
  readonly cosignerKey: VerifierKey;
  /** What it has cosigned last of our log, as far as we know. */
  lastSize: number;
}

interface WitnessedNote {
  readonly note: string;
  readonly size: number;
  readonly atMs: number;
}

/** Begins to submit checkpoints. Throws `config_setting_invalid` when a key is none of a cosigner. */
export function startOutsideWitnesses(
  config: NodeConfig,
  parts: OutsideWitnessesParts,
): OutsideWitnesses {
  const witnesses = (config.witnesses ?? []).map(({ url, key }, place) => ({
    url: `${url.replace(/\/$/, '')}/add-checkpoint`,
    cosignerKey: cosignerKeyIn(key, place),
    lastSize: 0,
  }));
  return new Submission(witnesses, parts);
}

function cosignerKeyIn(vkey: string, place: number): VerifierKey {
  const key = parseVerifierKey(vkey);
  if (key.verdict === 'accept' && key.value.algorithm === 0x04) return key.value;
  const setting = `witnesses.${place}.key`;
  throw new DirectoryError<NodeErrorCode>(
    'config_setting_invalid',
    `${setting}: must be the verifier key of a cosigner (type 4)`,
    { details: { setting } },
  );
}

class Submission implements OutsideWitnesses {
  readonly #witnesses: readonly OutsideWitness[];
  readonly #parts: OutsideWitnessesParts;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #witnessed: WitnessedNote | undefined;
  #servedSize = 0;

  constructor(witnesses: readonly OutsideWitness[], parts: OutsideWitnessesParts) {
    this.#witnesses = witnesses;
    this.#parts = parts;
    this.#running = witnesses.length === 0 ? Promise.resolve() : this.#submitAll();
  }

  served(agreed: string | undefined): string | undefined {
    const witnessed = this.#witnessed;
    if (agreed === undefined || witnessed === undefined) return agreed;
    const size = sizeIn(agreed);
    const isFresh = this.#parts.clock.nowMs() - witnessed.atMs < freshMsMax;
    // What is served of a log never goes back.
    const isCurrent = witnessed.size === size || (isFresh && witnessed.size >= this.#servedSize);
    this.#servedSize = Math.max(this.#servedSize, isCurrent ? witnessed.size : size);
    return isCurrent ? witnessed.note : agreed;
  }

  async #submitAll(): Promise<void> {
    const { signal } = this.#stop;
    const { replica } = this.#parts;
    while (!signal.aborted) {
      const agreed = replica.agreedCheckpoint(replica.origin);
      if (agreed !== undefined && sizeIn(agreed) > (this.#witnessed?.size ?? 0)) {
        await this.#submit(agreed);
      }
      await sleep(submitIntervalMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #submit(agreed: string): Promise<void> {
    const { clock, log } = this.#parts;
    const notes = await Promise.all(
      this.#witnesses.map(async (witness) => {
        try {
          const cosigned = await this.#cosignedBy(witness, agreed);
          if (cosigned.verdict === 'accept') return [cosigned.value];
          log.warn({ witness: witness.cosignerKey.name, code: cosigned.code }, 'witness_unusable');
        } catch {
          log.warn({ witness: witness.cosignerKey.name }, 'witness_unreachable');
        }
        return [];
      }),
    );
    const cosigned = notes.flat();
    if (cosigned.length === 0) return;
    const note = mergeCheckpointNotes([agreed, ...cosigned]);
    this.#witnessed = { note, size: sizeIn(agreed), atMs: clock.nowMs() };
  }

  /** Submits; a second time when the witness wants the proof from another size. */
  async #cosignedBy(witness: OutsideWitness, agreed: string): Promise<Verdict<string>> {
    const first = await this.#ask(witness, agreed);
    return first ?? (await this.#ask(witness, agreed)) ?? behind();
  }

  /** Undefined when the witness has cosigned another size than we thought; it has told which. */
  async #ask(witness: OutsideWitness, agreed: string): Promise<Verdict<string> | undefined> {
    const { replica } = this.#parts;
    const sizes = { oldSize: witness.lastSize, newSize: sizeIn(agreed) };
    const proof = replica.cosigning.consistency(replica.origin, sizes);
    if (proof === undefined) return behind();
    const body = encodeWitnessRequest({ oldSize: witness.lastSize, proof, checkpoint: agreed });
    const response = await fetch(witness.url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      redirect: 'error',
      signal: AbortSignal.any([AbortSignal.timeout(answerMsMax), this.#stop.signal]),
    });
    const text = await boundedText(response);
    if (response.status === 409 && /^(?:0|[1-9][0-9]{0,15})\n$/.test(text)) {
      const isNews = Number(text) !== witness.lastSize;
      witness.lastSize = Number(text);
      return isNews ? undefined : behind();
    }
    if (response.status !== 200) return ignore('member_busy', 'the witness refused');
    const cosigned = this.#verify(witness, agreed, text);
    if (cosigned.verdict === 'accept') witness.lastSize = sizes.newSize;
    return cosigned;
  }

  /** "The client MUST ignore any cosignatures from unknown keys." */
  #verify({ cosignerKey }: OutsideWitness, agreed: string, lines: string): Verdict<string> {
    const { crypto } = this.#parts;
    const cosigned = `${agreed}${lines}`;
    const verdict = verifyCosignature(cosigned, cosignerKey, crypto);
    if (verdict.verdict !== 'accept') return verdict;
    const own = lines
      .split('\n')
      .filter(
        (line) => verifyCosignature(`${agreed}${line}\n`, cosignerKey, crypto).verdict === 'accept',
      );
    return accept(`${agreed}${own.slice(0, 1).join('\n')}\n`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

function behind(): Verdict<never> {
  return ignore('checkpoint_not_stored', 'the witness has cosigned a larger tree than we have');
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > answerBytesMax) throw new TypeError(`answer is above ${answerBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The size in a note that this member has verified. */
function sizeIn(note: string): number {
  const parsed = parseNote(note);
  const checkpoint = parsed.verdict === 'accept' ? parseCheckpoint(parsed.value.text) : parsed;
  return checkpoint.verdict === 'accept' ? checkpoint.value.size : 0;
}
