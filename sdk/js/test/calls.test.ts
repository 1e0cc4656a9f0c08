/** The reducer: each event once, in order, and never for nothing. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  MAX_REMEMBERED,
  NO_CALLS,
  apply,
  applySnapshot,
  endHere,
  liveCalls,
  resultOfEnding,
} from "../src/core/calls.js";
import type { CallView } from "../src/wire/protocol.js";
import { ended, view } from "./views.js";

function run(views: CallView[]): string[][] {
  let state = NO_CALLS;
  return views.map((one) => {
    const step = apply(state, one);
    state = step.state;
    return [...step.events];
  });
}

test("a callee's call rings, is established, connects and ends", () => {
  const story = [
    view(),
    view({ version: 2, state: "established" }),
    view({ version: 3, state: "connected" }),
    ended(4, "completed"),
  ];
  const expected = [["onRinging"], ["onEstablished"], ["onConnected"], ["onEnded"]];
  assert.deepEqual(run(story), expected);
});

test("a caller's call does not ring here", () => {
  assert.deepEqual(run([view({ myRole: "dc_caller" })]), [[]]);
});

test("a view that comes twice or late says nothing", () => {
  const established = view({ version: 2, state: "established" });
  assert.deepEqual(run([established, established, view()]), [["onEstablished"], [], []]);
});

test("a missed view is made up for", () => {
  const story = [view(), view({ version: 5, state: "connected" })];
  assert.deepEqual(run(story), [["onRinging"], ["onEstablished", "onConnected"]]);
});

test("the end is final, whatever version comes after it", () => {
  const story = [view(), ended(2, "canceled"), view({ version: 9 }), ended(10, "declined")];
  assert.deepEqual(run(story), [["onRinging"], ["onEnded"], [], []]);
});

test("a call first seen when it is over never rings (F19)", () => {
  assert.deepEqual(run([ended(3, "canceled"), view({ version: 4 })]), [[], []]);
});

test("the caller of a call first seen when it is over learns of the end", () => {
  assert.deepEqual(run([ended(3, "declined", { myRole: "dc_caller" })]), [["onEnded"]]);
});

test("only the other side's real changes are told", () => {
  const mute = { audioEnabled: false, videoEnabled: true };
  const story = [
    view({ state: "established" }),
    view({ version: 2, state: "established", callerSettings: mute }),
    view({ version: 3, state: "established", callerSettings: mute }),
    view({ version: 4, state: "established", callerSettings: mute, calleeSettings: mute }),
    view({
      version: 5,
      state: "established",
      callerSettings: { audioEnabled: true, videoEnabled: false },
    }),
  ];
  assert.deepEqual(run(story), [
    ["onEstablished"],
    ["onRemoteAudioSettingsChanged"],
    [],
    [],
    ["onRemoteAudioSettingsChanged", "onRemoteVideoSettingsChanged"],
  ]);
});

test("the callee's first settings are no change for the caller", () => {
  const off = { audioEnabled: false, videoEnabled: false };
  const story = [
    view({ myRole: "dc_caller" }),
    view({ myRole: "dc_caller", version: 2, state: "established", calleeSettings: off }),
  ];
  assert.deepEqual(run(story), [[], ["onEstablished"]]);
});

test("a known live call that is missing in a snapshot ends with UNKNOWN, once", () => {
  const { state } = apply(NO_CALLS, view());
  const first = applySnapshot(state, [], ["call-1"], 5_000);
  assert.deepEqual(first.changes.map((one) => one.events), [["onEnded"]]);
  assert.equal(first.changes[0]?.view.ended?.result, "unknown");
  assert.deepEqual(applySnapshot(first.state, [], ["call-1"], 6_000).changes, []);
});

test("a snapshot ends no call that the server was not told of", () => {
  const { state } = apply(NO_CALLS, view());
  assert.deepEqual(applySnapshot(state, [], [], 5_000).changes, []);
});

test("a snapshot tells the real result and new rings", () => {
  const { state } = apply(NO_CALLS, view());
  const views = [ended(2, "no_answer"), view({ callId: "call-2" })];
  const { changes } = applySnapshot(state, views, ["call-1"], 5_000);
  assert.deepEqual(changes.map((one) => one.events), [["onEnded"], ["onRinging"]]);
  assert.equal(changes[0]?.view.ended?.result, "no_answer");
});

test("a local end is told once and is final", () => {
  const known = apply(NO_CALLS, view()).state;
  const end = { result: "accept_failed", at: 1, durationMs: 0 };
  const step = endHere(known, "call-1", end);
  assert.deepEqual(step.events, ["onEnded"]);
  assert.deepEqual(endHere(step.state, "call-1", end).events, []);
  assert.deepEqual(apply(step.state, ended(7, "canceled")).events, []);
  assert.deepEqual(endHere(known, "no-such-call", end).events, []);
});

test("ending gives the result of the state and side", () => {
  assert.equal(resultOfEnding(view()), "declined");
  assert.equal(resultOfEnding(view({ myRole: "dc_caller" })), "canceled");
  assert.equal(resultOfEnding(view({ state: "established" })), "not_connected");
  assert.equal(resultOfEnding(view({ state: "connected" })), "completed");
});

test("ended calls are forgotten at the limit, live ones never", () => {
  let { state } = apply(NO_CALLS, view({ callId: "live" }));
  for (let n = 0; n < MAX_REMEMBERED + 20; n++) {
    state = apply(state, ended(1, "canceled", { callId: `old-${n}` })).state;
  }
  assert.equal(state.calls.size, MAX_REMEMBERED);
  assert.deepEqual(liveCalls(state), ["live"]);
});
