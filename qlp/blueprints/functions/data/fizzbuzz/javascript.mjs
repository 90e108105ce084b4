/**
 * The lines for 1..n: Fizz for multiples of 3, Buzz for 5, FizzBuzz for both.
 *
 * @param {number} n
 * @returns {string[]}
 */
export function fizzbuzz(n) {
  const lines = [];
  for (let number = 1; number <= n; number += 1) {
    const word = (number % 3 === 0 ? "Fizz" : "") + (number % 5 === 0 ? "Buzz" : "");
    lines.push(word || String(number));
  }
  return lines;
}
