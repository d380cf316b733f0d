/**
 * WebOTP: on a telephone the browser reads the code out of the message that names this page's domain, after
 * the person has agreed. Codes of other members' domains are typed; no other browser knows any of it.
 */
import { useEffect } from 'preact/hooks';
import type { CodeAsk } from '../holder/code-run.ts';

/** Gives the code of the message that arrives, for as long as `ask` is open. */
export function useWebOtp(ask: CodeAsk, onCode: (code: string) => void): void {
  useEffect(() => {
    if (!('OTPCredential' in globalThis)) return undefined;
    const stop = new AbortController();
    const options = { otp: { transport: ['sms'] }, signal: stop.signal };
    navigator.credentials.get(options as CredentialRequestOptions).then(
      (credential) => {
        const code = (credential as { readonly code?: unknown } | null)?.code;
        if (typeof code === 'string') onCode(code);
      },
      // The person said no, or the code came another way: then it is typed.
      () => undefined,
    );
    return () => stop.abort();
  }, [ask]);
}
