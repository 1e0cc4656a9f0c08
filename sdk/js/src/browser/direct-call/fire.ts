/** Calls the handlers of a call's object. */

import { contain } from "../log.js";
import type { ObjectEvent } from "./controller.js";
import type { DirectCall } from "./direct-call.js";

/** Runs the handler of an event, if the application has set one. */
export function fire(call: DirectCall, event: ObjectEvent): void {
  switch (event.name) {
    // The ring is the device's: its listeners are handed the object itself.
    case "onRinging":
      return;
    case "onUserHoldStatusChanged": {
      const handler = call.onUserHoldStatusChanged;
      if (typeof handler !== "function") return;
      const { isLocalUser, isUserOnHold } = event;
      return contain(event.name, () => handler(call, isLocalUser, isUserOnHold));
    }
    case "onCustomItemsUpdated":
    case "onCustomItemsDeleted": {
      const handler = call[event.name];
      if (typeof handler !== "function") return;
      return contain(event.name, () => handler(call, [...event.keys]));
    }
    case "onEstablished":
    case "onConnected":
    case "onEnded":
    case "onReconnecting":
    case "onReconnected":
    case "onRemoteAudioSettingsChanged":
    case "onRemoteVideoSettingsChanged":
    case "onReachChanged": {
      const handler = call[event.name];
      if (typeof handler === "function") contain(event.name, () => handler(call));
    }
  }
}
