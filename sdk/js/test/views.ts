/** Views of calls for the tests. */

import type { CallEvent } from "../src/core/calls.js";
import type { CallView, MediaSettings, UserView } from "../src/wire/protocol.js";

/** A user. */
export function user(userId: string): UserView {
  return { userId, nickname: "", profileUrl: "", isActive: true, metadata: {} };
}

/** What a side sends: all of it at the start, with changes. */
export function settings(changes: Partial<MediaSettings> = {}): MediaSettings {
  return { audioEnabled: true, videoEnabled: true, onHold: false, revision: 0, ...changes };
}

/** An event in one line, as the vectors write it: `onUserHoldStatusChanged remote on`. */
export function line(event: CallEvent): string {
  if (event.name === "onUserHoldStatusChanged") {
    const whose = event.isLocalUser ? "local" : "remote";
    return `${event.name} ${whose} ${event.isUserOnHold ? "on" : "off"}`;
  }
  return "keys" in event ? `${event.name} ${event.keys.join(",")}` : event.name;
}

/** A call of ann to ben that rings at ben's, with changes. */
export function view(changes: Partial<CallView> = {}): CallView {
  return {
    callId: "call-1",
    version: 1,
    state: "ringing",
    isVideoCall: true,
    caller: user("ann"),
    callee: user("ben"),
    myRole: "dc_callee",
    customItems: {},
    callerSettings: settings(),
    calleeSettings: settings(),
    calleeCandidates: "early",
    startedAt: 1_000,
    ...changes,
  };
}

/** The same call, over. */
export function ended(version: number, result: string, changes: Partial<CallView> = {}): CallView {
  return view({ version, state: "ended", ended: { result, at: 2_000, durationMs: 0 }, ...changes });
}
