/** What a change of a call's view means to the application: its events, from two views. */

import type { CallView, MediaSettings, Reach } from "../wire/protocol.js";
import { DirectCallUserRole, type Role } from "./enums.js";

/** Events that say no more than that they happened. */
export type PlainEvent =
  | "onRinging"
  | "onEstablished"
  | "onConnected"
  | "onEnded"
  | "onRemoteAudioSettingsChanged"
  | "onRemoteVideoSettingsChanged"
  | "onReachChanged";

/** An event of the application, with what its handler is told beside the call. */
export type CallEvent =
  | { readonly name: PlainEvent }
  | {
      readonly name: "onUserHoldStatusChanged";
      readonly isLocalUser: boolean;
      readonly isUserOnHold: boolean;
    }
  | {
      readonly name: "onCustomItemsUpdated" | "onCustomItemsDeleted";
      readonly keys: readonly string[];
    };

/** What the ring has reached before the server said anything of it. */
export const NO_REACH: Reach = { devices: 0, pushes: 0 };

/**
 * A call seen for the first time. One that is over already never rings; only its caller, who
 * holds an object for it since `dial`, is told of the end.
 */
export function firstEvents(view: CallView): CallEvent[] {
  const isCaller = view.myRole === DirectCallUserRole.CALLER;
  switch (view.state) {
    case "ringing":
      if (!isCaller) return [{ name: "onRinging" }];
      return reachEvents({ ...view, reach: NO_REACH }, view.reach);
    case "established":
      return [{ name: "onEstablished" }];
    case "connected":
      return [{ name: "onEstablished" }, { name: "onConnected" }];
    case "ended":
      return isCaller ? [{ name: "onEnded" }] : [];
  }
}

/** What the application is told when a known call changes. An end is told last, and once. */
export function changeEvents(known: CallView, next: CallView): CallEvent[] {
  const items = itemEvents(known.customItems, next.customItems);
  if (known.state === "ended") return items;
  if (next.state === "ended") return [...items, { name: "onEnded" }];
  const events: CallEvent[] = [];
  if (known.state === "ringing" && next.state !== "ringing") {
    events.push({ name: "onEstablished" });
  }
  if (known.state !== "connected" && next.state === "connected") {
    events.push({ name: "onConnected" });
  }
  return [
    ...events,
    ...settingsEvents(known, next),
    ...items,
    ...reachEvents(known, next.reach),
  ];
}

/** What changed in the sides' settings. */
export function settingsEvents(known: CallView, next: CallView): CallEvent[] {
  const events = sideEvents(
    next.myRole === DirectCallUserRole.CALLER,
    known.callerSettings,
    next.callerSettings,
  );
  // The callee's settings mean nothing before the accept, so they are compared from there on.
  if (known.state === "ringing") return events;
  const isLocalUser = next.myRole === DirectCallUserRole.CALLEE;
  return [...events, ...sideEvents(isLocalUser, known.calleeSettings, next.calleeSettings)];
}

/** How far the ring has reached, when that changed: for the caller; an absent one says nothing. */
export function reachEvents(known: CallView, next: Reach | undefined): CallEvent[] {
  const { devices, pushes } = known.reach ?? NO_REACH;
  if (known.myRole !== DirectCallUserRole.CALLER || !next) return [];
  if (next.devices === devices && next.pushes === pushes) return [];
  return [{ name: "onReachChanged" }];
}

/** What one side of a call sends. */
export function settingsOf(view: CallView, side: Role): MediaSettings {
  return side === DirectCallUserRole.CALLER ? view.callerSettings : view.calleeSettings;
}

function sideEvents(isLocal: boolean, known: MediaSettings, next: MediaSettings): CallEvent[] {
  const events: CallEvent[] = [];
  if (!isLocal && known.audioEnabled !== next.audioEnabled) {
    events.push({ name: "onRemoteAudioSettingsChanged" });
  }
  if (!isLocal && known.videoEnabled !== next.videoEnabled) {
    events.push({ name: "onRemoteVideoSettingsChanged" });
  }
  if (known.onHold !== next.onHold) {
    const { onHold: isUserOnHold } = next;
    events.push({ name: "onUserHoldStatusChanged", isLocalUser: isLocal, isUserOnHold });
  }
  return events;
}

type Items = { readonly [key: string]: string };

function itemEvents(known: Items, next: Items): CallEvent[] {
  const updated = Object.keys(next).filter((key) => own(known, key) !== next[key]);
  const deleted = Object.keys(known).filter((key) => own(next, key) === undefined);
  const events: CallEvent[] = [];
  if (updated.length > 0) events.push({ name: "onCustomItemsUpdated", keys: updated });
  if (deleted.length > 0) events.push({ name: "onCustomItemsDeleted", keys: deleted });
  return events;
}

/** A key may be `toString`: what objects inherit is no item. */
function own(items: Items, key: string): string | undefined {
  return Object.prototype.hasOwnProperty.call(items, key) ? items[key] : undefined;
}
