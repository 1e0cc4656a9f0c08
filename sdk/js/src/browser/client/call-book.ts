/** All calls of the signed-in device: views in, events out to the objects of the application. */

import {
  NO_CALLS,
  apply,
  applySnapshot,
  endHere,
  liveCalls,
  resultOfEnding,
  type AppEvent,
  type CallsState,
} from "../../core/calls.js";
import { DirectCallEndResult, type EndResult } from "../../core/enums.js";
import type { CallError } from "../../core/errors.js";
import type { CallView, EventBody } from "../../wire/protocol.js";
import { Controller, type CallHost } from "../direct-call/controller.js";
import type { DirectCall } from "../direct-call/direct-call.js";
import { later } from "../log.js";
import type { Listeners } from "./listeners.js";

/** Views of own calls that may come before the answer to `dial`; more dials than a person makes. */
const MAX_EARLY_VIEWS = 16;

/** The calls. */
export class CallBook {
  private state: CallsState = NO_CALLS;
  private readonly controllers = new Map<string, Controller>();
  /** Dials that wait for their answer. */
  private readonly dialing = new Set<Controller>();
  private readonly early = new Map<string, CallView>();

  constructor(
    private readonly listeners: Listeners,
    private readonly host: CallHost,
  ) {}

  /** The object of a call. */
  get(callId: string): DirectCall | null {
    return this.controllers.get(callId)?.call ?? null;
  }

  /** The calls that are not over, one that rings included. */
  ongoing(): DirectCall[] {
    const all = [...this.controllers.values(), ...this.dialing];
    return all.filter((one) => !one.isOver).map((one) => one.call);
  }

  /** The ids of the calls that are not over. */
  known(): string[] {
    return liveCalls(this.state);
  }

  /** A dial begins to wait for its answer. */
  addDialing(controller: Controller): void {
    this.dialing.add(controller);
  }

  /** A dial waits no longer. */
  removeDialing(controller: Controller): void {
    this.dialing.delete(controller);
    if (this.dialing.size === 0) this.early.clear();
  }

  /** The answer to a dial: the object gets its id. `onBound` runs before any of its events. */
  bind(controller: Controller, view: CallView, onBound: () => void): void {
    const early = this.early.get(view.callId);
    this.removeDialing(controller);
    this.controllers.set(view.callId, controller);
    const { ended: _, ...unended } = view;
    controller.setView({ ...unended, state: "ringing" });
    onBound();
    this.take(view);
    if (early) this.take(early);
  }

  /** Takes in an event of the server. */
  handleEvent(body: EventBody, named: readonly string[]): void {
    switch (body.event) {
      case "call":
        return this.take(body.call);
      case "signal":
        return this.controllers.get(body.callId)?.media.handleSignal(body.signal);
      case "snapshot":
        return this.takeSnapshot(body.calls, named);
    }
  }

  /** Takes in one view. */
  take(view: CallView): void {
    if (this.keepsForDial(view)) return;
    const before = this.state;
    const step = apply(this.state, view);
    this.state = step.state;
    if (this.state !== before) this.update(view, step.events);
  }

  /** Ends a call by this device's own knowledge. */
  endHere(callId: string, result: EndResult): void {
    const view = this.state.calls.get(callId);
    if (!view) return;
    const durationMs = this.controllers.get(callId)?.duration() ?? 0;
    const step = endHere(this.state, callId, { result, at: Date.now(), durationMs });
    this.state = step.state;
    const ended = step.state.calls.get(callId);
    if (ended) this.update(ended, step.events);
  }

  /** The session is over: every call ends here, once, and all is forgotten. */
  clear(reason: CallError): void {
    const controllers = [...this.controllers.values()];
    for (const one of this.dialing) one.failDial(DirectCallEndResult.DIAL_FAILED, reason);
    this.dialing.clear();
    for (const one of controllers) {
      if (one.isOver) continue;
      const ringsHere = one.view.state === "ringing" && one.view.myRole === "dc_callee";
      // Signing out declines nothing: the call may ring on at the person's other devices.
      const result = ringsHere ? DirectCallEndResult.UNKNOWN : resultOfEnding(one.view);
      const ended = { result, at: Date.now(), durationMs: one.duration() };
      one.setView({ ...one.view, state: "ended", ended });
      later(() => one.fire("onEnded"));
    }
    this.controllers.clear();
    this.early.clear();
    this.state = NO_CALLS;
  }

  /** The session is open again. */
  handleWelcome(): void {
    for (const one of this.controllers.values()) one.handleWelcome();
  }

  /** The device may have another network. */
  networkChanged(): void {
    for (const one of this.controllers.values()) if (!one.isOver) one.media.networkChanged();
  }

  private takeSnapshot(views: readonly CallView[], named: readonly string[]): void {
    const mine = views.filter((view) => !this.keepsForDial(view));
    const step = applySnapshot(this.state, mine, named, Date.now());
    this.state = step.state;
    for (const change of step.changes) this.update(change.view, change.events);
    for (const view of mine) {
      const one = this.controllers.get(view.callId);
      if (one && !one.isOver && one.view.version < view.version) one.setView(view);
    }
  }

  /** An own call whose `dial` is not answered yet has no object to tell of its events. */
  private keepsForDial(view: CallView): boolean {
    if (view.myRole !== "dc_caller" || this.dialing.size === 0) return false;
    if (this.controllers.has(view.callId) || this.state.calls.has(view.callId)) return false;
    const known = this.early.get(view.callId);
    if (known ? known.version < view.version : this.early.size < MAX_EARLY_VIEWS) {
      this.early.set(view.callId, view);
    }
    return true;
  }

  private update(view: CallView, events: readonly AppEvent[]): void {
    const isNewRing = events.includes("onRinging");
    let one = this.controllers.get(view.callId);
    if (!one && isNewRing) {
      one = new Controller(view, this.host);
      this.controllers.set(view.callId, one);
    }
    if (!one) return;
    one.setView(view);
    for (const event of events) {
      if (event === "onRinging") this.listeners.ringing(one.call);
      else one.fire(event);
    }
    this.forget();
  }

  /** Objects of ended calls go when the reducer forgets them, so memory has one bound. */
  private forget(): void {
    for (const callId of this.controllers.keys()) {
      if (!this.state.calls.has(callId)) this.controllers.delete(callId);
    }
  }
}
