/**
 * Checks of one JSON value's shape, put together into tables by `charter-shape.ts`. A check returns
 * what is wrong, led by the path of the field, or undefined; it never repeats a value.
 */
import { utf8 } from '../bytes.ts';

export type FieldCheck = (value: unknown) => string | undefined;

/** A whole number within bounds, both included. */
export function integer(min: number, max: number): FieldCheck {
  return (value) => {
    if (typeof value !== 'number') return 'is not a number';
    return value >= min && value <= max ? undefined : `is not from ${min} to ${max}`;
  };
}

/** A string that a rule accepts; `what` ends the sentence "is not …". */
export function textThat(what: string, accepts: (text: string) => boolean): FieldCheck {
  return (value) => (typeof value === 'string' && accepts(value) ? undefined : `is not ${what}`);
}

/** Words for people: 1 to `bytesMax` bytes of UTF-8, no control character, no outer space. */
export function words(bytesMax: number): FieldCheck {
  return textThat(`1 to ${bytesMax} bytes of text`, (text) => {
    const plain = text.trim() === text && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text);
    return text !== '' && plain && utf8(text).length <= bytesMax;
  });
}

/** One of a few strings. */
export function oneOf(...choices: readonly string[]): FieldCheck {
  return textThat(`one of ${choices.join(', ')}`, (text) => choices.includes(text));
}

/** Null, or what another check accepts. */
export function nullOr(check: FieldCheck): FieldCheck {
  return (value) => (value === null ? undefined : check(value));
}

/** A list of bounded length, each item checked. */
export function listOf(
  check: FieldCheck,
  { countMin, countMax }: { readonly countMin: number; readonly countMax: number },
): FieldCheck {
  return (value) => {
    if (!Array.isArray(value)) return 'is not a list';
    if (value.length < countMin || value.length > countMax) {
      return `has ${value.length} items, not ${countMin} to ${countMax}`;
    }
    for (const [index, item] of value.entries()) {
      const wrong = check(item);
      if (wrong !== undefined) return `[${index}]${joint(wrong)}${wrong}`;
    }
    return undefined;
  };
}

/** An object with exactly these fields; those of the second table may be missing. */
export function fields(
  required: Readonly<Record<string, FieldCheck>>,
  optional: Readonly<Record<string, FieldCheck>> = {},
): FieldCheck {
  const checks = new Map([...Object.entries(required), ...Object.entries(optional)]);
  return (value) => {
    if (!isRecord(value)) return 'is not an object';
    for (const name of Object.keys(required)) {
      if (!Object.hasOwn(value, name)) return `lacks ${name}`;
    }
    for (const name of Object.keys(value)) {
      const check = checks.get(name);
      if (check === undefined) return 'has an unknown field';
      const wrong = check(value[name]);
      if (wrong !== undefined) return `.${name}${joint(wrong)}${wrong}`;
    }
    return undefined;
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A path goes on without a space; a finding follows after one. */
function joint(wrong: string): string {
  return wrong.startsWith('.') || wrong.startsWith('[') ? '' : ' ';
}
