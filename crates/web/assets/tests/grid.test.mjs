import assert from "node:assert/strict";
import { test } from "node:test";
import { headState, neighbour, range } from "../grid.js";

const ids = ["a", "b", "c", "d"];

test("a range runs both ways and includes both ends", () => {
  assert.deepEqual(range(ids, "b", "d"), ["b", "c", "d"]);
  assert.deepEqual(range(ids, "d", "b"), ["b", "c", "d"]);
  assert.deepEqual(range(ids, "c", "c"), ["c"]);
});

test("a range from a row that is gone is the one row", () => {
  assert.deepEqual(range(ids, "gone", "c"), ["c"]);
  assert.deepEqual(range(ids, "a", "gone"), []);
});

test("stepping stays inside the list and starts at an end", () => {
  assert.equal(neighbour(ids, null, 1), "a");
  assert.equal(neighbour(ids, null, -1), "d");
  assert.equal(neighbour(ids, "a", -1), "a");
  assert.equal(neighbour(ids, "c", 1), "d");
  assert.equal(neighbour(ids, "d", 1), "d");
  assert.equal(neighbour([], null, 1), null);
});

test("the box in the head shows none, some and all; an empty list is not all", () => {
  assert.deepEqual(headState(3, 0), { checked: false, indeterminate: false });
  assert.deepEqual(headState(3, 2), { checked: false, indeterminate: true });
  assert.deepEqual(headState(3, 3), { checked: true, indeterminate: false });
  assert.deepEqual(headState(0, 0), { checked: false, indeterminate: false });
});
