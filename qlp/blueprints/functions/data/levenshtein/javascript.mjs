/**
 * The smallest number of insertions, deletions and substitutions between two texts.
 *
 * Wagner-Fischer: O(m * n) time, one row of memory. Characters are code points.
 *
 * @param {string} first
 * @param {string} second
 * @returns {number}
 */
export function levenshtein(first, second) {
  const target = [...second];
  const row = Array.from({ length: target.length + 1 }, (_, j) => j);
  for (const a of first) {
    let diagonal = row[0];
    row[0] += 1;
    target.forEach((b, j) => {
      const substitution = diagonal + (a === b ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = Math.min(substitution, row[j + 1] + 1, row[j] + 1);
    });
  }
  return row[target.length];
}
