import { describe, expect, it } from 'vitest';
import { Cart } from '../src/cart.js';
import { payAll, record, withRetries } from '../src/gateway.js';
import { splitEvenly, toCents } from '../src/money.js';

const cart = () => new Cart().add({ name: 'pen', price: 120, quantity: 2 }).add({ name: 'ink', price: 900, quantity: 1 });

const failing = (times: number, answer: number) => {
  let left = times;
  return async () => {
    if (left > 0) {
      left -= 1;
      throw new Error('no answer');
    }
    return answer;
  };
};

describe('money', () => {
  it('is read', () => {
    expect(['1', ' 12.345 ', '0.145', '1.1', '-1'].map(toCents)).toEqual([100, 1235, 15, 110, -100]);
    expect(() => toCents('ten')).toThrow(RangeError);
  });

  it('is split', () => {
    expect(splitEvenly(100, 3)).toEqual([34, 33, 33]);
    expect(() => splitEvenly(5, 0)).toThrow(RangeError);
  });
});

describe('a cart', () => {
  it('has a total and a discount', () => {
    expect(cart().total()).toBe(1140);
    const many = new Cart([{ name: 'pen', price: 100, quantity: 9 }]);
    expect(many.total()).toBe(900);
    expect(many.add({ name: 'cap', price: 105, quantity: 1 }).total()).toBe(954);
    expect(new Cart([{ name: 'pen', price: 100, quantity: 10 }], true).total()).toBe(800);
  });

  it('shares nothing', () => {
    const given = [{ name: 'pen', price: 100, quantity: 1 }];
    new Cart(given).add({ name: 'ink', price: 900, quantity: 1 });
    expect(given).toHaveLength(1);
    expect(() => cart().add({ name: 'cap', price: 1, quantity: 0 })).toThrow(RangeError);
  });

  it('ranks, removes and finds', () => {
    const full = cart().add({ name: 'bag', price: 900, quantity: 1 });
    expect(full.mostExpensive(2)).toEqual(['bag', 'ink']);
    expect(full.remove('pen')).toBe(true);
    expect(full.remove('pen')).toBe(false);
    expect(full.count()).toBe(2);
    expect(full.find('ink')?.price).toBe(900);
    expect(full.find('pen')).toBeUndefined();
  });
});

describe('the gateway', () => {
  it('tries again', async () => {
    expect(await withRetries(failing(2, 7))).toBe(7);
    await expect(withRetries(failing(3, 7))).rejects.toThrow('no answer');
    expect(await payAll([failing(2, 1), failing(0, 2)])).toEqual([1, 2]);
  });

  it('saves before it tells', async () => {
    const seen: string[] = [];
    const save = async (line: string) => {
      await Promise.resolve();
      seen.push(`saved ${line}`);
    };
    await record(save, (line) => seen.push(`told ${line}`), 'a');
    expect(seen).toEqual(['saved a', 'told a']);
  });
});
