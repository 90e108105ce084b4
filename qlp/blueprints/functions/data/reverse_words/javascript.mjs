/**
 * The words of a text in reverse order, joined by single spaces.
 *
 * @param {string} text
 * @returns {string}
 */
export function reverseWords(text) {
  return (text.match(/\S+/g) ?? []).reverse().join(" ");
}
