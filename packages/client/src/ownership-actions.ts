/**
 * What hardly any visit of a page needs: another key, losing it, getting it back, giving the number up,
 * keeping who wants it away from it, and what members say of themselves. The directory imports these when one of them is called, so that a page loads
 * them no sooner.
 */
export { commitEmail } from './email.ts';
export { entryState } from './entry-state.ts';
export { memberStates } from './member-state.ts';
export { changeTerms, release, rotate } from './ownership-changes.ts';
export { replace } from './replace.ts';
export { replacementStanding } from './replacement-standing.ts';
export { restoreHolding } from './restore.ts';
export { resume } from './resume.ts';
export { veto } from './veto.ts';
