/**
 * The scripts of `tests/vectors`, that the server's machine runs too: what each device is told
 * must mean the events that stand there, and every known state must meet every input.
 */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import * as reducer from "../src/core/calls.js";
import { NO_CALLS, apply, applySettings, applySnapshot, endHere } from "../src/core/calls.js";
import type { CallEvent, CallsState } from "../src/core/calls.js";
import type { EndResult, Role } from "../src/core/enums.js";
import type { CallView, MediaSettings } from "../src/wire/protocol.js";
import { line } from "./views.js";

/** What a device is told; `tests/vectors/README.md` describes it. */
type Told =
  | { view: object }
  | { reply: object }
  | { again: number }
  | { snapshot: { named: string[]; views: object[] } }
  | { settings: { call: string; side: Role; settings: MediaSettings } }
  | { endHere: { call: string; result: string; by: Role | null } };

type Entry = Told & { expect?: string[] };

interface Script {
  name: string;
  steps: { do: string; told?: { [device: string]: Entry[] } }[];
  /** By device and call: the result that stands in the end, if it is not the one of `onEnded`. */
  corrected?: { [device: string]: { [callId: string]: string } };
}

type State = CallView["state"];
/** A call as a device knows it; `ended here`: by its own knowledge, until the server says how. */
type Known = "unknown" | State | "ended here";
type Incoming =
  | `newer view, ${State}`
  | "newer view, other items"
  | "newer view, older settings"
  | "same view again"
  | "same version, other reach"
  | "older view"
  | "missing in a snapshot"
  | "ends here"
  | "accept failed here"
  | "newer settings of the other side"
  | "late settings of the other side"
  | "newer settings of its own"
  | "late settings of its own";

const ROLES: readonly Role[] = ["dc_caller", "dc_callee"];
/** Whether a state can meet what needs a call to be known. */
const KNOWN: Record<Known, boolean> = {
  unknown: false,
  ringing: true,
  established: true,
  connected: true,
  "ended here": true,
  ended: true,
};
/** Whether an input is one only to a call that is known: it is compared with what is known. */
const INCOMING: Record<Incoming, boolean> = {
  "newer view, ringing": false,
  "newer view, established": false,
  "newer view, connected": false,
  "newer view, ended": false,
  "newer view, other items": true,
  "newer view, older settings": true,
  "same view again": true,
  "same version, other reach": true,
  "older view": true,
  "missing in a snapshot": false,
  "ends here": false,
  "accept failed here": false,
  "newer settings of the other side": true,
  "late settings of the other side": true,
  "newer settings of its own": true,
  "late settings of its own": true,
};

const folder = join(process.cwd(), "..", "..", "tests", "vectors");
const firstView = readJson(join(folder, "first-view.json")) as object;
const reached = new Set<string>();

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}

/** JSON Merge Patch (RFC 7396). */
function patched(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const isObject = typeof target === "object" && target !== null && !Array.isArray(target);
  const result: { [key: string]: unknown } = isObject ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = patched(result[key], value);
  }
  return result;
}

/** One device with its reducer. */
class Device {
  private state: CallsState = NO_CALLS;
  private readonly last = new Map<string, CallView>();
  private readonly views: CallView[] = [];
  /** What the application saw as `endResult` in `onEnded`, by call. */
  readonly results = new Map<string, string>();

  /** Takes in what the device is told; gives the events, as the scripts write them. */
  take(told: Told): string[] {
    if ("view" in told) return this.takeView(this.read(told.view));
    if ("reply" in told) {
      const view = this.read(told.reply);
      // A call that has no object here is not followed.
      return this.state.calls.has(view.callId) ? this.takeView(view) : [];
    }
    if ("again" in told) {
      const view = this.views[told.again - 1];
      assert.ok(view, `was not told ${told.again} views`);
      return this.applyView(view);
    }
    if ("snapshot" in told) return this.takeSnapshot(told.snapshot);
    if ("settings" in told) return this.takeSettings(told.settings);
    return this.endHere(told.endHere);
  }

  private read(patch: object): CallView {
    const { callId = "call-1" } = patch as { callId?: string };
    const view = patched(this.last.get(callId) ?? firstView, patch) as CallView;
    this.last.set(callId, view);
    return view;
  }

  private takeView(view: CallView): string[] {
    this.views.push(view);
    return this.applyView(view);
  }

  private applyView(view: CallView): string[] {
    this.note(view.callId, ...this.incoming(view));
    const step = apply(this.state, view);
    this.state = step.state;
    return step.events.map((event) => this.lineOf(view.callId, event));
  }

  private takeSnapshot({ named, views }: { named: string[]; views: object[] }): string[] {
    const whole = views.map((patch) => this.read(patch));
    const present = new Set(whole.map((view) => view.callId));
    for (const view of whole) this.note(view.callId, ...this.incoming(view));
    for (const callId of named) {
      if (!present.has(callId)) this.note(callId, "missing in a snapshot");
    }
    const step = applySnapshot(this.state, whole, named, 0);
    this.state = step.state;
    return step.changes.flatMap(({ view, events }) =>
      events.map((event) => `${view.callId} ${this.lineOf(view.callId, event)}`),
    );
  }

