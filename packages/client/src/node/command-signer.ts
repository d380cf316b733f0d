/**
 * A program as signer: a token, a card, a key in another place. It is started for each question, reads
 * one line of JSON from standard input and writes one line of base64url to standard output; what it says
 * to a person goes to standard error (docs/guide/signers.md). Nothing secret is among its arguments, and
 * neither is the identifier: other users of the machine can read those.
 */
import { spawn } from 'node:child_process';
import { encodeBase64Url, parseBase64Url, type Identifier, type Signer } from '@callbook/protocol';
import { clientError } from '../errors.ts';
import { signerAnswerBytesMax, signerMsMax } from '../limits.ts';
import type { BoxAgreement } from '../signers/box-agreement.ts';

/** A program with its arguments, and the identifier whose authority key it has. */
export interface SignerCommand {
  /** The program and its arguments; no shell stands between. */
  readonly command: readonly [string, ...string[]];
  /** Whose key it is: a program may have one for each. */
  readonly identifier: Identifier;
  /** Longest wait for one answer; a person may have to touch something. Default: a minute. */
  readonly timeoutMs?: number;
}

/** Opens the authority key of a program. Throws `signer_failed`, `signer_timeout`, `signer_answer_invalid`. */
export async function commandSigner(of: SignerCommand): Promise<Signer> {
  const publicKey = await ask(of, { do: 'public-key', use: 'authority' }, 32);
  const named = { do: 'sign', publicKey: encodeBase64Url(publicKey) };
  return {
    publicKey,
    sign: (message) => ask(of, { ...named, message: encodeBase64Url(message) }, 64),
  };
}

/** Opens the `box` key of a program, for `open`. Throws as `commandSigner`. */
export async function commandAgreement(of: SignerCommand): Promise<BoxAgreement> {
  const publicKey = await ask(of, { do: 'public-key', use: 'box' }, 32);
  const named = { do: 'agree', publicKey: encodeBase64Url(publicKey) };
  return {
    publicKey,
    agree: (theirs) => ask(of, { ...named, with: encodeBase64Url(theirs) }, 32),
  };
}

async function ask(
  of: SignerCommand,
  question: Readonly<Record<string, string>>,
  size: number,
): Promise<Uint8Array> {
  const line = JSON.stringify({ v: 1, identifier: of.identifier, ...question });
  const answer = parseBase64Url((await run(of, `${line}\n`)).trim());
  if (answer?.length === size) return answer;
  throw clientError('signer_answer_invalid', `the signer wrote no base64url of ${size} bytes`);
}

function run({ command, timeoutMs = signerMsMax }: SignerCommand, input: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  let answer = '';
  const stop = (error: Error): void => {
    // A program that does not end itself is not waited for.
    child.kill('SIGKILL');
    reject(error);
  };
  const timer = setTimeout(() => {
    stop(clientError('signer_timeout', `the signer did not answer within ${timeoutMs} ms`));
  }, timeoutMs);
  child.stdout.setEncoding('latin1').on('data', (chunk: string) => {
    answer += chunk;
    if (answer.length <= signerAnswerBytesMax) return;
    const found = `the signer wrote more than ${signerAnswerBytesMax} bytes`;
    stop(clientError('signer_answer_invalid', found));
  });
  child.on('error', (cause) => {
    reject(clientError('signer_failed', 'the signer cannot be started', { cause }));
  });
  child.on('close', (exitCode) => {
    if (exitCode === 0) resolve(answer);
    else reject(clientError('signer_failed', `the signer ended with ${exitCode ?? 'a signal'}`));
  });
  // A program that has ended without reading is known by how it ended.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return promise.finally(() => clearTimeout(timer));
}
