/**
 * The message that carries a code. Its first lines are for the person. A line of eleven characters is for
 * an app of theirs, where it has named itself: Android hands it messages with that line and no others (SMS
 * Retriever). The last line binds the code to this member's domain, so that a browser offers it to that
 * site alone (WebOTP, "Sending domain-bound one-time codes over SMS"). All of it is 140 octets at most,
 * whatever the code: what SMS Retriever reads, and one SMS segment.
 */
import assert from 'node:assert/strict';
import { DirectoryError } from '@callbook/protocol';
import { gsm7Septets, smsSegmentSeptetsMax } from '../channels/gsm7.ts';
import type { ApiSettingCode } from '../errors.ts';
import type { ChallengeForm } from './sealed-code.ts';

const sentences: Record<ChallengeForm, (code: string) => string> = {
  app: () => 'Callbook: confirm in your app.',
  digits: (code) => `Callbook code: ${code}\nNobody from Callbook asks you for it.`,
};

const longestCodes: Record<ChallengeForm, string> = {
  app: '_'.repeat(43),
  digits: '0'.repeat(8),
};

/** What SMS Retriever reads: "Be no longer than 140 bytes". */
export const codeTextBytesMax = 140;

export interface CodeText {
  readonly form: ChallengeForm;
  readonly host: string;
  readonly code: string;
  /** Eleven characters of base64 by which Android knows an app. */
  readonly appHash?: string | undefined;
}

/** Returns the text of a message; `host` as `assertHostFits` accepts it. */
export function challengeText(message: CodeText): string {
  const text = textOf(message);
  const septets = gsm7Septets(text);
  const bytes = Buffer.byteLength(text);
  assert(
    septets !== undefined && septets <= smsSegmentSeptetsMax && bytes <= codeTextBytesMax,
    `code message takes ${septets ?? 'no'} septets and ${bytes} octets`,
  );
  return text;
}

function textOf({ form, host, code, appHash }: CodeText): string {
  const person = sentences[form](code);
  const app = appHash === undefined ? '' : `\n${appHash}`;
  // Origin-bound one-time codes §2.1: the last line is "@", the domain, a space, "#", the code.
  return `${person}${app}\n\n@${host} #${code}`;
}

/**
 * Checks a configured host before the first code is sent.
 *
 * Throws `host_malformed` unless it is a domain name in lower case without a port, `host_too_long`
 * when the longest message would have more than 140 octets.
 */
export function assertHostFits(host: string): void {
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(host)) {
    throw settingError('host_malformed', 'host is not a domain name in lower case without a port');
  }
  const forms = Object.keys(longestCodes) as ChallengeForm[];
  const appHash = 'x'.repeat(11);
  const overhead = forms.map((form) => {
    const text = textOf({ form, host: '', code: longestCodes[form], appHash });
    return Buffer.byteLength(text);
  });
  const charactersMax = codeTextBytesMax - Math.max(...overhead);
  if (host.length > charactersMax) {
    throw settingError(
      'host_too_long',
      `host has ${host.length} characters, at most ${charactersMax}`,
    );
  }
}

function settingError(code: ApiSettingCode, message: string): DirectoryError<ApiSettingCode> {
  return new DirectoryError(code, message);
}
