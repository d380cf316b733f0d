/**
 * The message that carries a code. Its first lines are for the person; its last line binds the
 * code to this member's domain, so that a browser offers it to that site alone (WebOTP, "Sending
 * domain-bound one-time codes over SMS"). Both forms fit one SMS segment whatever the code.
 */
import assert from 'node:assert/strict';
import { DirectoryError } from '@callbook/protocol';
import { gsm7Septets, smsSegmentSeptetsMax } from '../channels/gsm7.ts';
import type { ApiSettingCode } from '../errors.ts';
import type { ChallengeForm } from './sealed-code.ts';

const sentences: Record<ChallengeForm, (code: string) => string> = {
  app: () => 'Callbook: open the app to confirm your claim.',
  digits: (code) => `Callbook code: ${code}\nNobody from Callbook asks you for it.`,
};

const longestCodes: Record<ChallengeForm, string> = {
  app: '_'.repeat(43),
  digits: '0'.repeat(8),
};

/** Returns the text of a message; `host` as `assertHostFits` accepts it. */
export function challengeText(message: {
  readonly form: ChallengeForm;
  readonly host: string;
  readonly code: string;
}): string {
  const { form, host, code } = message;
  // Origin-bound one-time codes §2.1: the last line is "@", the domain, a space, "#", the code.
  const text = `${sentences[form](code)}\n\n@${host} #${code}`;
  const septets = gsm7Septets(text);
  assert(
    septets !== undefined && septets <= smsSegmentSeptetsMax,
    `code message takes ${septets ?? 'no'} septets, at most ${smsSegmentSeptetsMax}`,
  );
  return text;
}

/**
 * Checks a configured host before the first code is sent.
 *
 * Throws `host_malformed` unless it is a domain name in lower case without a port, `host_too_long`
 * when the longest message would not fit one segment.
 */
export function assertHostFits(host: string): void {
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(host)) {
    throw settingError('host_malformed', 'host is not a domain name in lower case without a port');
  }
  const forms = Object.keys(longestCodes) as ChallengeForm[];
  const overhead = forms.map((form) => {
    const code = longestCodes[form];
    return gsm7Septets(`${sentences[form](code)}\n\n@ #${code}`)!;
  });
  const charactersMax = smsSegmentSeptetsMax - Math.max(...overhead);
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
