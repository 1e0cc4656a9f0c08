/** How long to wait before the next attempt to reach the server. */

/** The documented interval; shorter would stampede a restarting server, longer be felt. */
export const FIRST_DELAY_MS = 2_000;
/** The longest wait; longer would leave a device unringable after an outage. */
export const LONGEST_DELAY_MS = 30_000;
/** The longest base. The spread comes after the cap, else half the devices would share one wait. */
const LONGEST_BASE_MS = LONGEST_DELAY_MS / 1.5;

/**
 * The wait before attempt `attempt` (0 is the first after a loss). `dice` is in [0, 1) and spreads
 * the devices over half to one and a half times the base.
 */
export function backoffMs(attempt: number, dice: number): number {
  const base = Math.min(LONGEST_BASE_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 10));
  return Math.round(base * (0.5 + dice));
}

/**
 * The wait that a `goodbye` asks for: its time, plus a random part as long as that or as the
 * documented interval. A server that asks for a short pause shall not be met by all at once.
 */
export function goodbyeMs(retryAfterMs: number, dice: number): number {
  const asked = Math.min(LONGEST_DELAY_MS, Math.max(0, retryAfterMs));
  return Math.round(asked + Math.max(asked, FIRST_DELAY_MS) * dice);
}
