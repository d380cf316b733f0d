/** What members' refusals of entries mean for who signed them, where that is more than "refused". */
import type { DirectoryError } from '@callbook/protocol';
import { clientError, isClientError, type ClientErrorCode } from './errors.ts';

const codeOfRefusal: Readonly<Record<string, ClientErrorCode>> = {
  request_not_allowed: 'class_not_allowed',
  request_paused: 'replacement_paused',
  email_mismatch: 'class_not_allowed',
  ownership_unknown: 'identifier_free',
  ownership_moved: 'replacement_superseded',
  hold_pending: 'hold_pending',
  request_vetoed: 'replacement_vetoed',
  request_unknown: 'replacement_vetoed',
};

/** Whether every member has refused the entry for a rule. */
function isRefusal(error: unknown): error is DirectoryError<ClientErrorCode> {
  return isClientError(error) && error.code === 'request_refused';
}

/** Returns the refusal under the code by which a claimant or holder can act. */
function explainRefusal(error: DirectoryError<ClientErrorCode>): DirectoryError<ClientErrorCode> {
  const code = codeOfRefusal[String(error.details['problemCode'])];
  return code === undefined
    ? error
    : clientError(code, error.message, { cause: error, details: error.details });
}

/** Runs what asserts that an entry is complete, and explains a refusal that it throws. */
export function explained<T>(assertion: () => T): T {
  try {
    return assertion();
  } catch (error) {
    throw isRefusal(error) ? explainRefusal(error) : error;
  }
}
