/** What one call asks of the client around it. */

import type { EndResult, Role } from "../../core/enums.js";
import type { CallView, MediaSettings, Reply, Verb } from "../../wire/protocol.js";
import type { Controller } from "./controller.js";

/** The client, as a call sees it. */
export interface CallHost {
  /** Asks the server, for as long as it takes. */
  request(body: Verb): Promise<Reply>;
  /**
   * Asks the server for something that a person waits for: fails with the server's refusal, or
   * with 1800203 or 1800204 when no answer comes in time.
   */
  ask(body: Verb): Promise<Reply>;
  /** Asks if the connection is open, and keeps nothing. */
  oneShot(body: Verb): void;
  /** Takes in a view that a reply carried; one of a call without an object here is left alone. */
  take(view: CallView): void;
  /** Takes in what a side sends, as it is known past the server. */
  takeSettings(callId: string, side: Role, settings: MediaSettings): void;
  /** Ends the call by this device's own knowledge. */
  endHere(callId: string, result: EndResult, by?: Role): void;
  /** The call as it is known here; undefined if this device has no object for it. */
  known(callId: string): CallView | undefined;
  /** Whether another call of this device is active: taking part, and not on hold. */
  othersActive(than: Controller): boolean;
  /** Puts every other active call on hold. */
  holdOthers(than: Controller): void;
}
