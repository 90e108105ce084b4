import type { Cents } from './money.js';

export interface Item {
  readonly name: string;
  readonly price: Cents;
  readonly quantity: number;
}

export type Level = 'none' | 'bulk' | 'staff';

const PERCENT: Readonly<Record<Level, number>> = { none: 0, bulk: 5, staff: 20 };
const BULK_FROM = 10;

/** Items in the order in which they were added. */
export class Cart {
  private items: Item[];

  constructor(
    items: readonly Item[] = [],
    private readonly staff = false,
  ) {
    this.items = [...items];
  }

  add(item: Item): this {
    if (item.quantity < 1) throw new RangeError('quantity must be positive');
    this.items.push({ ...item });
    return this;
  }

  remove(name: string): boolean {
    const before = this.items.length;
    this.items = this.items.filter((item) => item.name !== name);
    return this.items.length !== before;
  }

  count(): number {
    return this.items.reduce((sum, item) => sum + item.quantity, 0);
  }

  level(): Level {
    if (this.staff) return 'staff';
    return this.count() >= BULK_FROM ? 'bulk' : 'none';
  }

  total(): Cents {
    const full = this.items.reduce((sum, item) => sum + item.price * item.quantity, 0);
    return Math.floor((full * (100 - PERCENT[this.level()])) / 100);
  }

  /** Names by falling price, those of the same price by name. */
  mostExpensive(limit: number): string[] {
    const ranked = [...this.items].sort((a, b) => b.price - a.price || a.name.localeCompare(b.name));
    return ranked.slice(0, limit).map((item) => item.name);
  }

  find(name: string): Item | undefined {
    return this.items.find((item) => item.name === name);
  }
}
