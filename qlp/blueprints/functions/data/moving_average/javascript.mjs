/**
 * The mean of every `window` neighbours; [] when there are fewer numbers.
 *
 * @param {readonly number[]} numbers
 * @param {number} window a positive integer
 * @returns {number[]}
 * @throws {RangeError} when window is not a positive integer
 */
export function movingAverage(numbers, window) {
  if (!Number.isInteger(window) || window < 1) {
    throw new RangeError("window must be a positive integer");
  }
  const averages = [];
  for (let start = 0; start + window <= numbers.length; start += 1) {
    const sum = numbers.slice(start, start + window).reduce((total, n) => total + n, 0);
    averages.push(sum / window);
  }
  return averages;
}
