const DISCOUNT_FROM = 10;
const DISCOUNT_PERCENT = 5;

/** Items in the order in which they were added; prices are in cents. */
export class Cart {
  #items;

  constructor(items = []) {
    this.#items = [...items];
  }

  add(item) {
    if (!(item.quantity >= 1)) throw new RangeError('quantity must be positive');
    this.#items.push({ ...item });
    return this;
  }

  remove(name) {
    const before = this.#items.length;
    this.#items = this.#items.filter((item) => item.name !== name);
    return this.#items.length !== before;
  }

  count() {
    return this.#items.reduce((sum, item) => sum + item.quantity, 0);
  }

  total() {
    const full = this.#items.reduce((sum, item) => sum + item.price * item.quantity, 0);
    if (this.count() >= DISCOUNT_FROM) return Math.floor((full * (100 - DISCOUNT_PERCENT)) / 100);
    return full;
  }

  /** Names by falling price, those of the same price by name. */
  mostExpensive(limit) {
    const ranked = [...this.#items].sort((a, b) => b.price - a.price || a.name.localeCompare(b.name));
    return ranked.slice(0, limit).map((item) => item.name);
  }

  find(name) {
    return this.#items.find((item) => item.name === name);
  }
}
