/**
 * Says whether both texts use the same letters and digits equally often.
 *
 * Case, spaces and punctuation are ignored.
 *
 * @param {string} first
 * @param {string} second
 * @returns {boolean}
 */
export function isAnagram(first, second) {
  return sortedLetters(first) === sortedLetters(second);
}

/** @param {string} text */
function sortedLetters(text) {
  return (text.toLowerCase().match(/[\p{L}\p{N}]/gu) ?? []).sort().join("");
}
