/**
 * What hardly any visit of a page needs: losing a key, getting it back, and keeping who wants the
 * number away from it. The directory imports these when one of them is called, so that a page loads
 * them no sooner.
 */
export { commitEmail } from './email.ts';
export { replace } from './replace.ts';
export { replacementStanding } from './replacement-standing.ts';
export { restoreHolding } from './restore.ts';
export { resume } from './resume.ts';
export { veto } from './veto.ts';
