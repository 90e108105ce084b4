import assert from 'node:assert/strict';
import test from 'node:test';
import { Cart } from '../src/cart.js';
import { dueDay, payAll, withRetries } from '../src/gateway.js';
import { splitEvenly, toCents } from '../src/money.js';

const cart = () => new Cart().add({ name: 'pen', price: 120, quantity: 2 }).add({ name: 'ink', price: 900, quantity: 1 });

const failing = (times, answer) => {
  let left = times;
  return async () => {
    if (left > 0) {
      left -= 1;
      throw new Error('no answer');
    }
    return answer;
  };
};

test('amounts', () => {
  assert.deepEqual(['1', ' 12.345 ', '0.145', '1.1', '-1'].map(toCents), [100, 1235, 15, 110, -100]);
  assert.throws(() => toCents('ten'), RangeError);
});

test('parts add up', () => {
  assert.deepEqual(splitEvenly(100, 3), [34, 33, 33]);
  assert.throws(() => splitEvenly(5, 0), RangeError);
});

test('total and discount', () => {
  assert.equal(cart().total(), 1140);
  const many = new Cart([{ name: 'pen', price: 100, quantity: 9 }]);
  assert.equal(many.total(), 900);
  assert.equal(many.add({ name: 'cap', price: 105, quantity: 1 }).total(), 954);
});

test('carts share nothing', () => {
  const given = [{ name: 'pen', price: 100, quantity: 1 }];
  new Cart(given).add({ name: 'ink', price: 900, quantity: 1 });
  assert.equal(given.length, 1);
  const item = { name: 'ink', price: 900, quantity: 1 };
  const full = new Cart().add(item);
  item.price = 1;
  assert.equal(full.total(), 900);
});

test('a quantity is a positive number', () => {
  assert.throws(() => cart().add({ name: 'cap', price: 1, quantity: 0 }), RangeError);
  assert.throws(() => cart().add({ name: 'cap', price: 1 }), RangeError);
});

test('removing and finding', () => {
  const full = cart();
  assert.equal(full.find('ink').price, 900);
  assert.equal(full.find('cap'), undefined);
  assert.equal(full.remove('pen'), true);
  assert.equal(full.remove('pen'), false);
  assert.equal(full.count(), 1);
});

test('ranking', () => {
  const full = cart().add({ name: 'bag', price: 900, quantity: 1 });
  assert.deepEqual(full.mostExpensive(2), ['bag', 'ink']);
  assert.deepEqual(full.mostExpensive(9), ['bag', 'ink', 'pen']);
});

test('retries', async () => {
  assert.equal(await withRetries(failing(2, 7)), 7);
  await assert.rejects(withRetries(failing(3, 7)), /no answer/);
  assert.deepEqual(await payAll([failing(2, 1), failing(0, 2)]), [1, 2]);
});

test('days are counted in UTC', () => {
  assert.equal(dueDay('2024-02-28T23:30:00-05:00', 1), '2024-03-01');
  assert.equal(dueDay('2024-12-31T12:00:00Z', 1), '2025-01-01');
});
