import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { Queue } from "./javascript.mjs";

test("items come back in the same order", () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (items) => {
      const queue = new Queue();
      items.forEach((item) => queue.enqueue(item));
      assert.equal(queue.size, items.length);
      assert.equal(queue.peek(), items[0]);
      assert.deepEqual(
        items.map(() => queue.dequeue()),
        items,
      );
      assert.equal(queue.size, 0);
    }),
  );
});

test("random use agrees with an array", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer())), (operations) => {
      const [queue, model] = [new Queue(), []];
      for (const operation of operations) {
        if (operation === null) assert.equal(queue.dequeue(), model.shift());
        else {
          queue.enqueue(operation);
          model.push(operation);
        }
        assert.equal(queue.peek(), model[0]);
        assert.equal(queue.size, model.length);
      }
    }),
  );
});
