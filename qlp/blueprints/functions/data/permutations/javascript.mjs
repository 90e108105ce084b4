/**
 * All orders of the items, in the lexicographic order of their places.
 *
 * There are n! of them; equal items at different places count as different.
 *
 * @template T
 * @param {readonly T[]} items
 * @returns {T[][]}
 */
export function permutations(items) {
  if (items.length === 0) {
    return [[]];
  }
  return items.flatMap((first, place) => {
    const others = [...items.slice(0, place), ...items.slice(place + 1)];
    return permutations(others).map((rest) => [first, ...rest]);
  });
}
