/** The record of an ended call, as applications read it. */

import { DirectCallUserRole, type Role } from "../../core/enums.js";
import { DirectCallUser } from "../../core/user.js";
import type { CallLogEntry, CallView } from "../../wire/protocol.js";

/** The documented fields of a log entry. */
export interface CallLog {
  /** The call's id. */
  readonly callId: string;
  /** Dialled with video. */
  readonly isVideoCall: boolean;
  /** When it was dialled, in Unix milliseconds. */
  readonly startedAt: number;
  /** When it ended, in Unix milliseconds. */
  readonly endedAt: number;
  /** Milliseconds from accept to end; 0 if it was never accepted. */
  readonly duration: number;
  /** Who dialled. */
  readonly caller: DirectCallUser;
  /** Who was dialled. */
  readonly callee: DirectCallUser;
  /** Who ended it; null when a time-out or a loss did. */
  readonly endedBy: DirectCallUser | null;
  /** How it ended, as a value of `DirectCallEndResult`. */
  readonly endResult: string;
  /** The application's own data about the call. */
  readonly customItems: { [key: string]: string };
  /** The signed-in user's side, under both names that applications read. */
  readonly userRole: string;
  readonly myRole: string;
  /** Whether it was read from the server's log. */
  readonly isFromServer: boolean;
}

/** The log entry of a call; null while it goes on. */
export function callLog(
  view: CallView,
  caller: DirectCallUser,
  callee: DirectCallUser,
): CallLog | null {
  if (!view.ended) return null;
  return {
    callId: view.callId,
    isVideoCall: view.isVideoCall,
    startedAt: view.startedAt,
    endedAt: view.ended.at,
    duration: view.ended.durationMs,
    caller,
    callee,
    endedBy: sideOf(view.ended.by, caller, callee),
    endResult: view.ended.result,
    customItems: { ...view.customItems },
    userRole: view.myRole,
    myRole: view.myRole,
    isFromServer: false,
  };
}

/** A log entry of the server. */
export function serverLog(entry: CallLogEntry): CallLog {
  const caller = new DirectCallUser(entry.caller, DirectCallUserRole.CALLER);
  const callee = new DirectCallUser(entry.callee, DirectCallUserRole.CALLEE);
  return {
    callId: entry.callId,
    isVideoCall: entry.isVideoCall,
    startedAt: entry.startedAt,
    endedAt: entry.endedAt,
    duration: entry.durationMs,
    caller,
    callee,
    endedBy: sideOf(entry.endedBy, caller, callee),
    endResult: entry.endResult,
    customItems: { ...entry.customItems },
    userRole: entry.myRole,
    myRole: entry.myRole,
    isFromServer: true,
  };
}

/** The user of a side; null for none. */
export function sideOf(
  side: Role | undefined,
  caller: DirectCallUser,
  callee: DirectCallUser,
): DirectCallUser | null {
  if (!side) return null;
  return side === DirectCallUserRole.CALLER ? caller : callee;
}
