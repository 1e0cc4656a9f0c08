/** The reducer: each event once, in order, and never for nothing. */

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  MAX_REMEMBERED,
  NO_CALLS,
  apply,
  applySettings,
  applySnapshot,
  endHere,
  liveCalls,
  resultOfEnding,
  type CallsState,
} from "../src/core/calls.js";
import type { CallView } from "../src/wire/protocol.js";
import { ended, line, settings, view } from "./views.js";

function follow(views: CallView[]): { state: CallsState; told: string[][] } {
  let state = NO_CALLS;
  const told = views.map((one) => {
    const step = apply(state, one);
    state = step.state;
    return step.events.map(line);
  });
  return { state, told };
}

function run(views: CallView[]): string[][] {
  return follow(views).told;
}

const mine = { myRole: "dc_caller" } as const;

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
  assert.deepEqual(run([view(mine)]), [[]]);
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
  const { state, told } = follow(story);
  assert.deepEqual(told, [["onRinging"], ["onEnded"], [], []]);
  assert.equal(state.calls.get("call-1")?.ended?.result, "canceled");
});

test("a call first seen when it is over never rings (F19)", () => {
  assert.deepEqual(run([ended(3, "canceled"), view({ version: 4 })]), [[], []]);
});

test("the caller of a call first seen when it is over learns of the end", () => {
  assert.deepEqual(run([ended(3, "declined", mine)]), [["onEnded"]]);
});

