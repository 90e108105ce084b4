/**
 * The runs of equal characters as [character, count] pairs.
 *
 * @param {string} text
 * @returns {Array<[string, number]>}
 */
export function runLengthEncode(text) {
  /** @type {Array<[string, number]>} */
  const runs = [];
  for (const character of text) {
    const last = runs[runs.length - 1];
    if (last !== undefined && last[0] === character) {
      last[1] += 1;
    } else {
      runs.push([character, 1]);
    }
  }
  return runs;
}

/**
 * Undoes runLengthEncode.
 *
 * @param {ReadonlyArray<readonly [string, number]>} runs
 * @returns {string}
 * @throws {RangeError} for a count below 1
 */
export function runLengthDecode(runs) {
  return runs
    .map(([character, count]) => {
      if (count < 1) {
        throw new RangeError("counts must be positive");
      }
      return character.repeat(count);
    })
    .join("");
}
