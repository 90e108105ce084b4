/**
 * The text, or its start and an ellipsis, in at most `length` characters (code points).
 *
 * @param {string} text
 * @param {number} length
 * @param {string} ellipsis
 * @returns {string}
 * @throws {RangeError} when the ellipsis alone is longer than `length`
 */
export function truncate(text, length, ellipsis = "...") {
  const characters = [...text];
  const room = length - [...ellipsis].length;
  if (room < 0) {
    throw new RangeError("length is too small for the ellipsis");
  }
  if (characters.length <= length) {
    return text;
  }
  return characters.slice(0, room).join("") + ellipsis;
}
