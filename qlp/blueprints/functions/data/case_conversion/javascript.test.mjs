import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { toCamelCase, toSnakeCase } from "./javascript.mjs";

const word = fc
  .array(fc.constantFrom(..."abc"), { minLength: 2, maxLength: 5 })
  .map((c) => c.join(""));

test("known values", () => {
  const rows = [
    ["", "", ""],
    ["parseHTTPBody", "parse_http_body", "parseHttpBody"],
    ["user name-ID", "user_name_id", "userNameId"],
    ["userID", "user_id", "userId"],
    ["Version2Beta", "version_2_beta", "version2Beta"],
  ];
  for (const [name, snake, camel] of rows) {
    assert.equal(toSnakeCase(name), snake);
    assert.equal(toCamelCase(name), camel);
  }
});

test("words survive both ways", () => {
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (words) => {
      const camel = toCamelCase(words.join("_"));
      assert.deepEqual(
        camel.split(/(?=[A-Z])/).map((part) => part.toLowerCase()),
        words,
      );
      assert.equal(toSnakeCase(camel), words.join("_"));
    }),
  );
});
