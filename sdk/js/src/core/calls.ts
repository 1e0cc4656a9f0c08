/** The reducer of calls: takes views in, keeps what is known, and says which events that means. */

import type { CallView, EndView, MediaSettings, Reach } from "../wire/protocol.js";
import {
  changeEvents,
  firstEvents,
  reachEvents,
  settingsEvents,
  settingsOf,
  type CallEvent,
} from "./call-events.js";
import { DirectCallEndResult, DirectCallUserRole, type EndResult, type Role } from "./enums.js";

export type { CallEvent, PlainEvent } from "./call-events.js";

/** All calls known to this device, the ended ones too, so that an end stays final. */
export interface CallsState {
  readonly calls: ReadonlyMap<string, CallView>;
  /** Those that ended by this device's own knowledge: the server's word on the end corrects it. */
  readonly provisional: ReadonlySet<string>;
}

/** One call's change. */
export interface Change {
  readonly view: CallView;
  readonly events: readonly CallEvent[];
}

/** What a step gives back. */
export interface Step {
  readonly state: CallsState;
  readonly events: readonly CallEvent[];
}

/** What a snapshot gives back. */
export interface SnapshotStep {
  readonly state: CallsState;
  readonly changes: readonly Change[];
}

/** Ended calls beyond this many are forgotten, oldest first; a memory, so it has a bound. */
export const MAX_REMEMBERED = 500;

/** The order of a call's states. */
const PLACE: Record<CallView["state"], number> = {
  ringing: 0,
  established: 1,
  connected: 2,
  ended: 3,
};

/** Nothing known. */
export const NO_CALLS: CallsState = { calls: new Map(), provisional: new Set() };

/**
 * Takes a view in. An older version says nothing, an equal one only how far the ring has reached;
 * the end is final, though custom items still change after it; each event comes at most once, and
 * none comes if nothing changed.
 */
export function apply(state: CallsState, view: CallView): Step {
  const known = state.calls.get(view.callId);
  if (!known) return { state: remember(state, view), events: firstEvents(view) };
  if (view.version < known.version) return { state, events: [] };
  if (view.version === known.version) return applyReach(state, known, view.reach);
  if (known.state !== "ended") {
    const next = withNewestSettings(known, notBefore(known, view));
    return { state: remember(state, next), events: changeEvents(known, next) };
  }
  const isProvisional = state.provisional.has(view.callId);
  if (isProvisional && view.ended) {
    return { state: remember(state, view), events: changeEvents(known, view) };
  }
  const next = { ...known, version: view.version, customItems: view.customItems };
  return { state: remember(state, next, isProvisional), events: changeEvents(known, next) };
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
  const take = (callId: string, step: Step): void => {
    const view = step.state.calls.get(callId);
    if (view && step.state !== next) changes.push({ view, events: step.events });
    next = step.state;
  };
  for (const view of views) take(view.callId, apply(next, view));
  const present = new Set(views.map((view) => view.callId));
  for (const callId of named) {
    const known = next.calls.get(callId);
    if (!known || known.state === "ended" || present.has(callId)) continue;
    const durationMs = known.elapsedMs ?? 0;
    take(callId, endHere(next, callId, { result: DirectCallEndResult.UNKNOWN, at, durationMs }));
  }
  return { state: next, changes };
}

/**
 * Takes in what one side sends from here on, as it came past the server or is this device's own
 * doing. Only a higher revision says something new.
 */
export function applySettings(
  state: CallsState,
  callId: string,
  side: Role,
  settings: MediaSettings,
): Step {
  const known = state.calls.get(callId);
  if (!known || known.state === "ended") return { state, events: [] };
  const isCallers = side === DirectCallUserRole.CALLER;
  // Before the accept nobody knows whose settings the callee's will be: several devices ring.
  if (known.state === "ringing" && !isCallers) return { state, events: [] };
  if (settings.revision <= settingsOf(known, side).revision) return { state, events: [] };
  const change = isCallers ? { callerSettings: settings } : { calleeSettings: settings };
  const next = { ...known, ...change };
  return { state: remember(state, next), events: settingsEvents(known, next) };
}

/**
 * Ends a call by this device's own knowledge; a no-op for one that is over or unknown. The
 * server's word on how it ended comes later and corrects it without an event, except where the
 * result is about this device alone: that its accept failed, the server cannot know.
 */
export function endHere(state: CallsState, callId: string, ended: EndView): Step {
  const known = state.calls.get(callId);
  if (!known || known.state === "ended") return { state, events: [] };
  const view: CallView = { ...known, state: "ended", ended };
  const isProvisional = ended.result !== DirectCallEndResult.ACCEPT_FAILED;
  return { state: remember(state, view, isProvisional), events: [{ name: "onEnded" }] };
}

/** The ids of the calls that are not over. */
export function liveCalls(state: CallsState): string[] {
  const live: string[] = [];
  for (const [callId, view] of state.calls) if (view.state !== "ended") live.push(callId);
  return live;
}

/** What the result is if `by`, this side unless said, ends the call as it stands. */
export function resultOfEnding(view: CallView, by: Role = view.myRole): EndResult {
  switch (view.state) {
    case "ringing":
      return by === DirectCallUserRole.CALLER
        ? DirectCallEndResult.CANCELED
        : DirectCallEndResult.DECLINED;
    case "established":
      return DirectCallEndResult.NOT_CONNECTED;
    case "connected":
      return DirectCallEndResult.COMPLETED;
    case "ended":
      return (view.ended?.result as EndResult | undefined) ?? DirectCallEndResult.UNKNOWN;
  }
}

/** The other side. */
export function otherSide(role: Role): Role {
  return role === DirectCallUserRole.CALLER
    ? DirectCallUserRole.CALLEE
    : DirectCallUserRole.CALLER;
}

/** What this side sends, as the server has it. */
export function mySettings(view: CallView): MediaSettings {
  return settingsOf(view, view.myRole);
}

/** What the other side sends. */
export function theirSettings(view: CallView): MediaSettings {
  return settingsOf(view, otherSide(view.myRole));
}

/** Comings and goings of ringing devices are no change of the call: the version stays. */
function applyReach(state: CallsState, known: CallView, reach: Reach | undefined): Step {
  const events = known.state === "ringing" ? reachEvents(known, reach) : [];
  if (!reach || events.length === 0) return { state, events: [] };
  return { state: remember(state, { ...known, reach }), events };
}

/** A call never goes back: what was told once is not told again. */
function notBefore(known: CallView, view: CallView): CallView {
  return PLACE[view.state] < PLACE[known.state] ? { ...view, state: known.state } : view;
}

/** What a side said past the server may be newer than what the server has. */
function withNewestSettings(known: CallView, view: CallView): CallView {
  const callerSettings = newest(known.callerSettings, view.callerSettings);
  if (known.state === "ringing") return { ...view, callerSettings };
  return {
    ...view,
    callerSettings,
    calleeSettings: newest(known.calleeSettings, view.calleeSettings),
  };
}

function newest(known: MediaSettings, next: MediaSettings): MediaSettings {
  return next.revision < known.revision ? known : next;
}

function remember(state: CallsState, view: CallView, isProvisional = false): CallsState {
  const calls = new Map(state.calls);
  const provisional = new Set(state.provisional);
  calls.set(view.callId, view);
  provisional.delete(view.callId);
  if (isProvisional) provisional.add(view.callId);
  if (calls.size > MAX_REMEMBERED) {
    for (const [callId, old] of calls) {
      if (old.state !== "ended") continue;
      calls.delete(callId);
      provisional.delete(callId);
      break;
    }
  }
  return { calls, provisional };
}
