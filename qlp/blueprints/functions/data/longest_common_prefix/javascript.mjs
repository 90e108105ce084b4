/**
 * The longest text that every given text starts with; "" when there are none.
 *
 * @param {readonly string[]} texts
 * @returns {string}
 */
export function longestCommonPrefix(texts) {
  if (texts.length === 0) {
    return "";
  }
  const [first, ...others] = texts;
  let end = 0;
  while (end < first.length && others.every((text) => text[end] === first[end])) {
    end += 1;
  }
  return first.slice(0, end);
}
