/**
 * The rank test of Mann, Whitney and Wilcoxon: whether one kind of sample tends to be greater than another. It
 * asks for no distribution, and outliers do not move it. For large samples the score is a standard
 * normal one where there is no difference.
 */

/** Standard score of Wilcoxon's rank sum of `one` against `other`; equal values share their rank. */
export function rankZ(one: readonly number[], other: readonly number[]): number {
  const all = [
    ...one.map((value) => ({ value, isOne: true })),
    ...other.map((value) => ({ value, isOne: false })),
  ].sort((a, b) => a.value - b.value);
  let rankSum = 0;
  for (let from = 0; from < all.length;) {
    let end = from;
    while (end < all.length && all[end]!.value === all[from]!.value) end += 1;
    const rank = (from + 1 + end) / 2;
    rankSum += rank * all.slice(from, end).filter(({ isOne }) => isOne).length;
    from = end;
  }
  const expected = (one.length * (all.length + 1)) / 2;
  return (rankSum - expected) / Math.sqrt((expected * other.length) / 6);
}
