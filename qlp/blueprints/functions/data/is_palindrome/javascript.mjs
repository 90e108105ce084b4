/**
 * Says whether the letters and digits of a text read the same backwards.
 *
 * Case, spaces and punctuation are ignored; a text without letters or digits is a palindrome.
 *
 * @param {string} text
 * @returns {boolean}
 */
export function isPalindrome(text) {
  const characters = text.toLowerCase().match(/[\p{L}\p{N}]/gu) ?? [];
  return characters.every((c, i) => c === characters[characters.length - 1 - i]);
}
