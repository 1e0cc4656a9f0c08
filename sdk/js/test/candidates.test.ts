/** How many candidates go into one signal. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_IN_SIGNAL, inSignals } from "../src/browser/media/candidates.js";

const candidates = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ candidate: `candidate:${n}` }));

test("a host of many networks tells all its candidates, within the server's limit", () => {
  const description = { type: "offer" as const, sdp: "v=0" };
  const signals = inSignals({ revision: 3, description, candidates: candidates(150) });
  assert.deepEqual(signals.map((signal) => signal.candidates.length), [64, 64, 22]);
  assert.deepEqual(signals.map((signal) => signal.revision), [3, 3, 3]);
  const descriptions = signals.map((signal) => signal.description);
  assert.deepEqual(descriptions, [description, undefined, undefined]);
  assert.deepEqual(signals.flatMap((signal) => signal.candidates), candidates(150));
});

test("a description without candidates is told", () => {
  const whole = { revision: 1, description: { type: "answer" as const, sdp: "" }, candidates: [] };
  assert.deepEqual(inSignals(whole), [whole]);
  const full = { revision: 1, candidates: candidates(MAX_IN_SIGNAL) };
  assert.deepEqual(inSignals(full), [full]);
});
