/** Views of calls for the tests. */

import type { CallView, UserView } from "../src/wire/protocol.js";

/** A user. */
export function user(userId: string): UserView {
  return { userId, nickname: "", profileUrl: "", isActive: true, metadata: {} };
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
    callerSettings: { audioEnabled: true, videoEnabled: true },
    calleeSettings: { audioEnabled: true, videoEnabled: true },
    startedAt: 1_000,
    ...changes,
  };
}

/** The same call, over. */
export function ended(version: number, result: string, changes: Partial<CallView> = {}): CallView {
  return view({ version, state: "ended", ended: { result, at: 2_000, durationMs: 0 }, ...changes });
}
