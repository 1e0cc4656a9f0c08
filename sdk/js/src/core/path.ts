/** The media path of an answered call: when it is down, what mends it, when it is given up. */

import { DirectCallUserRole, type Role } from "./enums.js";

/** What the browser says of the connection; a closed one says nothing. */
export type PathSign = "connecting" | "connected" | "disconnected" | "failed";

/** What follows; `restart` and `renew` are attempts to mend it. */
export type PathEffect =
  /** Up for the first time. */
  | "up"
  /** An outage, to be told; `up_again` or `failed` follows, or the end of the call. */
  | "down"
  | "up_again"
  /** Given up, for good. */
  | "failed"
  /** Look for a new path on the same connection. */
  | "restart"
  /** Look for one on a fresh connection, which has other candidates to offer. */
  | "renew";

/**
 * A loss is told after this time. The browser has heard nothing for some seconds when it says
 * `disconnected`, and takes it back soon if a single check was late; shorter would show people
 * flickers, longer would keep them talking to nobody.
 */
export const FLICKER_MS = 1_000;
/** A path that is down for this long since its loss is given up. */
export const DOWN_LIMIT_MS = 30_000;
/** An early path that is not up this long after the answer is tried on a fresh connection. */
export const EARLY_LIMIT_MS = 1_500;
/** The callee tries by itself when the caller, who may not know, tried nothing for this long. */
export const CALLEE_PATIENCE_MS = 2_000;
/** One attempt is given this long; shorter would break off the checks of a slow network. */
export const ATTEMPT_MS = 4_000;
/** Changes of the network come in swarms; attempts for them keep this distance. */
export const CHANGE_PAUSE_MS = 1_000;

type State =
  | { readonly name: "connecting" }
  | { readonly name: "up" }
  | { readonly name: "shaky"; readonly since: number }
  | { readonly name: "down"; readonly since: number }
  | { readonly name: "given_up" };

/**
 * ```text
 * connecting --connected--> up --any other--> shaky --1 s, or failed--> down --30 s--> given_up
 *                            ^<-- connected ----'                        |
 *                            ^<-- connected -----------------------------'
 * ```
 * All times are milliseconds of one monotonic clock. Each `handle*` gives what is due at its time;
 * `handleTick` is due at `wakeAt`.
 */
export class PathMonitor {
  private state: State = { name: "connecting" };
  private lastAttempt = -Infinity;
  private nextAttempt: number | undefined;
  private renewsFirst: boolean;

  /** `isEarly`: the two sides began to look for the path while it rang. */
  constructor(
    private readonly role: Role,
    isEarly: boolean,
    now: number,
  ) {
    this.renewsFirst = isEarly && role === DirectCallUserRole.CALLER;
    this.nextAttempt = now + (this.renewsFirst ? EARLY_LIMIT_MS : ATTEMPT_MS);
    if (role === DirectCallUserRole.CALLEE) this.nextAttempt += CALLEE_PATIENCE_MS;
  }

  /** Whether an outage was told and has no end yet. */
  get isDown(): boolean {
    return this.state.name === "down";
  }

  /** When `handleTick` is due. */
  wakeAt(): number | undefined {
    const times = [this.nextAttempt, this.limit()].filter((time) => time !== undefined);
    return times.length > 0 ? Math.min(...times) : undefined;
  }

  /** The browser's word. */
  handleSign(sign: PathSign, now: number): PathEffect[] {
    const effects = sign === "connected" ? this.handleUp() : this.handleLoss(sign, now);
    return [...effects, ...this.handleTick(now)];
  }

  /** A new description of the other side came: it tries, and by answering so does this side. */
  handleAttemptSeen(now: number): void {
    this.lastAttempt = now;
    if (this.state.name === "up") this.nextAttempt = undefined;
    else if (this.nextAttempt !== undefined) this.nextAttempt = now + ATTEMPT_MS;
  }

  /** This device may have another address; only it knows, so either side acts. */
  handleNetworkChange(now: number): PathEffect[] {
    if (this.state.name === "given_up") return [];
    const soonest = Math.max(now, this.lastAttempt + CHANGE_PAUSE_MS);
    this.nextAttempt = Math.min(this.nextAttempt ?? Infinity, soonest);
    return this.handleTick(now);
  }

  /** Time has passed. */
  handleTick(now: number): PathEffect[] {
    const effects: PathEffect[] = [];
    const limit = this.limit();
    if (limit !== undefined && now >= limit) {
      // Time in which the page did not run, as in a sleep, is no outage that anybody tried to mend.
      if (this.state.name === "shaky") effects.push(...this.goDown(now - FLICKER_MS, now));
      else effects.push(this.giveUp());
    }
    if (this.nextAttempt !== undefined && now >= this.nextAttempt) effects.push(this.attempt(now));
    return effects;
  }

  private handleUp(): PathEffect[] {
    const { state } = this;
    if (state.name === "given_up") return [];
    this.state = { name: "up" };
    this.renewsFirst = false;
    this.nextAttempt = undefined;
    switch (state.name) {
      case "connecting":
        return ["up"];
      case "up":
      case "shaky":
        return [];
      case "down":
        return ["up_again"];
    }
  }

  private handleLoss(sign: Exclude<PathSign, "connected">, now: number): PathEffect[] {
    const { state } = this;
    switch (state.name) {
      case "connecting":
        if (sign === "failed") this.hurry(now);
        return [];
      case "up":
        if (sign === "failed") return this.goDown(now, now);
        this.state = { name: "shaky", since: now };
        return [];
      case "shaky":
        return sign === "failed" ? this.goDown(state.since, now) : [];
      case "down":
        if (sign === "failed") this.hurry(now);
        return [];
      case "given_up":
        return [];
    }
  }

  private goDown(since: number, now: number): PathEffect[] {
    this.state = { name: "down", since };
    this.hurry(now);
    return ["down"];
  }

  /** An attempt is due now, for the callee after its patience; unless one is being made. */
  private hurry(now: number): void {
    const patience = this.role === DirectCallUserRole.CALLEE ? CALLEE_PATIENCE_MS : 0;
    const soonest = Math.max(now + patience, this.lastAttempt + ATTEMPT_MS);
    this.nextAttempt = Math.min(this.nextAttempt ?? Infinity, soonest);
  }

  private attempt(now: number): PathEffect {
    this.lastAttempt = now;
    // A path that is up needs none but for a change of the network.
    this.nextAttempt = this.state.name === "up" ? undefined : now + ATTEMPT_MS;
    const effect = this.renewsFirst ? "renew" : "restart";
    this.renewsFirst = false;
    return effect;
  }

  private giveUp(): PathEffect {
    this.state = { name: "given_up" };
    this.nextAttempt = undefined;
    return "failed";
  }

  /** When patience with the present state ends. */
  private limit(): number | undefined {
    switch (this.state.name) {
      case "connecting":
      case "up":
      case "given_up":
        return undefined;
      case "shaky":
        return this.state.since + FLICKER_MS;
      case "down":
        return this.state.since + DOWN_LIMIT_MS;
    }
  }
}
