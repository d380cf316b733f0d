/** Every limit of the client, with its unit last. */

/** Longest wait for one answer of a member. */
export const callMsMax = 10_000;
/** Longest wait for a posted entry: the member asks the others to log it before it answers. */
export const entryCallMsMax = 30_000;
/** Largest answer that is read: 1 000 look-ups with payloads at their limit, in base64. */
export const answerBytesMax = 16 * 1024 * 1024;
/** Charters that are walked forward at once: ten years of one a month. */
export const charterStepsMax = 120;
/** Codes that may be tried for one challenge; the member counts too. */
export const codeAttemptsMax = 5;
/** How often an entry goes round the members before it is reported as incomplete. */
export const submissionRoundsMax = 3;
/** Pause before the second and the third round, times the number of rounds done. */
export const submissionPauseMs = 500;
/** Identifiers in one look-up call, in characters: the API takes bodies up to 64 KiB. */
export const lookupCharactersMax = 48 * 1024;
