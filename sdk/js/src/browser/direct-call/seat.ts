/** Where an application's call object stands: who drives it may change, the object does not. */

import type { Controller } from "./controller.js";
import { DirectCall } from "./direct-call.js";

/** One object and its driver. A dial that answers another's call moves over to that call. */
export class Seat {
  readonly call: DirectCall;

  constructor(public driver: Controller) {
    this.call = new DirectCall(() => this.driver);
  }
}
