/** Hold: a state of one side of a call. At most one call of a device should be active. */

import { invalidCallStatus } from "../../core/errors.js";
import type { Controller } from "./controller.js";

/** Puts a call on hold; one that is on hold already stays so. */
export async function hold(controller: Controller): Promise<void> {
  assertTakesPart(controller);
  controller.media.setHold(true);
}

/** Takes a call back; `force` puts the others that are active on hold first. */
export async function unhold(controller: Controller, force: boolean): Promise<void> {
  assertTakesPart(controller);
  if (!controller.media.settings.onHold) return;
  const { host } = controller;
  if (!force && host.othersActive(controller)) {
    throw invalidCallStatus("Another call is active: hold it first, or call unhold(true).");
  }
  host.holdOthers(controller);
  controller.media.setHold(false);
}

function assertTakesPart(controller: Controller): void {
  if (controller.isEnding) throw invalidCallStatus("The call is over.");
  if (controller.isRingingHere) throw invalidCallStatus("The call is not accepted yet.");
}
