/**
 * The largest total value of items that fit the capacity, each used at most once.
 *
 * Dynamic programming, O(items * capacity).
 *
 * @param {ReadonlyArray<{weight: number, value: number}>} items
 * @param {number} capacity a non-negative integer, like the weights
 * @returns {number}
 * @throws {RangeError} when capacity or a weight is not a non-negative integer, or a value negative
 */
export function knapsack(items, capacity) {
  const bad = [capacity, ...items.map((item) => item.weight)].some(
    (n) => !Number.isInteger(n) || n < 0,
  );
  if (bad || items.some((item) => item.value < 0)) {
    throw new RangeError("capacity, weights and values must not be negative");
  }
  const best = new Array(capacity + 1).fill(0);
  for (const { weight, value } of items) {
    for (let room = capacity; room >= weight; room -= 1) {
      best[room] = Math.max(best[room], best[room - weight] + value);
    }
  }
  return best[capacity];
}