  private takeSettings(one: { call: string; side: Role; settings: MediaSettings }): string[] {
    const known = this.state.calls.get(one.call);
    if (known) {
      const whose = one.side === known.myRole ? "its own" : "the other side";
      const sides = { dc_caller: known.callerSettings, dc_callee: known.calleeSettings };
      const isNewer = one.settings.revision > sides[one.side].revision;
      this.note(one.call, `${isNewer ? "newer" : "late"} settings of ${whose}`);
    }
    const step = applySettings(this.state, one.call, one.side, one.settings);
    this.state = step.state;
    return step.events.map((event) => this.lineOf(one.call, event));
  }

  private endHere({ call, result, by }: { call: string; result: string; by: Role | null }) {
    this.note(call, result === "accept_failed" ? "accept failed here" : "ends here");
    const ended = { result: result as EndResult, at: 0, durationMs: 0, ...(by ? { by } : {}) };
    const step = endHere(this.state, call, ended);
    this.state = step.state;
    return step.events.map((event) => this.lineOf(call, event));
  }

  /** What a view is to what is known. */
  private incoming(view: CallView): Incoming[] {
    const known = this.state.calls.get(view.callId);
    const state: Incoming = `newer view, ${view.state}`;
    if (!known) return [state];
    if (view.version < known.version) return ["older view"];
    if (view.version === known.version) {
      const isReach = JSON.stringify(view.reach) !== JSON.stringify(known.reach);
      return [view.reach && isReach ? "same version, other reach" : "same view again"];
    }
    const all: Incoming[] = [state];
    if (JSON.stringify(view.customItems) !== JSON.stringify(known.customItems)) {
      all.push("newer view, other items");
    }
    const isOlder = (side: "callerSettings" | "calleeSettings") =>
      view[side].revision < known[side].revision;
    if (isOlder("callerSettings") || isOlder("calleeSettings")) {
      all.push("newer view, older settings");
    }
    return all;
  }

  private note(callId: string, ...incoming: Incoming[]): void {
    const known = this.state.calls.get(callId);
    const role = known?.myRole ?? this.last.get(callId)?.myRole;
    const state = this.state.provisional.has(callId) ? "ended here" : known?.state ?? "unknown";
    for (const one of incoming) {
      for (const each of role ? [role] : ROLES) reached.add(pair(state, each, one));
    }
  }

  private lineOf(callId: string, event: CallEvent): string {
    if (event.name !== "onEnded") return line(event);
    const result = this.state.calls.get(callId)?.ended?.result ?? "?";
    assert.ok(!this.results.has(callId), `${callId} ends twice`);
    this.results.set(callId, result);
    return `onEnded ${result}`;
  }

  /** The result that a call has come to, as `endResult` gives it after all that was told. */
  resultOf(callId: string): string | undefined {
    return this.state.calls.get(callId)?.ended?.result;
  }
}

function pair(known: Known, role: Role, incoming: Incoming): string {
  return `${known} as ${role}: ${incoming}`;
}

/** Every pair that has to be reached. */
function wanted(): string[] {
  const all: string[] = [];
  for (const [known, isKnown] of Object.entries(KNOWN) as [Known, boolean][]) {
    for (const [incoming, needsKnown] of Object.entries(INCOMING) as [Incoming, boolean][]) {
      if (needsKnown && !isKnown) continue;
      for (const role of ROLES) all.push(pair(known, role, incoming));
    }
  }
  return all;
}

for (const kind of ["scripts", "reducer"]) {
  const files = readdirSync(join(folder, kind)).filter((name) => name.endsWith(".json"));
  test(`there are ${kind}`, () => {
    assert.notEqual(files.length, 0);
  });
  for (const file of files.sort()) {
    const script = readJson(join(folder, kind, file)) as Script;
    test(`${kind}/${file}: ${script.name}`, () => {
      const devices = new Map<string, Device>();
      script.steps.forEach((step, at) => {
        for (const [name, entries] of Object.entries(step.told ?? {})) {
          const device = devices.get(name) ?? new Device();
          devices.set(name, device);
          entries.forEach((entry, nth) => {
            const where = `step ${at + 1}, ${step.do}: ${name}, entry ${nth + 1}`;
            assert.deepEqual(device.take(entry), entry.expect ?? [], where);
          });
        }
      });
      for (const [name, device] of devices) {
        for (const [callId, result] of device.results) {
          const stands = script.corrected?.[name]?.[callId] ?? result;
          assert.equal(device.resultOf(callId), stands, `${name}, end of ${callId}`);
        }
      }
    });
  }
}

test("every known state meets every input", () => {
  assert.deepEqual(wanted().filter((one) => !reached.has(one)), []);
});

test("every way into the reducer is among the inputs", () => {
  const inputs = ["apply", "applySettings", "applySnapshot", "endHere"];
  const questions = ["liveCalls", "mySettings", "otherSide", "resultOfEnding", "theirSettings"];
  const functions = Object.entries(reducer).filter(([, value]) => typeof value === "function");
  assert.deepEqual(functions.map(([name]) => name).sort(), [...inputs, ...questions].sort());
});
