/** Dials that wait for their answer, and what comes for them before it. */

import { DirectCallUserRole } from "../../core/enums.js";
import type { CallView, SignalFrom } from "../../wire/protocol.js";
import type { Controller } from "../direct-call/controller.js";

/** Views that may come before the answer to `dial`; more dials than a person makes. */
const MAX_KEPT_VIEWS = 16;
/** Negotiation state that may; each device that rings says one thing and waits. */
const MAX_KEPT_SIGNALS = 32;

/** What came for a call before its dial was answered. */
export interface Kept {
  readonly view: CallView | undefined;
  readonly signals: readonly SignalFrom[];
}

/** The dials. */
export class Dials {
  readonly waiting = new Set<Controller>();
  private readonly views = new Map<string, CallView>();
  private readonly answering = new Map<string, Controller>();
  private signals: SignalFrom[] = [];

  /** A dial begins to wait for its answer. */
  add(controller: Controller): void {
    this.waiting.add(controller);
  }

  /** A dial waits no longer; gives the calls that were kept from ringing because of it. */
  remove(controller: Controller): CallView[] {
    this.waiting.delete(controller);
    for (const [callId, one] of this.answering) {
      if (one === controller) this.answering.delete(callId);
    }
    if (this.waiting.size === 0) this.signals = [];
    const free: CallView[] = [];
    for (const [callId, view] of this.views) {
      if (this.answering.has(callId) || this.isAwaited(view)) continue;
      this.views.delete(callId);
      // An own call without an object belongs to a dial that is over: its owner ends it.
      if (view.myRole === DirectCallUserRole.CALLEE) free.push(view);
    }
    return free;
  }

  /** The server took a dial for the acceptance of this call: its views wait for the object. */
  beginAnswer(callId: string, controller: Controller): void {
    this.answering.set(callId, controller);
  }

  isAnswering(callId: string): boolean {
    return this.answering.has(callId);
  }

  /**
   * Keeps a view whose object waits for its answer; gives whether it does. One is an own call that
   * is not known yet. Another is a call of the one who is being dialled: the dial will most
   * likely turn out to be its acceptance, and then it never rings.
   */
  keep(view: CallView): boolean {
    const { callId } = view;
    const known = this.views.get(callId);
    const isAnswering = this.answering.has(callId);
    if (!known && !isAnswering && !this.isAwaited(view)) return false;
    const hasRoom = isAnswering || this.views.size < MAX_KEPT_VIEWS;
    if (known ? known.version <= view.version : hasRoom) this.views.set(callId, view);
    return true;
  }

  /** Keeps negotiation state of a call that has no object yet. */
  keepSignal(from: SignalFrom): void {
    if (this.waiting.size > 0 && this.signals.length < MAX_KEPT_SIGNALS) this.signals.push(from);
  }

  /** Hands out what was kept for a call whose dial is answered. */
  takeKept(callId: string): Kept {
    const view = this.views.get(callId);
    const signals = this.signals.filter((one) => one.callId === callId);
    this.views.delete(callId);
    this.answering.delete(callId);
    this.signals = this.signals.filter((one) => one.callId !== callId);
    return { view, signals };
  }

  clear(): void {
    this.waiting.clear();
    this.views.clear();
    this.answering.clear();
    this.signals = [];
  }

  private isAwaited(view: CallView): boolean {
    if (view.myRole === DirectCallUserRole.CALLER) return this.waiting.size > 0;
    if (view.state !== "ringing" && !this.views.has(view.callId)) return false;
    return [...this.waiting].some((one) => one.view.callee.userId === view.caller.userId);
  }
}
