/**
 * A text with its characters (code points, not UTF-16 units) in reverse order.
 *
 * @param {string} text
 * @returns {string}
 */
export function reverseString(text) {
  return [...text].reverse().join("");
}
