/** Puts a list into an order that nobody can foresee (Fisher and Yates), by the injected randomness. */
import type { Random } from '@callbook/protocol';

/** Returns the items of `list` in random order; every order is equally likely. */
export function shuffled<T>(list: readonly T[], random: Random): T[] {
  const items = [...list];
  for (let left = items.length; left > 1; left--) {
    const chosen = integerBelow(left, random);
    const last = items[left - 1]!;
    items[left - 1] = items[chosen]!;
    items[chosen] = last;
  }
  return items;
}

function integerBelow(limit: number, random: Random): number {
  // Numbers beyond the last whole multiple would make the first ones likelier: they are drawn again.
  const usable = 2 ** 32 - (2 ** 32 % limit);
  for (;;) {
    const [a = 0, b = 0, c = 0, d = 0] = random.bytes(4);
    const drawn = a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d;
    if (drawn < usable) return drawn % limit;
  }
}
