/**
 * Whether a person really has the words: three of them are asked back, others at each attempt, so that
 * who copied a few cannot pass. The words themselves are compared by the SDK's reading of all 24.
 */

/** How many words are asked back. */
const asked = 3;
/** Words of a backup. */
const backupWordsCount = 24;

/** Three different places from 1 to 24, in order; `random` gives 32 bits at a time. */
export function quizPlaces(random: () => number = random32): number[] {
  const places = new Set<number>();
  while (places.size < asked) places.add((random() % backupWordsCount) + 1);
  return [...places].toSorted((a, b) => a - b);
}

/** The places (from 1) whose word was typed wrong; spaces and capitals do not count. */
export function wrongPlaces(
  words: readonly string[],
  typed: Readonly<Record<number, string>>,
): number[] {
  return Object.entries(typed)
    .filter(([place, word]) => words[Number(place) - 1] !== word.trim().toLowerCase())
    .map(([place]) => Number(place));
}

function random32(): number {
  const [value = 0] = crypto.getRandomValues(new Uint32Array(1));
  return value;
}
