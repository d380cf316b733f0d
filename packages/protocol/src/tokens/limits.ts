/** The limits of tokens, with their units last: docs/spec/tokens.md. */

/** A member issues with one key for this long, counted from 1970; the key is good for as long again. */
export const tokenPeriodMs: number = 7 * 24 * 60 * 60 * 1000;
/** The next key is stated this long before it is used. */
export const tokenKeyAheadMs: number = 24 * 60 * 60 * 1000;
/** Tokens in one request. */
export const tokenRequestsMax = 16;
/** Look-ups that one token pays for, all in one request. */
export const tokenLookupsMax = 16;
/** Budget of a holder at all members together. */
export const tokensAtRegistration = 125;
/** Tokens that are added to a budget in a day. */
export const tokensPerDay = 12;
/** Tokens that a budget has at most. */
export const tokensMax = 250;
/** How far the time in an order for tokens may be from the member's clock, either way. */
export const tokenOrderErrorMsMax: number = 5 * 60 * 1000;
/** What a holder has signed to read by is good for this long, and this long ahead by a wrong clock. */
export const holderReadingMsMax: number = 60 * 60 * 1000;
/** A statement of a token key. */
export const tokenStatementCharactersMax = 2048;
