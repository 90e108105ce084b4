import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { convertTemperature } from "./javascript.mjs";

const scale = fc.constantFrom("celsius", "fahrenheit", "kelvin");
const close = (a, b) => assert.ok(Math.abs(a - b) < 1e-6, `${a} is not ${b}`);

test("fixed points", () => {
  const points = [
    { celsius: -273.15, fahrenheit: -459.67, kelvin: 0 },
    { celsius: -40, fahrenheit: -40, kelvin: 233.15 },
    { celsius: 0, fahrenheit: 32, kelvin: 273.15 },
    { celsius: 100, fahrenheit: 212, kelvin: 373.15 },
  ];
  for (const point of points) {
    for (const [source, value] of Object.entries(point)) {
      for (const [target, expected] of Object.entries(point)) {
        close(convertTemperature(value, source, target), expected);
      }
    }
  }
});

test("a detour does not matter", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100000 }), scale, scale, scale, (value, a, b, c) => {
      const detour = convertTemperature(convertTemperature(value, a, b), b, c);
      close(detour, convertTemperature(value, a, c));
    }),
  );
});

test("impossible input is refused", () => {
  assert.throws(() => convertTemperature(-273.16, "celsius", "kelvin"), RangeError);
  assert.throws(() => convertTemperature(0, "celsius", "rankine"), RangeError);
  assert.throws(() => convertTemperature(0, "rankine", "celsius"), RangeError);
});
