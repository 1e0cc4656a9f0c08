/** Whether a connection still lives: when to ask it for a sign of life, when to give it up. */

/** How often the link looks. A background page's timers are slower, down to once a minute. */
export const TICK_MS = 1_000;
/** A connection that is not welcomed within this time is given up. */
export const WELCOME_LIMIT_MS = 15_000;
/** Silence for this long after a question means that the connection is dead. */
export const PONG_LIMIT_MS = 10_000;
/**
 * The same after the machine slept or the network changed, when the connection is under suspicion
 * and somebody may be waiting. Lower would give up good connections over slow mobile networks.
 */
export const WOKEN_LIMIT_MS = 4_000;
/** A tick that comes this late tells that the machine slept, or that timers are throttled. */
export const LATE_TICK_MS = 5_000;
/**
 * The most that one tick adds to a wait. Time in which this page did not run proves nothing: the
 * answer may lie in the queue behind the tick. So a wait ends after some ticks, never by one.
 */
const COUNTED_MS = 2_000;

/** What the link shall do. */
export type Verdict = "well" | "ask" | "dead" | "retry";

/**
 * ```text
 * idle ── handleOpening ──> opening ── handleWelcome ──> quiet ── heartbeat passed ──> asked
 *   ^                          │                           │ ^                           │
 *   │                          │                  late or woken └──── anything heard ────┤
 *   │                          │                           v                             │
 *   └──────── handleLost ──────┴──────────────────────── woken <──── late or woken ──────┘
 * ```
 */
type Phase = "idle" | "opening" | "quiet" | "asked" | "woken";

/** A moment by two clocks: the monotonic one may stand still while the machine sleeps. */
export interface Moment {
  readonly monotonic: number;
  readonly wall: number;
}

/** One link's judgement of its connection. It decides; the link does. */
export class Liveness {
  private phase: Phase = "idle";
  /** Milliseconds waited in this phase, as far as they count. */
  private waited = 0;
  /** How long this phase may last. */
  private limit = Infinity;
  private heartbeatMs = 30_000;
  private last: Moment;

  constructor(now: Moment) {
    this.last = now;
  }

  /** A connection is being opened. */
  handleOpening(): void {
    this.enter("opening", WELCOME_LIMIT_MS);
  }

  /** The session is open; the server is heard at least every `heartbeatMs`. */
  handleWelcome(heartbeatMs: number): void {
    this.heartbeatMs = heartbeatMs;
    this.enter("quiet", heartbeatMs);
  }

  /** There is no connection; the link waits for its next attempt. */
  handleLost(): void {
    this.enter("idle", Infinity);
  }

  /** Something came over the connection. */
  handleHeard(): void {
    switch (this.phase) {
      case "quiet":
      case "asked":
      case "woken":
        return this.enter("quiet", this.heartbeatMs);
      case "idle":
      case "opening":
        return;
    }
  }

  /** The timer of the link. */
  handleTick(now: Moment): Verdict {
    const isLate = this.look(now) >= LATE_TICK_MS;
    const isOver = this.waited >= this.limit;
    switch (this.phase) {
      case "idle":
        if (isOver) return "retry";
        return isLate ? this.suspect(isLate) : "well";
      case "opening":
      case "woken":
        if (isOver) return "dead";
        return isLate && this.phase === "opening" ? this.suspect(isLate) : "well";
      case "asked":
        if (isLate) return this.suspect(isLate);
        return isOver ? "dead" : "well";
      case "quiet":
        if (isLate) return this.suspect(isLate);
        if (!isOver) return "well";
        this.enter("asked", PONG_LIMIT_MS);
        return "ask";
    }
  }

  /**
   * The page, the machine or the network came back. Some browsers say so every few seconds, so
   * such news shorten the wait for the next attempt to a tick at the least.
   */
  handleWake(now: Moment): Verdict {
    const slept = this.look(now) >= LATE_TICK_MS;
    // Several such events come together; only the first of them starts the wait.
    if (this.phase === "woken" && !slept) return "well";
    return this.suspect(slept);
  }

  private suspect(slept: boolean): Verdict {
    switch (this.phase) {
      case "idle":
        if (slept || this.waited >= TICK_MS) return "retry";
        // An attempt failed just before the news, as without a network; the next is a tick away.
        this.limit = TICK_MS;
        return "well";
      case "opening":
        this.limit = Math.min(this.limit, this.waited + WOKEN_LIMIT_MS);
        return "well";
      case "quiet":
      case "asked":
      case "woken":
        this.enter("woken", WOKEN_LIMIT_MS);
        return "ask";
    }
  }

  private enter(phase: Phase, limit: number): void {
    this.phase = phase;
    this.limit = limit;
    this.waited = 0;
  }

  /** Counts the time since the last look, and gives it, by the clock that saw more of it. */
  private look(now: Moment): number {
    const { last } = this;
    this.last = now;
    const gap = Math.max(0, now.monotonic - last.monotonic, now.wall - last.wall);
    this.waited += Math.min(gap, COUNTED_MS);
    return gap;
  }
}
