import assert from "node:assert/strict";
import { test } from "node:test";
import { fill, fold, say } from "../words.js";

test("numbers get commas, unknown places stay", () => {
  assert.equal(fill("{n}件の受注", { n: 12408 }), "12,408件の受注");
  assert.equal(fill("{what}", {}), "{what}");
});

test("a language without texts gets Japanese", () => {
  assert.equal(say("undo", {}, "ja"), "元に戻す");
  assert.equal(say("undo", {}, "en-GB"), "Undo");
  assert.equal(say("undo", {}, "fr"), "元に戻す");
  assert.equal(say("selected", { n: 12 }, "ja"), "12件の受注が選択されています。");
});

test("width, kana and case are one for searching", () => {
  assert.equal(fold("ﾌｪｰｽﾞ　ＡＢ"), fold("ふぇーず ab"));
});
