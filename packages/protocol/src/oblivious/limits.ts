/** The limits of oblivious messages, with their units last: docs/spec/oblivious.md. */

/** A binary message with its padding: the largest is an answer to 16 look-ups. */
export const binaryMessageBytesMax: number = 256 * 1024;
/** Fields of one section. */
export const binaryFieldsMax = 16;
export const binaryFieldNameBytesMax = 64;
/** A Privacy Pass token takes 660 characters. */
export const binaryFieldValueBytesMax = 2048;
/** Scheme, authority, path: each. */
export const binaryTargetBytesMax = 256;
export const binaryMethodBytesMax = 16;
/** Interim responses before the final one; Callbook's gateways send none. */
export const interimResponsesMax = 4;
/** The current configuration of a member and the one before, and room for another form of each. */
export const keyConfigurationsMax = 4;
export const keySuitesMax = 8;
/** A text with the configurations of one member, signed. */
export const keyStatementCharactersMax = 2048;
/** How far ahead of the reader's clock a statement may be dated. */
export const keyStatementAheadMsMax: number = 10 * 60 * 1000;
/** A statement is worth nothing after this: two days. */
export const keyStatementAgeMsMax: number = 48 * 60 * 60 * 1000;
