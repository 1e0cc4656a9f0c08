/** Gives the path's monitor its clock and its timer, and tells what it finds. */

import type { Role } from "../../core/enums.js";
import { PathMonitor, type PathEffect, type PathSign } from "../../core/path.js";

/** Watches the path of an answered call until it is stopped. */
export class PathWatch {
  private readonly monitor: PathMonitor;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isStopped = false;

  /** `act` is told every effect, in order. */
  constructor(
    role: Role,
    isEarly: boolean,
    private readonly act: (effect: PathEffect) => void,
  ) {
    this.monitor = new PathMonitor(role, isEarly, performance.now());
    this.arm();
  }

  /** The connection's state. */
  handleSign(sign: PathSign): void {
    this.follow(this.monitor.handleSign(sign, performance.now()));
  }

  /** The other side looks for a path. */
  handleAttemptSeen(): void {
    this.monitor.handleAttemptSeen(performance.now());
    this.follow([]);
  }

  /** The device may have another address. */
  handleNetworkChange(): void {
    this.follow(this.monitor.handleNetworkChange(performance.now()));
  }

  /** Nothing is told any more. */
  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private follow(effects: readonly PathEffect[]): void {
    for (const effect of effects) if (!this.isStopped) this.act(effect);
    this.arm();
  }

  private arm(): void {
    clearTimeout(this.timer);
    const at = this.monitor.wakeAt();
    if (this.isStopped || at === undefined) return;
    const tick = (): void => this.follow(this.monitor.handleTick(performance.now()));
    this.timer = setTimeout(tick, Math.max(0, at - performance.now()));
  }
}
