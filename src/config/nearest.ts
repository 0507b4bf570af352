/**
 * The known name nearest to a mistyped one.
 *
 * @module
 */

/** Beyond this share of the longer name's length two names are not the same one mistyped. */
const DISTANCE_RATIO_MAX = 0.4;
/** No known name is longer; what is longer is compared by its beginning. */
const CHARACTERS_MAX = 64;

/**
 * The candidate that the fewest typing slips turn into `name`; the first of equals; `undefined` when none is near.
 * Case does not count.
 *
 * @param options.distanceMax more slips are not near; default: 0.4 of the longer name's length
 */
export function nearestName(
  name: string,
  candidates: Iterable<string>,
  options: { readonly distanceMax?: number } = {},
): string | undefined {
  const folded = fold(name);
  let nearest: string | undefined;
  let nearestDistance = Infinity;
  for (const candidate of candidates) {
    const distance = typingDistance(folded, fold(candidate));
    const distanceMax = options.distanceMax ?? Math.max(folded.length, candidate.length) * DISTANCE_RATIO_MAX;
    if (distance <= distanceMax && distance < nearestDistance) {
      nearest = candidate;
      nearestDistance = distance;
    }
  }
  return nearest;
}

/**
 * The Damerau-Levenshtein distance in its optimal-string-alignment form: characters added, left out, changed, or
 * swapped with their neighbour, no part of the text touched twice.
 */
export function typingDistance(left: string, right: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const isSame = left[row - 1] === right[column - 1];
      let cost = Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + (isSame ? 0 : 1),
      );
      const isSwap = row > 1 && column > 1 && left[row - 1] === right[column - 2] &&
        left[row - 2] === right[column - 1];
      if (isSwap) cost = Math.min(cost, at(beforePrevious, column - 2) + 1);
      current.push(cost);
    }
    beforePrevious = previous;
    previous = current;
  }
  return at(previous, right.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}

function fold(name: string): string {
  return name.slice(0, CHARACTERS_MAX).toLowerCase();
}
