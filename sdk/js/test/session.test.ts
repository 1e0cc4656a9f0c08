/** The session: order, once, resume, and requests that outlive a connection. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_PENDING, Session } from "../src/core/session.js";
import type { Event, Verb, Welcome } from "../src/wire/protocol.js";
import { user } from "./views.js";

const WELCOME: Welcome = {
  version: 1,
  session: "s-1",
  resumed: false,
  user: user("ann"),
  heartbeatMs: 30_000,
};

function event(number: number): Event {
  return { number, body: { event: "snapshot", calls: [] } };
}

function end(callId: string): Verb {
  return { verb: "end", callId };
}

test("the first hello resumes nothing, the next one goes on after the last event", () => {
  const session = new Session();
  const first = { type: "hello", versions: [1], sessionKey: "key", calls: [] };
  assert.deepEqual(session.hello("key", []), first);
  session.handleWelcome(WELCOME);
  session.handleEvent(event(1));
  session.handleEvent(event(2));
  assert.deepEqual(session.hello("key2", ["c"]), {
    type: "hello",
    versions: [1],
    sessionKey: "key2",
    calls: ["c"],
    resume: { session: "s-1", lastEvent: 2 },
  });
});

test("events are handled in order and once; a hole is noticed", () => {
  const session = new Session();
  session.handleWelcome(WELCOME);
  assert.equal(session.handleEvent(event(1)), "handle");
  assert.equal(session.handleEvent(event(1)), "duplicate");
  assert.equal(session.handleEvent(event(3)), "gap");
  assert.deepEqual(session.ack(), { type: "ack", number: 1 });
  assert.equal(session.handleEvent(event(2)), "handle");
  assert.equal(session.handleEvent(event(3)), "handle");
});

test("a resumed session numbers on, a fresh one anew", () => {
  const session = new Session();
  session.handleWelcome(WELCOME);
  session.handleEvent(event(1));
  session.handleWelcome({ ...WELCOME, resumed: true });
  assert.equal(session.handleEvent(event(2)), "handle");
  session.handleWelcome({ ...WELCOME, session: "s-2" });
  assert.equal(session.handleEvent(event(1)), "handle");
});

test("unanswered requests are sent again in their order, answered ones are not", () => {
  const session = new Session();
  const ids = ["a", "b", "c"].map((callId) => session.request(end(callId))?.id ?? 0);
  assert.ok(session.handleReply({ id: ids[1] ?? 0 }));
  assert.equal(session.handleReply({ id: ids[1] ?? 0 }), undefined);
  const again = session.handleWelcome(WELCOME).map((request) => request.id);
  assert.deepEqual(again, [ids[0], ids[2]]);
});

test("a newer report of the same state replaces one that waits", () => {
  const session = new Session();
  session.request({ verb: "media", callId: "a", path: "down" });
  session.request({ verb: "media", callId: "b", path: "down" });
  session.request({ verb: "media", callId: "a", path: "up" });
  const bodies = session.handleWelcome(WELCOME).map((request) => request.body);
  assert.deepEqual(bodies, [
    { verb: "media", callId: "b", path: "down" },
    { verb: "media", callId: "a", path: "up" },
  ]);
});

test("one request more than may wait is refused", () => {
  const session = new Session();
  for (let n = 0; n < MAX_PENDING; n++) assert.ok(session.request(end(String(n))));
  assert.equal(session.request(end("one more")), undefined);
});

test("a snapshot answers for the calls of the hello that began the session", () => {
  const session = new Session();
  session.hello("key", ["a"]);
  session.handleWelcome(WELCOME);
  assert.deepEqual(session.named, ["a"]);
  // The snapshot may come again now, and says nothing of the call that came since.
  session.hello("key", ["a", "b"]);
  session.handleWelcome({ ...WELCOME, resumed: true });
  assert.deepEqual(session.named, ["a"]);
  session.hello("key", ["b"]);
  session.handleWelcome({ ...WELCOME, resumed: false });
  assert.deepEqual(session.named, ["b"]);
});

test("a one-shot is not sent again; a cleared session resumes nothing", () => {
  const session = new Session();
  session.oneShot(end("a"));
  assert.deepEqual(session.handleWelcome(WELCOME), []);
  session.request(end("b"));
  assert.equal(session.clear().length, 1);
  assert.deepEqual(session.hello("k", []).type === "hello" && session.handleWelcome(WELCOME), []);
});
