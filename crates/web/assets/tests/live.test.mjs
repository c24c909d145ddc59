import assert from "node:assert/strict";
import { test } from "node:test";
import { backoff, readCounts, readJob } from "../live.js";

test("the wait doubles up to a minute and is spread", () => {
  assert.equal(backoff(0, 0.5), 1000);
  assert.equal(backoff(3, 0.5), 8000);
  assert.equal(backoff(50, 0.5), 60000);
  assert.equal(backoff(0, 0), 800);
  assert.equal(backoff(50, 1), 72000);
});

test("counts are whole numbers from zero; hostile or broken data counts nothing", () => {
  assert.deepEqual(readCounts('{"phase:new":12,"state:rejected":0}'), { "phase:new": 12, "state:rejected": 0 });
  assert.deepEqual(readCounts('{"a":-1,"b":1.5,"c":"9","d":null}'), {});
  for (const broken of ["", "[1]", "null", "{", "12"]) assert.deepEqual(readCounts(broken), {}, broken);
});

test("a job is named bare or as JSON, and only by a plain id", () => {
  assert.equal(readJob("0193-ab"), "0193-ab");
  assert.equal(readJob('{"id":"0193-ab"}'), "0193-ab");
  for (const broken of ["", "{", '{"id":7}', "a b", "<b>"]) assert.equal(readJob(broken), null, broken);
});
