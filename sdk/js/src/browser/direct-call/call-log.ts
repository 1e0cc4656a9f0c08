/** The record of an ended call, as applications read it. */

import type { CallView } from "../../wire/protocol.js";
import type { DirectCallUser } from "../../core/user.js";

/** The documented fields of a log entry. */
export interface CallLog {
  readonly callId: string;
  readonly isVideoCall: boolean;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly duration: number;
  readonly caller: DirectCallUser;
  readonly callee: DirectCallUser;
  readonly endedBy: DirectCallUser | null;
  readonly endResult: string;
  readonly customItems: { [key: string]: string };
  readonly userRole: string;
  readonly myRole: string;
  readonly isFromServer: boolean;
}

/** The log entry of a call; null while it goes on. */
export function callLog(
  view: CallView,
  caller: DirectCallUser,
  callee: DirectCallUser,
): CallLog | null {
  if (!view.ended) return null;
  const { by } = view.ended;
  return {
    callId: view.callId,
    isVideoCall: view.isVideoCall,
    startedAt: view.startedAt,
    endedAt: view.ended.at,
    duration: view.ended.durationMs,
    caller,
    callee,
    endedBy: by ? (by === "dc_caller" ? caller : callee) : null,
    endResult: view.ended.result,
    customItems: { ...view.customItems },
    userRole: view.myRole,
    myRole: view.myRole,
    isFromServer: false,
  };
}
