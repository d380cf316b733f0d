/**
 * What a browser may do with the page: run its own files and no other script, ask the members of the
 * charter and nobody else, be framed by nobody. Written anew when the charter changes, since the members
 * may.
 */

export interface PolicySubject {
  /** Of inline scripts: `'sha256-…'`. */
  readonly scriptHashes: readonly string[];
  /** Origins that the page may ask beside its own. */
  readonly askable: readonly string[];
}

/** Returns the value of `Content-Security-Policy` (CSP 3). */
export function pagePolicy({ scriptHashes, askable }: PolicySubject): string {
  return [
    "default-src 'none'",
    ["script-src 'self'", ...scriptHashes].join(' '),
    "style-src 'self'",
    "img-src 'self'",
    ["connect-src 'self'", ...askable].join(' '),
    "base-uri 'none'",
    // Forms are read by scripts: none is ever sent by the browser itself.
    "form-action 'none'",
    "frame-ancestors 'none'",
    // Nothing turns text into HTML or scripts.
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

/** Fields that go with the page whoever asks; of devices it needs the codes in messages alone. */
export const pageHeaders = {
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'permissions-policy':
    'camera=(), geolocation=(), microphone=(), payment=(), usb=(), otp-credentials=(self)',
  'x-frame-options': 'DENY',
} as const;
