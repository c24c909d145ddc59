import assert from "node:assert/strict";
import { test } from "node:test";
import { half, normalise, postalAdvice, wholeAdvice } from "../forms.js";

test("full width becomes half width, letters keep their case", () => {
  assert.equal(half("　ＡＢｃ－１２３　"), "ABc-123");
  assert.equal(half("髙橋"), "髙橋");
});

test("codes lose spaces and gain plain hyphens", () => {
  for (const hyphen of ["‐", "‑", "–", "—", "―", "−", "－", "ー", "ｰ"]) assert.equal(normalise("code", `Ａ${hyphen}１ ２`), "A-12", hyphen);
});

test("digits lose commas, but a fraction or a word is kept for the server to refuse", () => {
  assert.equal(normalise("digits", "１，２３４"), "1234");
  assert.equal(normalise("digits", "19.5"), "19.5");
  assert.equal(normalise("digits", "約100"), "約100");
});

test("phones keep their hyphens and plus sign", () => {
  assert.equal(normalise("phone", "０９０ー１２３４ー５６７８"), "090-1234-5678");
  assert.equal(normalise("phone", "+81 (3) 1234 5678"), "+81312345678");
  assert.equal(normalise("phone", "内線12"), "内線12");
});

test("a postal code in any writing becomes 123-4567; anything else is left for the server", () => {
  for (const given of ["1234567", "123-4567", "１２３－４５６７", "〒123-4567", " 〒１２３ ４５６７ "]) assert.equal(normalise("postal", given), "123-4567", given);
  assert.equal(normalise("postal", "12345"), "12345");
});

test("an unknown kind changes nothing", () => {
  assert.equal(normalise("name", "ＡＢＣ商店　本店"), "ＡＢＣ商店　本店");
});

const one = [{ prefecture: "東京都", city: "架空区", town: "見本町" }];
const two = [...one, { prefecture: "東京都", city: "架空区", town: "試験町" }];

test("a postal code fills only what is empty (ux 44)", () => {
  assert.deepEqual(postalAdvice(one, {}).fill, { prefecture: "東京都", city: "架空区", town: "見本町" });
  assert.deepEqual(postalAdvice(one, { prefecture: "東京都", city: "", town: "見本町1-2-3" }).fill, { city: "架空区" });
});

test("where several places share a code only the common part is filled", () => {
  assert.deepEqual(postalAdvice(two, {}).fill, { prefecture: "東京都", city: "架空区" });
  assert.deepEqual(postalAdvice(two, { town: "試験町9" }).fill, { prefecture: "東京都", city: "架空区" });
});

test("an address that does not fit is warned about and never overwritten (ux 44)", () => {
  const advice = postalAdvice(two, { prefecture: "大阪府", city: "見本市", town: "" });
  assert.deepEqual(advice.fill, {});
  assert.equal(advice.warning, "differs");
  assert.equal(postalAdvice([], {}).warning, "none");
});

test("大字 and ヶ are no difference", () => {
  const place = [{ prefecture: "茨城県", city: "龍ケ崎市", town: "大字見本" }];
  assert.equal(postalAdvice(place, { prefecture: "茨城県", city: "龍ヶ崎市", town: "見本12" }).warning, null);
});

test("one field for the whole address is filled when it is empty and warned about when it is elsewhere (ux 44)", () => {
  const one = [{ prefecture: "東京都", city: "千代田区", town: "千代田" }];
  assert.deepEqual(wholeAdvice(one, " "), { fill: "東京都千代田区千代田", warning: null });
  assert.equal(wholeAdvice(one, "東京都 千代田区千代田1-1").warning, null);
  assert.equal(wholeAdvice(one, "千代田区千代田1-1").warning, null);
  assert.equal(wholeAdvice(one, "大阪府大阪市").warning, "differs");
  assert.equal(wholeAdvice(one, "大阪府大阪市").fill, "");
  assert.equal(wholeAdvice([], "").warning, "none");
  const two = [...one, { prefecture: "東京都", city: "千代田区", town: "皇居外苑" }];
  assert.equal(wholeAdvice(two, "").fill, "東京都千代田区", "only what all places share");
});
