/** The device-wide listeners of the application. */

import type { DirectCall } from "../direct-call/direct-call.js";
import { contain } from "../log.js";

/** What an application may listen to; every handler may be absent. */
export interface SendBirdCallListener {
  /** A call rings here; its `endResult` is set if it ended meanwhile. */
  onRinging?: ((call: DirectCall) => void) | null;
}

/** Listeners by the application's own id, which may be anything. */
export class Listeners {
  private readonly all = new Map<unknown, SendBirdCallListener>();

  add(id: unknown, listener: SendBirdCallListener): void {
    this.all.set(id, listener);
  }

  remove(id: unknown): void {
    this.all.delete(id);
  }

  clear(): void {
    this.all.clear();
  }

  /** Hands out a ring; one bad listener harms no other. Gives whether anybody was there. */
  ringing(call: DirectCall): boolean {
    let isHeard = false;
    for (const listener of [...this.all.values()]) {
      if (typeof listener?.onRinging !== "function") continue;
      isHeard = true;
      contain("onRinging", () => listener.onRinging?.(call));
    }
    return isHeard;
  }
}
