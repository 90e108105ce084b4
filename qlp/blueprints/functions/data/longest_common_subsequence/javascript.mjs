/**
 * One longest text whose characters appear in both texts in the same order.
 *
 * @param {string} first
 * @param {string} second
 * @returns {string}
 */
export function longestCommonSubsequence(first, second) {
  const [a, b] = [[...first], [...second]];
  // length[i][j]: answer for the ends of a from i and of b from j
  const length = Array.from({ length: a.length + 1 }, () => new Array(b.length + 1).fill(0));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      length[i][j] =
        a[i] === b[j] ? length[i + 1][j + 1] + 1 : Math.max(length[i + 1][j], length[i][j + 1]);
    }
  }
  const common = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      common.push(a[i]);
      i += 1;
      j += 1;
    } else if (length[i + 1][j] >= length[i][j + 1]) {
      i += 1;
    } else {
      j += 1;
    }
  }
  return common.join("");
}
