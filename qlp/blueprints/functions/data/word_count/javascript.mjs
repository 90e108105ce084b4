/**
 * How often each word occurs, in lower case and in the order of first appearance.
 *
 * A word is a run of letters, digits and inner apostrophes.
 *
 * @param {string} text
 * @returns {Map<string, number>}
 */
export function wordCount(text) {
  const counts = new Map();
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+(?:'[\p{L}\p{N}]+)*/gu) ?? []) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

/**
 * How many words the text has, counting repeated ones each time.
 *
 * @param {string} text
 * @returns {number}
 */
export function countWords(text) {
  return [...wordCount(text).values()].reduce((sum, count) => sum + count, 0);
}
