import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { Stack } from "./javascript.mjs";

test("items come back in reverse order", () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (items) => {
      const stack = new Stack();
      items.forEach((item) => stack.push(item));
      assert.equal(stack.size, items.length);
      assert.equal(stack.peek(), items[items.length - 1]);
      assert.deepEqual(
        items.map(() => stack.pop()),
        [...items].reverse(),
      );
      assert.equal(stack.size, 0);
    }),
  );
});

test("random use agrees with an array", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer())), (operations) => {
      const [stack, model] = [new Stack(), []];
      for (const operation of operations) {
        if (operation === null) assert.equal(stack.pop(), model.pop());
        else {
          stack.push(operation);
          model.push(operation);
        }
        assert.equal(stack.peek(), model.at(-1));
        assert.equal(stack.size, model.length);
      }
    }),
  );
});
