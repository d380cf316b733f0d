import { describe, expect, it } from 'vitest';
import { isContention, sharedStoreError } from '../../src/store/postgres-errors.ts';

/** As `pg` throws it. */
function refused(state: string): Error {
  return Object.assign(new Error('Key (row_key)=(\\x692b3334) is refused'), { code: state });
}

describe('a failure of the shared database', () => {
  it.each([
    ['25006', 'shared_store_read_only'],
    ['42501', 'shared_store_read_only'],
    ['57014', 'shared_store_slow'],
    ['55P03', 'shared_store_slow'],
    ['25P03', 'shared_store_slow'],
    ['25P04', 'shared_store_slow'],
    ['08006', 'shared_store_unavailable'],
    ['53300', 'shared_store_unavailable'],
    ['57P01', 'shared_store_unavailable'],
    ['42P01', 'shared_store_failed'],
    ['25001', 'shared_store_failed'],
    ['ECONNREFUSED', 'shared_store_unavailable'],
  ])('with SQLSTATE %s is %s, and quotes no row', (state, code) => {
    const error = sharedStoreError(refused(state));
    expect(error.code).toBe(code);
    expect(`${error.message}${JSON.stringify(error.details)}`).not.toContain('692b');
  });

  it('of time in `pg` itself is slow', () => {
    expect(sharedStoreError(new Error('Query read timeout')).code).toBe('shared_store_slow');
  });

  it.each([
    ['40001', true],
    ['40P01', true],
    ['23505', false],
  ])('with SQLSTATE %s may be tried again at once: %s', (state, isAgain) => {
    expect(isContention(refused(state))).toBe(isAgain);
  });
});
