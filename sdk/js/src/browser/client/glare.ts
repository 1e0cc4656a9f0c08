/** Glare: two users dial each other, and the later dial is the acceptance of the earlier call. */

import type { CallView } from "../../wire/protocol.js";
import type { CallHost } from "../direct-call/call-host.js";
import { Controller } from "../direct-call/controller.js";
import { asRinging, type CallBook } from "./call-book.js";

/**
 * Who drives the dialled object from here on, as the callee's side of the call that its dial
 * answered. What rang here for that call has its media path prepared already, so it goes on and
 * only takes over what the person wants. Without such a one the dial's own media serves, unless it
 * was made for an audio call and the call has video.
 */
export function findHeir(
  book: CallBook,
  host: CallHost,
  dialled: Controller,
  view: CallView,
): Controller {
  book.dials.beginAnswer(view.callId, dialled);
  const rang = book.controller(view.callId);
  const isLacking = view.isVideoCall && !dialled.media.isVideoCall;
  const heir = rang ?? (isLacking ? new Controller(asRinging(view), host) : dialled);
  if (heir === dialled) {
    if (!view.isVideoCall) heir.media.becomeAudioCall();
    heir.know(asRinging(view));
  } else {
    heir.takeSettings(dialled);
  }
  heir.beginAccept();
  return heir;
}
