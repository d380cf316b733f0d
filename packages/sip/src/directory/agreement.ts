/**
 * What several zones say together. Each member has a zone of its own, signed with its own key: validation
 * proves who said something, not that it is so. So an item counts as published when as many validated
 * answers as have to agree have it, and as not published when as many lack it; anything else is disputed,
 * and whoever presents a disputed key is told to come back. Pure.
 */
import type { OutageCode } from '../refusals.ts';

/** What one zone says, validated; or why its answer is none. */
export type ZoneWord<Item> =
  | {
      readonly state: 'answered';
      readonly items: ReadonlyMap<string, Item>;
      readonly ttlSeconds: number;
    }
  | { readonly state: 'failed'; readonly code: 'directory_bogus' | 'directory_unavailable' };

/** What all of them say. */
export type Agreed<Item> =
  | {
      readonly state: 'known';
      /** Published, by row key. */
      readonly items: ReadonlyMap<string, Item>;
      /** Row keys of which nothing can be said. */
      readonly disputed: ReadonlySet<string>;
      readonly ttlSeconds: number;
    }
  | { readonly state: 'unavailable'; readonly code: OutageCode };

/** Counts the words of several zones; `needed` of them have to agree on each item. */
export function agree<Item>(words: readonly ZoneWord<Item>[], needed: number): Agreed<Item> {
  const answers = words.filter((word) => word.state === 'answered');
  if (answers.length < needed) {
    const isBogus = words.some(
      (word) => word.state === 'failed' && word.code === 'directory_bogus',
    );
    return { state: 'unavailable', code: isBogus ? 'directory_bogus' : 'directory_unavailable' };
  }
  const counts = new Map<string, { readonly item: Item; count: number }>();
  for (const { items } of answers) {
    for (const [rowKey, item] of items) {
      const counted = counts.get(rowKey);
      if (counted === undefined) counts.set(rowKey, { item, count: 1 });
      else counted.count += 1;
    }
  }
  const items = new Map<string, Item>();
  const disputed = new Set<string>();
  for (const [rowKey, { item, count }] of counts) {
    if (count >= needed) items.set(rowKey, item);
    else if (answers.length - count < needed) disputed.add(rowKey);
  }
  const ttlSeconds = Math.min(...answers.map((answer) => answer.ttlSeconds));
  return { state: 'known', items, disputed, ttlSeconds };
}
