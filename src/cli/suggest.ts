/**
 * "Did you mean …?" for keys, names, commands and options.
 */

/** The candidate nearest to what was typed; undefined where none is near enough to be meant. */
export function nearest(typed: string, candidates: readonly string[]): string | undefined {
  const wanted = plain(typed);
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, plain(candidate));
    if (distance < bestDistance && distance <= distanceMax(wanted, plain(candidate))) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `maxRetries`, `max-retries` and `max_retries` are one word, spelt three ways. */
function plain(word: string): string {
  return word.toLowerCase().replace(/[^a-z0-9]/g, '');
}

/** One slip in a short word, up to a third of a long one. */
function distanceMax(one: string, other: string): number {
  return Math.max(1, Math.floor(Math.max(one.length, other.length) / 3));
}

/**
 * Fewest insertions, deletions, substitutions and swaps of neighbours that turn one word into the
 * other (optimal string alignment): swapped letters are the commonest slip of the hand.
 */
export function editDistance(one: string, other: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1];
      const swapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      row[j] = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (beforeLast[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    beforeLast = last;
    last = row;
  }
  return last[other.length] ?? 0;
}
