/**
 * Calls an action until it succeeds, at most `attempts` times; the last error is thrown.
 *
 * The pauses are delay, 2 * delay, 4 * delay, ... milliseconds.
 *
 * @template T
 * @param {() => T | Promise<T>} action
 * @param {object} [options]
 * @param {number} [options.attempts] a positive integer
 * @param {number} [options.delay] first pause, milliseconds
 * @param {(milliseconds: number) => Promise<void>} [options.sleep] tests inject their own
 * @returns {Promise<T>}
 * @throws {RangeError} when attempts is not a positive integer
 */
export async function retry(action, { attempts = 3, delay = 100, sleep = pause } = {}) {
  if (!Number.isInteger(attempts) || attempts < 1) {
    throw new RangeError("attempts must be a positive integer");
  }
  for (let attempt = 0; attempt < attempts - 1; attempt += 1) {
    try {
      return await action();
    } catch {
      await sleep(delay * 2 ** attempt);
    }
  }
  return action();
}

/**
 * @param {number} milliseconds
 * @returns {Promise<void>}
 */
function pause(milliseconds) {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