test("only the other side's real changes are told", () => {
  const mute = settings({ audioEnabled: false, revision: 1 });
  const state = "established";
  const story = [
    view({ state }),
    view({ version: 2, state, callerSettings: mute }),
    view({ version: 3, state, callerSettings: mute }),
    view({ version: 4, state, callerSettings: mute, calleeSettings: mute }),
    view({
      version: 5,
      state,
      callerSettings: settings({ videoEnabled: false, revision: 2 }),
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
  const off = settings({ audioEnabled: false, videoEnabled: false, onHold: true });
  const story = [
    view(mine),
    view({ ...mine, version: 2, state: "established", calleeSettings: off }),
  ];
  assert.deepEqual(run(story), [[], ["onEstablished"]]);
});

test("either side's hold is told once, with whose it is", () => {
  const held = settings({ onHold: true, revision: 1 });
  const state = "connected";
  const story = [
    view({ state }),
    view({ version: 2, state, callerSettings: held }),
    view({ version: 3, state, callerSettings: held, calleeSettings: held }),
    view({ version: 4, state, callerSettings: settings({ revision: 2 }), calleeSettings: held }),
  ];
  assert.deepEqual(run(story).slice(1), [
    ["onUserHoldStatusChanged remote on"],
    ["onUserHoldStatusChanged local on"],
    ["onUserHoldStatusChanged remote off"],
  ]);
});

test("settings by the data channel and by the server: the higher revision, told once", () => {
  const on = follow([view({ state: "connected" })]).state;
  const mute = settings({ audioEnabled: false, revision: 3 });
  const direct = applySettings(on, "call-1", "dc_caller", mute);
  assert.deepEqual(direct.events.map(line), ["onRemoteAudioSettingsChanged"]);
  assert.deepEqual(applySettings(direct.state, "call-1", "dc_caller", mute).events, []);
  // The server tells the same again, and then, after an outage, an older state late.
  const same = view({ version: 2, state: "connected", callerSettings: mute });
  const again = apply(direct.state, same);
  assert.deepEqual(again.events, []);
  const old = view({
    version: 3,
    state: "connected",
    callerSettings: settings({ videoEnabled: false, revision: 2 }),
  });
  const late = apply(again.state, old);
  assert.deepEqual(late.events, []);
  assert.deepEqual(late.state.calls.get("call-1")?.callerSettings, mute);
  const back = settings({ revision: 4 });
  assert.deepEqual(
    apply(late.state, view({ version: 4, state: "connected", callerSettings: back })).events.map(
      line,
    ),
    ["onRemoteAudioSettingsChanged"],
  );
});

test("muted and unmuted during an outage: nothing changed, nothing is told", () => {
  const on = follow([view({ state: "connected" })]).state;
  const after = view({
    version: 4,
    state: "connected",
    callerSettings: settings({ revision: 2 }),
  });
  assert.deepEqual(apply(on, after).events, []);
});

test("settings past the server mean nothing before the accept, after the end, of strangers", () => {
  const mute = settings({ audioEnabled: false, revision: 1 });
  const ringing = follow([view(mine)]).state;
  assert.equal(applySettings(ringing, "call-1", "dc_callee", mute).state, ringing);
  const over = follow([ended(1, "canceled", mine)]).state;
  assert.equal(applySettings(over, "call-1", "dc_caller", mute).state, over);
  assert.equal(applySettings(NO_CALLS, "call-1", "dc_caller", mute).state, NO_CALLS);
  // The caller's own count already while it rings.
  const held = settings({ onHold: true, revision: 1 });
  const own = applySettings(ringing, "call-1", "dc_caller", held);
  assert.deepEqual(own.events.map(line), ["onUserHoldStatusChanged local on"]);
});

test("custom items: the keys that were set and those that are gone", () => {
  const story = [
    view({ customItems: { a: "1", b: "2", toString: "x" } }),
    view({ version: 2, customItems: { a: "1", b: "3", c: "4", toString: "x" } }),
    view({ version: 3, customItems: { c: "4", toString: "x" } }),
    view({ version: 4, customItems: { c: "4" } }),
    view({ version: 5, customItems: { c: "4", valueOf: "y" } }),
  ];
  assert.deepEqual(run(story), [
    ["onRinging"],
    ["onCustomItemsUpdated b,c"],
    ["onCustomItemsDeleted a,b"],
    ["onCustomItemsDeleted toString"],
    ["onCustomItemsUpdated valueOf"],
  ]);
});

test("custom items of an ended call are told, its end stays", () => {
  const story = [
    view(),
    ended(2, "completed", { customItems: { a: "1" } }),
    ended(3, "completed", { customItems: { a: "2" } }),
    view({ version: 4, customItems: {} }),
  ];
  const { state, told } = follow(story);
  assert.deepEqual(told, [
    ["onRinging"],
    ["onCustomItemsUpdated a", "onEnded"],
    ["onCustomItemsUpdated a"],
    ["onCustomItemsDeleted a"],
  ]);
  assert.deepEqual(liveCalls(state), []);
});

test("the reach of a ring comes with an equal version, and only while it rings", () => {
  const reach = (devices: number, pushes = 0) => ({ ...mine, reach: { devices, pushes } });
  const story = [
    view(reach(0)),
    view(reach(1)),
    view(reach(1)),
    view({ ...reach(2, 3), customItems: { not: "taken" } }),
    view({ ...mine, version: 2, state: "established" }),
    view({ ...reach(3), version: 2 }),
  ];
  const { state, told } = follow(story);
  assert.deepEqual(told, [
    [],
    ["onReachChanged"],
    [],
    ["onReachChanged"],
    ["onEstablished"],
    [],
  ]);
  assert.deepEqual(state.calls.get("call-1")?.customItems, {});
  assert.deepEqual(run([view(reach(1))]), [["onReachChanged"]]);
  // A device leaves again; a lower version says nothing at all.
  const fewer = [view(reach(2)), view(reach(1)), view({ ...reach(5), version: 0 })];
  assert.deepEqual(run(fewer), [["onReachChanged"], ["onReachChanged"], []]);
});

test("a known live call that is missing in a snapshot ends with UNKNOWN, once", () => {
  const { state } = apply(NO_CALLS, view());
  const first = applySnapshot(state, [], ["call-1"], 5_000);
  assert.deepEqual(first.changes.map((one) => one.events.map(line)), [["onEnded"]]);
  assert.equal(first.changes[0]?.view.ended?.result, "unknown");
  assert.deepEqual(applySnapshot(first.state, [], ["call-1"], 6_000).changes, []);
});

test("a snapshot ends no call that the server was not told of", () => {
  const { state } = apply(NO_CALLS, view());
  assert.deepEqual(applySnapshot(state, [], [], 5_000).changes, []);
});

test("a snapshot tells the real result and new rings, and what is newer here stays", () => {
  const mute = settings({ audioEnabled: false, revision: 5 });
  const { state } = follow([view(), view({ callId: "call-3", state: "connected" })]);
  const direct = applySettings(state, "call-3", "dc_caller", mute).state;
  const views = [
    ended(2, "no_answer"),
    view({ callId: "call-2" }),
    view({ callId: "call-3", version: 4, state: "connected" }),
  ];
  const { changes } = applySnapshot(direct, views, ["call-1"], 5_000);
  assert.deepEqual(
    changes.map((one) => one.events.map(line)),
    [["onEnded"], ["onRinging"], []],
  );
  assert.equal(changes[0]?.view.ended?.result, "no_answer");
  assert.deepEqual(changes[2]?.view.callerSettings, mute);
});

test("a local end is told once; the server's word corrects it in silence, once", () => {
  const known = apply(NO_CALLS, view({ state: "connected" })).state;
  const end = { result: "completed", by: "dc_callee" as const, at: 1, durationMs: 90 };
  const here = endHere(known, "call-1", end);
  assert.deepEqual(here.events.map(line), ["onEnded"]);
  assert.deepEqual(endHere(here.state, "call-1", end).events, []);
  // A change that was on its way does not bring it back to life.
  const late = apply(here.state, view({ version: 2, state: "connected" }));
  assert.deepEqual([late.events, late.state.calls.get("call-1")?.ended], [[], end]);
  const truth = ended(7, "connection_lost", {
    ended: { result: "connection_lost", at: 2, durationMs: 70 },
    customItems: { a: "1" },
  });
  const corrected = apply(late.state, truth);
  assert.deepEqual(corrected.events.map(line), ["onCustomItemsUpdated a"]);
  const held = corrected.state.calls.get("call-1")?.ended;
  assert.deepEqual(held, { result: "connection_lost", at: 2, durationMs: 70 });
  const twice = apply(corrected.state, ended(8, "declined", { customItems: { a: "1" } }));
  assert.deepEqual(twice.events, []);
  assert.equal(twice.state.calls.get("call-1")?.ended?.result, "connection_lost");
  assert.deepEqual(endHere(known, "no-such-call", end).events, []);
});

test("that an accept failed here is this device's own truth", () => {
  const known = apply(NO_CALLS, view()).state;
  const end = { result: "accept_failed", at: 1, durationMs: 0 };
  const here = endHere(known, "call-1", end).state;
  const after = apply(here, ended(2, "declined"));
  assert.deepEqual(after.events, []);
  assert.equal(after.state.calls.get("call-1")?.ended?.result, "accept_failed");
});

test("ending gives the result of the state and of the side that ends", () => {
  assert.equal(resultOfEnding(view()), "declined");
  assert.equal(resultOfEnding(view(), "dc_caller"), "canceled");
  assert.equal(resultOfEnding(view(mine)), "canceled");
  assert.equal(resultOfEnding(view({ state: "established" })), "not_connected");
  assert.equal(resultOfEnding(view({ state: "connected" })), "completed");
  assert.equal(resultOfEnding(ended(2, "no_answer")), "no_answer");
});

test("ended calls are forgotten at the limit, live ones never", () => {
  let { state } = apply(NO_CALLS, view({ callId: "live" }));
  for (let n = 0; n < MAX_REMEMBERED + 20; n++) {
    const callId = `old-${n}`;
    state = apply(state, view({ callId })).state;
    state = endHere(state, callId, { result: "canceled", at: 1, durationMs: 0 }).state;
  }
  assert.equal(state.calls.size, MAX_REMEMBERED);
  assert.equal(state.provisional.size, MAX_REMEMBERED - 1);
  assert.deepEqual(liveCalls(state), ["live"]);
});
