import assert from "node:assert/strict";
import { test } from "node:test";
import { moved } from "../columns.js";

test("an item moves, the others keep their order, and the ends hold (ux 18)", () => {
  const list = ["a", "b", "c", "d"];
  assert.deepEqual(moved(list, 0, 2), ["b", "c", "a", "d"]);
  assert.deepEqual(moved(list, 3, 0), ["d", "a", "b", "c"]);
  assert.deepEqual(moved(list, 0, -1), list);
  assert.deepEqual(moved(list, 3, 4), list);
  assert.deepEqual(list, ["a", "b", "c", "d"]);
});
