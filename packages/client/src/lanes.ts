/** Runs the same work over a list, a few at a time. */

/** Calls `work` with every item, at most `lanesMax` at a time; rejects as soon as one does. */
export async function inLanes<T>(
  items: readonly T[],
  lanesMax: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items.values();
  const lane = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(lanesMax, items.length) }, lane));
}
