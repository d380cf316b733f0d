import { DirectoryError } from '@callbook/protocol';
import { describe, expect, it } from 'vitest';
import { errorCodes } from '../src/event-log.ts';

describe('an error in the log', () => {
  it('is its codes, outermost first, and never its message', () => {
    const socket = Object.assign(new Error('connect 192.0.2.7'), { code: 'ECONNREFUSED' });
    const error = new DirectoryError('store_failed', 'while at +34912345678', { cause: socket });
    expect(errorCodes(error)).toEqual({ codes: ['store_failed', 'ECONNREFUSED'] });
  });

  it('without a code is its class', () => {
    expect(errorCodes(new RangeError('tel:+34912345678'))).toEqual({ codes: ['RangeError'] });
  });

  it('that is no error is what it is, and never what is in it', () => {
    expect(errorCodes('+34912345678')).toEqual({ codes: ['thrown_string'] });
  });
});
