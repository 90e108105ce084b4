import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { LinkedList } from "./javascript.mjs";

const operations = fc.array(
  fc.tuple(fc.constantFrom("prepend", "append", "remove", "reverse"), fc.nat(4)),
);

test("keeps the order", () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (values) => {
      assert.deepEqual([...new LinkedList(values)], values);
    }),
  );
});

test("random use agrees with an array", () => {
  fc.assert(
    fc.property(operations, (steps) => {
      const list = new LinkedList();
      const model = [];
      for (const [step, value] of steps) {
        if (step === "prepend") {
          list.prepend(value);
          model.unshift(value);
        } else if (step === "append") {
          list.append(value);
          model.push(value);
        } else if (step === "remove") {
          const place = model.indexOf(value);
          assert.equal(list.remove(value), place >= 0);
          if (place >= 0) model.splice(place, 1);
        } else {
          list.reverse();
          model.reverse();
        }
        assert.deepEqual([...list], model);
        assert.equal(list.size, model.length);
      }
    }),
  );
});
