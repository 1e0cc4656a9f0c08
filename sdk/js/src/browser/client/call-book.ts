/** All calls of the signed-in device: views in, events out to the objects of the application. */

import {
  NO_CALLS,
  apply,
  applySettings,
  applySnapshot,
  endHere,
  liveCalls,
  resultOfEnding,
  type CallEvent,
  type CallsState,
  type Step,
} from "../../core/calls.js";
import { DirectCallEndResult, type EndResult, type Role } from "../../core/enums.js";
import type { CallError } from "../../core/errors.js";
import type { CallView, EventBody, MediaSettings } from "../../wire/protocol.js";
import type { CallHost } from "../direct-call/call-host.js";
import { Controller } from "../direct-call/controller.js";
import type { DirectCall } from "../direct-call/direct-call.js";
import { later } from "../log.js";
import { Dials } from "./dials.js";
import type { Listeners } from "./listeners.js";

/** The calls. */
export class CallBook {
  /** Dials that wait for their answer, and what came meanwhile. */
  readonly dials = new Dials();
  private state: CallsState = NO_CALLS;
  private readonly controllers = new Map<string, Controller>();

  constructor(
    private readonly listeners: Listeners,
    private readonly host: CallHost,
  ) {}

  /** The object of a call. */
  get(callId: string): DirectCall | null {
    return this.controllers.get(callId)?.call ?? null;
  }

  /** What drives a call. */
  controller(callId: string): Controller | undefined {
    return this.controllers.get(callId);
  }

  /** All that this device takes part in, or is asked to. */
  all(): Controller[] {
    return [...this.controllers.values(), ...this.dials.waiting];
  }

  /** The calls that are not over, one that rings included. */
  ongoing(): DirectCall[] {
    return this.all().filter((one) => !one.isOver).map((one) => one.call);
  }

  /** The ids of the calls that are not over. */
  known(): string[] {
    return liveCalls(this.state);
  }

  /** A call of this user that rings here, unanswered. */
  ringingFrom(userId: string): Controller | undefined {
    const all = [...this.controllers.values()];
    return all.find((one) => one.isRingingHere && one.view.caller.userId === userId);
  }

  /** The answer to a dial: the object gets its id. `onBound` runs before any of its events. */
  bind(controller: Controller, view: CallView, onBound: () => void): void {
    this.enter(controller, view);
    controller.setView(asRinging(view));
    this.settle(controller, view, onBound);
  }

  /**
   * The answer to a dial whose callee was calling: the dialled object goes on as the callee's side
   * of that call, driven by `heir`. An object that rang for it ends as answered elsewhere.
   */
  bindAnswer(heir: Controller, dialled: Controller, view: CallView, onBound: () => void): void {
    const wasOver = heir.isOver;
    if (heir !== dialled) {
      heir.takeRest(dialled);
      heir.changeSeats(dialled);
      dialled.know(heir.view);
      dialled.close(DirectCallEndResult.OTHER_DEVICE_ACCEPTED, undefined);
      if (!wasOver) later(() => dialled.fire({ name: "onEnded" }));
    }
    this.enter(heir, view);
    this.settle(dialled, view, onBound);
    // The end came before the answer and was told to the object that rang.
    if (wasOver) later(() => heir.fire({ name: "onEnded" }));
  }

  /** A dial came to nothing. Calls of the one who was dialled may ring now. */
  dropDial(controller: Controller): void {
    for (const view of this.dials.remove(controller)) this.take(view);
  }

  /** Takes in an event of the server. */
  handleEvent(body: EventBody, named: readonly string[]): void {
    switch (body.event) {
      case "call":
        return this.take(body.call);
      case "signal": {
        const one = this.controllers.get(body.callId);
        if (!one) return this.dials.keepSignal(body);
        return one.media.handleSignal(body.signal, body.leg);
      }
      case "snapshot":
        return this.takeSnapshot(body.calls, named);
    }
  }

  /** Takes in a view that a reply carried; a call without an object here is not followed. */
  takeReply(view: CallView): void {
    if (this.controllers.has(view.callId)) this.take(view);
  }

  /** Takes in one view. */
  take(view: CallView): void {
    if (!this.isKept(view)) this.advance(view.callId, apply(this.state, view));
  }

