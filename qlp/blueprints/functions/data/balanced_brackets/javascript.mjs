const OPENING = new Map([
  [")", "("],
  ["]", "["],
  ["}", "{"],
]);

/**
 * Says whether every bracket of (), [] and {} is closed in the right order.
 *
 * @param {string} text
 * @returns {boolean}
 */
export function balancedBrackets(text) {
  const open = [];
  for (const character of text) {
    if ("([{".includes(character)) {
      open.push(character);
    } else if (OPENING.has(character) && open.pop() !== OPENING.get(character)) {
      return false;
    }
  }
  return open.length === 0;
}
