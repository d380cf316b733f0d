/** The limits of tokens at a member, with their units last: docs/spec/tokens.md. */

/** Drawn for each redemption. */
export const redemptionBytes = 8;
/** The member that keeps the mark of a token answers within this, or the token is not taken. */
export const keeperAnswerMsMax = 2000;
/** Members ask each other for the statements of token keys this often, and where one is not known at most this often. */
export const tokenKeysAskedEveryMs: number = 5 * 60 * 1000;
export const tokenKeysRepairedEveryMs = 2000;
/** The same while the statement of some member is not known, as after a start. */
export const missingTokenKeysAskedEveryMs = 2000;
/** How often it is looked whether a key's time has come. */
export const tokenTurnEveryMs = 60_000;
