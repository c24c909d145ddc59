import assert from "node:assert/strict";
import { test } from "node:test";
import { matches, meaning } from "../keys.js";

const free = { typing: false, off: false, prefix: false };
const press = (key, more = {}) => ({ key, ...more });

test("composing text never triggers a key, Ctrl+K included (ux 52)", () => {
  for (const key of ["j", "x", "/", "Enter", "Escape", "u"]) {
    assert.equal(meaning(press(key, { isComposing: true }), free), null, key);
    assert.equal(meaning(press(key, { keyCode: 229 }), free), null, key);
  }
  assert.equal(meaning(press("k", { ctrlKey: true, isComposing: true }), free), null);
});

test("letters mean nothing in text fields or when switched off; Esc and Ctrl+K stay (WCAG 2.1.4)", () => {
  for (const place of [{ ...free, typing: true }, { ...free, off: true }]) {
    for (const key of ["j", "x", "m", "g", "/", "?", "Enter"]) assert.equal(meaning(press(key), place), null, key);
    assert.deepEqual(meaning(press("k", { ctrlKey: true }), place), { does: "command" });
    assert.deepEqual(meaning(press("k", { metaKey: true }), place), { does: "command" });
    assert.notEqual(meaning(press("Escape"), place), null);
  }
});

test("the browser's own combinations are left alone", () => {
  for (const more of [{ ctrlKey: true }, { metaKey: true }, { altKey: true }]) {
    for (const key of ["p", "t", "u", "r", "Enter"]) assert.equal(meaning(press(key, more), free), null, key);
  }
  assert.equal(meaning(press("k", { ctrlKey: true, shiftKey: true }), free), null);
});

test("rows: j, k, x, Shift+X, Enter", () => {
  assert.deepEqual(meaning(press("j"), free), { does: "next" });
  assert.deepEqual(meaning(press("k"), free), { does: "previous" });
  assert.deepEqual(meaning(press("x"), free), { does: "tick" });
  assert.deepEqual(meaning(press("X", { shiftKey: true }), free), { does: "range" });
  assert.deepEqual(meaning(press("Enter"), free), { does: "open" });
});

test("G waits for a place; the second letter is no action", () => {
  assert.deepEqual(meaning(press("g"), free), { does: "prefix" });
  assert.deepEqual(meaning(press("n"), { ...free, prefix: true }), { does: "go", letter: "n" });
  assert.deepEqual(meaning(press("j"), { ...free, prefix: true }), { does: "go", letter: "j" });
  assert.deepEqual(meaning(press("n"), free), { does: "press", letter: "n" });
});

test("Caps Lock does not change a letter; Shift with another letter means nothing", () => {
  assert.deepEqual(meaning(press("M"), free), { does: "press", letter: "m" });
  assert.deepEqual(meaning(press("X"), free), { does: "tick" });
  assert.equal(meaning(press("M", { shiftKey: true }), free), null);
});

test("? and / work whatever Shift the keyboard needs for them", () => {
  assert.deepEqual(meaning(press("?", { shiftKey: true }), free), { does: "help" });
  assert.deepEqual(meaning(press("/"), free), { does: "search" });
});

test("the command menu finds words in any order, width and kana (ux 14)", () => {
  assert.ok(matches("フェーズを変更", "ふぇーず"));
  assert.ok(matches("CSV出力", "ｃｓｖ"));
  assert.ok(matches("出荷通知を送る", "送る 通知"));
  assert.ok(matches("設定", ""));
  assert.ok(!matches("設定", "在庫"));
});
