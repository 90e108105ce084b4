/**
 * The items moved right by `places`, with those that fall off put in front.
 *
 * Negative places rotate to the left; more places than items go around.
 *
 * @template T
 * @param {readonly T[]} items
 * @param {number} places an integer
 * @returns {T[]}
 */
export function rotate(items, places) {
  if (items.length === 0) {
    return [];
  }
  const cut = items.length - (((places % items.length) + items.length) % items.length);
  return [...items.slice(cut), ...items.slice(0, cut)];
}
