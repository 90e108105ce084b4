/** A token bucket: allows `rate` calls a second on average, and up to `burst` at once. */
export class RateLimiter {
  #rate;
  #burst;
  #clock;
  #tokens;
  #updated;

  /**
   * @param {number} rate calls a second, positive
   * @param {number} burst calls at once, at least 1
   * @param {() => number} clock seconds that never go back; tests inject their own
   * @throws {RangeError} unless rate and burst are positive
   */
  constructor(rate, burst, clock = () => performance.now() / 1000) {
    if (!(rate > 0) || !(burst >= 1)) {
      throw new RangeError("rate and burst must be positive");
    }
    this.#rate = rate;
    this.#burst = burst;
    this.#clock = clock;
    this.#tokens = burst;
    this.#updated = clock();
  }

  /**
   * Takes a token and returns true, or returns false when there is none.
   *
   * @returns {boolean}
   */
  allow() {
    const now = this.#clock();
    const refilled = this.#tokens + (now - this.#updated) * this.#rate;
    this.#tokens = Math.min(this.#burst, refilled);
    this.#updated = now;
    if (this.#tokens < 1) {
      return false;
    }
    this.#tokens -= 1;
    return true;
  }
}
