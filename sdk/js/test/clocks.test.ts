/** Duration and waits. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { LONGEST_DELAY_MS, backoffMs, goodbyeMs } from "../src/core/backoff.js";
import { durationMs } from "../src/core/duration.js";
import { ended, view } from "./views.js";

test("a call that was not accepted has no duration", () => {
  assert.equal(durationMs(view(), 0, 90_000), 0);
  assert.equal(durationMs(ended(2, "canceled"), 0, 90_000), 0);
});

test("a running call counts on from the server's word", () => {
  const running = view({ state: "connected", elapsedMs: 1_500 });
  assert.equal(durationMs(running, 10_000, 12_250), 3_750);
  assert.equal(durationMs(running, 10_000, 9_000), 1_500);
});

test("an ended call has the server's duration", () => {
  const over = view({ state: "ended", ended: { result: "completed", at: 1, durationMs: 4_321 } });
  assert.equal(durationMs(over, 0, 99_999), 4_321);
});

test("the first wait is about two seconds, the longest thirty", () => {
  assert.equal(backoffMs(0, 0.5), 2_000);
  assert.equal(backoffMs(0, 0), 1_000);
  assert.equal(backoffMs(1, 0.5), 4_000);
  for (const attempt of [4, 10, 1_000]) {
    assert.ok(backoffMs(attempt, 0.999) <= LONGEST_DELAY_MS);
    assert.ok(backoffMs(attempt, 0) >= LONGEST_DELAY_MS / 3);
  }
});

test("at every attempt the waits are spread evenly, the longest ones too (F38)", () => {
  for (const attempt of [0, 1, 2, 3, 4, 10, 1_000]) {
    const waits = Array.from({ length: 100 }, (_, n) => backoffMs(attempt, n / 100));
    assert.equal(new Set(waits).size, 100, `attempt ${attempt}`);
  }
});

test("a goodbye is obeyed, with a random part of two seconds or of the same length", () => {
  assert.equal(goodbyeMs(1_000, 0), 1_000);
  assert.equal(goodbyeMs(1_000, 0.5), 2_000);
  assert.equal(goodbyeMs(10_000, 0.5), 15_000);
  assert.equal(goodbyeMs(-5, 0.5), 1_000);
  assert.equal(goodbyeMs(1e9, 0), LONGEST_DELAY_MS);
});
