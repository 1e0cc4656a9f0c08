/** What the link needs of its surroundings: clocks, timers, dice, signs of waking, sockets. */

import type { Moment } from "../../core/liveness.js";
import type { ClientMessage } from "../../wire/protocol.js";
import { Socket, type SocketEvents } from "./socket.js";

/** Stops a timer or a subscription. */
export type Cancel = () => void;

/** The surroundings; a test gives pretended ones. */
export interface Ports {
  now(): Moment;
  /** In [0, 1). */
  dice(): number;
  after(ms: number, run: () => void): Cancel;
  every(ms: number, run: () => void): Cancel;
  /** Tells when the page, the machine or the network comes back, or the network is another one. */
  onWake(run: () => void): Cancel;
  openSocket(url: string, events: SocketEvents): OpenSocket;
}

/** A connection, as the link uses it. */
export interface OpenSocket {
  send(message: ClientMessage): void;
  close(): void;
}

/** The browser's, or as much of them as there is: Node has no page. */
export const browserPorts: Ports = {
  now: () => ({ monotonic: performance.now(), wall: Date.now() }),
  dice: () => Math.random(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  every: (ms, run) => {
    const timer = setInterval(run, ms);
    return () => clearInterval(timer);
  },
  onWake,
  openSocket: (url, events) => new Socket(url, events),
};

function onWake(run: () => void): Cancel {
  const page = globalThis.document;
  const runIfVisible = (): void => {
    if (page.visibilityState !== "hidden") run();
  };
  const { connection } = (globalThis.navigator ?? {}) as { connection?: EventTarget };
  const cancels = [
    // A hidden page is tested too when the network returns: calls have to ring there.
    listen(globalThis, "online", run),
    listen(globalThis, "pageshow", run),
    listen(page, "visibilitychange", runIfVisible),
    listen(page, "resume", run),
    listen(connection, "change", run),
  ];
  return () => cancels.forEach((cancel) => cancel());
}

function listen(target: Partial<EventTarget> | undefined, name: string, run: () => void): Cancel {
  target?.addEventListener?.(name, run);
  return () => target?.removeEventListener?.(name, run);
}
