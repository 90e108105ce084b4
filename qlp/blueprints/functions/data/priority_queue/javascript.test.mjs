import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { PriorityQueue } from "./javascript.mjs";

test("items come in stable order of priority", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5)), (priorities) => {
      const queue = new PriorityQueue();
      priorities.forEach((priority, arrival) => queue.push(arrival, priority));
      assert.equal(queue.size, priorities.length);
      const expected = [...priorities.keys()].sort((a, b) => priorities[a] - priorities[b]);
      assert.deepEqual(
        priorities.map(() => queue.pop()),
        expected,
      );
      assert.equal(queue.pop(), undefined);
    }),
  );
});

test("random use agrees with a sorted array", () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat(9))), (operations) => {
      const queue = new PriorityQueue();
      const model = [];
      operations.forEach((operation, arrival) => {
        if (operation === null) assert.equal(queue.pop(), model.shift()?.arrival);
        else {
          queue.push(arrival, operation);
          model.push({ operation, arrival });
          model.sort((a, b) => a.operation - b.operation);
        }
        assert.equal(queue.peek(), model[0]?.arrival);
        assert.equal(queue.size, model.length);
      });
    }),
  );
});
