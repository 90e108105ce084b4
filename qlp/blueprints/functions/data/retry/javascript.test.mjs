import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { retry } from "./javascript.mjs";

test("tries as often as needed and allowed", async () => {
  const attemptCounts = fc.integer({ min: 1, max: 8 });
  await fc.assert(
    fc.asyncProperty(fc.nat(8), attemptCounts, async (failures, attempts) => {
      let calls = 0;
      const pauses = [];
      const action = async () => {
        calls += 1;
        if (calls <= failures) throw new Error("not yet");
        return calls;
      };
      const sleep = async (milliseconds) => {
        pauses.push(milliseconds);
      };
      const result = retry(action, { attempts, delay: 50, sleep });
      if (failures < attempts) assert.equal(await result, failures + 1);
      else await assert.rejects(result, /not yet/);
      assert.equal(calls, Math.min(failures + 1, attempts));
      assert.deepEqual(pauses, [50, 100, 200, 400, 800, 1600, 3200, 6400].slice(0, calls - 1));
    }),
  );
});

test("the default pause is real", async () => {
  let calls = 0;
  const action = () => {
    calls += 1;
    if (calls < 2) throw new Error("not yet");
    return "done";
  };
  const start = performance.now();
  assert.equal(await retry(action, { delay: 20 }), "done");
  assert.ok(performance.now() - start >= 15);
});

test("attempts must be positive", async () => {
  await assert.rejects(
    retry(() => 1, { attempts: 0 }),
    RangeError,
  );
});
