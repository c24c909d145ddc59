import assert from "node:assert/strict";
import { test } from "node:test";
import { reading } from "../toast.js";

test("a note needs a text; its undo stays in this house", () => {
  assert.deepEqual(reading({ text: "移動しました。", undo_url: "/desk/undo/7" }), { text: "移動しました。", undo: "/desk/undo/7", bad: false });
  for (const outside of ["https://example.com/", "//example.com/", "/\\example.com", "javascript:x", 7]) assert.equal(reading({ text: "a", undo_url: outside }).undo, null);
  for (const nothing of [undefined, {}, { text: " " }, { text: 5 }]) assert.equal(reading(nothing), null);
});

test("a bad note is marked", () => {
  assert.equal(reading({ text: "失敗", kind: "bad" }).bad, true);
});
