/** Requests that a person waits for: the codes of what comes back, or does not. */

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { ANSWER_LIMIT_MS, askInTime } from "../src/browser/client/in-time.js";
import type { Link } from "../src/browser/link/link.js";
import { deferred } from "../src/browser/quiet-promise.js";
import type { Reply } from "../src/wire/protocol.js";
import { codeOf } from "./phone.js";

const BODY = { verb: "update_items", callId: "call-1", items: {} } as const;

/** A link whose connection and answer are in the test's hand. */
function pretended(open: boolean) {
  const answer = deferred<Reply>();
  const link = { open, request: () => answer.promise };
  return { answer, link, code: codeOf(askInTime(link as unknown as Link, BODY)) };
}

test("no answer: 1800203, and 1800204 if the connection is gone at that moment", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const [mute, lost] = [pretended(true), pretended(true)];
    mock.timers.tick(ANSWER_LIMIT_MS - 1);
    lost.link.open = false;
    mock.timers.tick(1);
    assert.deepEqual(await Promise.all([mute.code, lost.code]), [1800203, 1800204]);
  } finally {
    mock.timers.reset();
  }
});

test("an answer after an outage is an answer; a refusal is passed on", async () => {
  const [late, refused] = [pretended(false), pretended(true)];
  late.answer.resolve({ id: 1 });
  refused.answer.resolve({ id: 2, error: { code: 1400102, message: "no such call" } });
  assert.deepEqual(await Promise.all([late.code, refused.code]), [undefined, 1400102]);
});
