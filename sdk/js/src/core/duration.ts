/** The running duration of a call, from what the server said and a monotonic clock. */

import type { CallView } from "../wire/protocol.js";

/**
 * Milliseconds from accept to now, or to the end. `receivedAt` and `now` are readings of one
 * monotonic clock: the wall clock may jump and never enters.
 */
export function durationMs(view: CallView, receivedAt: number, now: number): number {
  if (view.ended) return view.ended.durationMs;
  if (view.elapsedMs === undefined) return 0;
  return Math.max(0, Math.round(view.elapsedMs + Math.max(0, now - receivedAt)));
}