  /** Takes in what a side sends, as it is known past the server. */
  takeSettings(callId: string, side: Role, settings: MediaSettings): void {
    this.advance(callId, applySettings(this.state, callId, side, settings));
  }

  /** Ends a call by this device's own knowledge. */
  endHere(callId: string, result: EndResult, by?: Role): void {
    const durationMs = this.controllers.get(callId)?.duration() ?? 0;
    const ended = { result, at: Date.now(), durationMs, ...(by ? { by } : {}) };
    this.advance(callId, endHere(this.state, callId, ended));
  }

  /** The session is over: every call ends here, once, and all is forgotten. */
  clear(reason: CallError): void {
    const controllers = [...this.controllers.values()];
    for (const one of [...this.dials.waiting]) {
      one.failDial(DirectCallEndResult.DIAL_FAILED, reason);
    }
    this.dials.clear();
    for (const one of controllers) {
      if (one.isOver) continue;
      // Signing out declines nothing: the call may ring on at the person's other devices.
      if (one.isRingingHere) one.close(DirectCallEndResult.UNKNOWN, undefined);
      else {
        // The server may be out of reach, and a page that is closed cannot wait for it.
        one.media.tellEnd();
        one.close(resultOfEnding(one.view), one.view.myRole);
      }
      later(() => one.fire({ name: "onEnded" }));
    }
    this.controllers.clear();
    this.state = NO_CALLS;
  }

  /** The session is open again. */
  handleWelcome(isResumed: boolean): void {
    for (const one of this.controllers.values()) one.handleWelcome(isResumed);
  }

  /** The device may have another network. */
  networkChanged(): void {
    for (const one of this.controllers.values()) if (!one.isOver) one.media.networkChanged();
  }

  private takeSnapshot(views: readonly CallView[], named: readonly string[]): void {
    const mine = views.filter((view) => !this.isKept(view));
    // What is kept for a dial is not missing, though it is not taken in yet.
    const expected = named.filter((callId) => !this.dials.isAnswering(callId));
    const step = applySnapshot(this.state, mine, expected, Date.now());
    this.state = step.state;
    for (const { view, events } of step.changes) this.update(view, events);
  }

  /** A view for which the object that shall tell of it is still being dialled. */
  private isKept(view: CallView): boolean {
    if (!this.dials.isAnswering(view.callId) && this.state.calls.has(view.callId)) return false;
    return this.dials.keep(view);
  }

  /** A dial's object takes its place among the calls. */
  private enter(controller: Controller, view: CallView): void {
    this.controllers.set(view.callId, controller);
    if (!this.state.calls.has(view.callId)) {
      // Known from before its first version on, so that whatever it says is a change.
      this.state = apply(this.state, { ...asRinging(view), version: view.version - 1 }).state;
    }
  }

  /** Its dial is over: the application is told, then what happened since. */
  private settle(dialled: Controller, view: CallView, onBound: () => void): void {
    const kept = this.dials.takeKept(view.callId);
    const others = this.dials.remove(dialled);
    onBound();
    this.take(view);
    if (kept.view) this.take(kept.view);
    const one = this.controllers.get(view.callId);
    for (const { signal, leg } of kept.signals) one?.media.handleSignal(signal, leg);
    for (const other of others) this.take(other);
  }

  private advance(callId: string, step: Step): void {
    const before = this.state;
    this.state = step.state;
    const view = step.state.calls.get(callId);
    if (view && before !== step.state) this.update(view, step.events);
  }

  private update(view: CallView, events: readonly CallEvent[]): void {
    let one = this.controllers.get(view.callId);
    if (!one && events.some(({ name }) => name === "onRinging")) {
      one = new Controller(view, this.host);
      this.controllers.set(view.callId, one);
    }
    if (!one) return;
    one.setView(view);
    for (const event of events) {
      if (event.name !== "onRinging") one.fire(event);
      else if (this.listeners.ringing(one.call)) one.handleRung();
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

/** The call as it was when it began to ring, so that each later state is told. */
export function asRinging(view: CallView): CallView {
  const { ended: _, reach: __, ...rest } = view;
  return { ...rest, state: "ringing" };
}
