/** The reducer of calls: which of the application's events a new view of a call means. */

import type { CallView, EndView, MediaSettings } from "../wire/protocol.js";
import { DirectCallEndResult, DirectCallUserRole } from "./enums.js";

/** An event of the application that a change of a call's view can mean. */
export type AppEvent =
  | "onRinging"
  | "onEstablished"
  | "onConnected"
  | "onEnded"
  | "onRemoteAudioSettingsChanged"
  | "onRemoteVideoSettingsChanged";

/** All calls known to this device, the ended ones too, so that an end stays final. */
export interface CallsState {
  readonly calls: ReadonlyMap<string, CallView>;
}

/** One call's change. */
export interface Change {
  readonly view: CallView;
  readonly events: readonly AppEvent[];
}

/** What a step gives back. */
export interface Step {
  readonly state: CallsState;
  readonly events: readonly AppEvent[];
}

/** What a snapshot gives back. */
export interface SnapshotStep {
  readonly state: CallsState;
  readonly changes: readonly Change[];
}

/** Ended calls beyond this many are forgotten, oldest first; a memory, so it has a bound. */
export const MAX_REMEMBERED = 500;

/** Nothing known. */
export const NO_CALLS: CallsState = { calls: new Map() };

/**
 * Takes a view in. An older or equal version says nothing; the end is final; each event comes at
 * most once, and none comes if nothing changed.
 */
export function apply(state: CallsState, view: CallView): Step {
  const known = state.calls.get(view.callId);
  if (known && (known.state === "ended" || view.version <= known.version)) {
    return { state, events: [] };
  }
  const events = known ? changeEvents(known, view) : firstEvents(view);
  return { state: remember(state, view), events };
}

/**
 * Takes the whole truth in. `named` are the calls that this device told the server it knows: one
 * of them that is live here and missing there does not exist and ends with UNKNOWN.
 */
export function applySnapshot(
  state: CallsState,
  views: readonly CallView[],
  named: readonly string[],
  at: number,
): SnapshotStep {
  let next = state;
  const changes: Change[] = [];
  for (const view of views) {
    const step = apply(next, view);
    next = step.state;
    if (step.events.length > 0) changes.push({ view, events: step.events });
  }
  const present = new Set(views.map((view) => view.callId));
  for (const callId of named) {
    const known = next.calls.get(callId);
    if (!known || known.state === "ended" || present.has(callId)) continue;
    const ended = {
      result: DirectCallEndResult.UNKNOWN,
      at,
      durationMs: known.elapsedMs ?? 0,
    };
    const step = endHere(next, callId, ended);
    next = step.state;
    const view = next.calls.get(callId);
    if (view) changes.push({ view, events: step.events });
  }
  return { state: next, changes };
}

/** Ends a call by this device's own knowledge; a no-op for one that is over or unknown. */
export function endHere(state: CallsState, callId: string, ended: EndView): Step {
  const known = state.calls.get(callId);
  if (!known || known.state === "ended") return { state, events: [] };
  const view: CallView = { ...known, state: "ended", ended };
  return { state: remember(state, view), events: ["onEnded"] };
}

/** The ids of the calls that are not over. */
export function liveCalls(state: CallsState): string[] {
  const live: string[] = [];
  for (const [callId, view] of state.calls) if (view.state !== "ended") live.push(callId);
  return live;
}

/** What the result is if this side ends the call as it stands. */
export function resultOfEnding(view: CallView): string {
  switch (view.state) {
    case "ringing":
      return view.myRole === DirectCallUserRole.CALLER
        ? DirectCallEndResult.CANCELED
        : DirectCallEndResult.DECLINED;
    case "established":
      return DirectCallEndResult.NOT_CONNECTED;
    case "connected":
      return DirectCallEndResult.COMPLETED;
    case "ended":
      return view.ended?.result ?? DirectCallEndResult.UNKNOWN;
  }
}

/** What this side sends, as the server has it. */
export function mySettings(view: CallView): MediaSettings {
  return view.myRole === DirectCallUserRole.CALLER ? view.callerSettings : view.calleeSettings;
}

/** What the other side sends. */
export function theirSettings(view: CallView): MediaSettings {
  return view.myRole === DirectCallUserRole.CALLER ? view.calleeSettings : view.callerSettings;
}

/**
 * A call seen for the first time. One that is over already never rings; only its caller, who
 * holds an object for it since `dial`, is told of the end.
 */
function firstEvents(view: CallView): AppEvent[] {
  const isCaller = view.myRole === DirectCallUserRole.CALLER;
  switch (view.state) {
    case "ringing":
      return isCaller ? [] : ["onRinging"];
    case "established":
      return ["onEstablished"];
    case "connected":
      return ["onEstablished", "onConnected"];
    case "ended":
      return isCaller ? ["onEnded"] : [];
  }
}

function changeEvents(known: CallView, view: CallView): AppEvent[] {
  if (view.state === "ended") return ["onEnded"];
  const events: AppEvent[] = [];
  if (known.state === "ringing" && view.state !== "ringing") events.push("onEstablished");
  if (known.state !== "connected" && view.state === "connected") events.push("onConnected");
  // The callee's settings mean nothing before the accept, so the caller compares from there on.
  if (view.myRole === DirectCallUserRole.CALLEE || known.state !== "ringing") {
    const [before, after] = [theirSettings(known), theirSettings(view)];
    if (before.audioEnabled !== after.audioEnabled) events.push("onRemoteAudioSettingsChanged");
    if (before.videoEnabled !== after.videoEnabled) events.push("onRemoteVideoSettingsChanged");
  }
  return events;
}

function remember(state: CallsState, view: CallView): CallsState {
  const calls = new Map(state.calls);
  calls.set(view.callId, view);
  if (calls.size > MAX_REMEMBERED) {
    for (const [callId, old] of calls) {
      if (old.state !== "ended") continue;
      calls.delete(callId);
      break;
    }
  }
  return { calls };
}
