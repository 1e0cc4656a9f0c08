/** A pretended network and machine for the real link: time that jumps, timers that are late. */

import { Link, type LinkOwner } from "../src/browser/link/link.js";
import type { Cancel, OpenSocket, Ports } from "../src/browser/link/ports.js";
import type { SocketEvents } from "../src/browser/link/socket.js";
import type { ClientMessage, EventBody, ServerMessage } from "../src/wire/protocol.js";
import { user } from "./views.js";

/** What the server does: a quiet connection is asked after the first, and closed by the second. */
const HEARTBEAT_INTERVAL_MS = 15_000;
const HEARTBEAT_TIMEOUT_MS = 10_000;
const ONE_WAY_MS = 20;

interface Job {
  at: number;
  readonly run: () => void;
  /** Timers and messages of the page the browser may hold back; the rest is the world's own. */
  readonly kind: "timer" | "message" | "world";
  readonly every?: number;
}

/** Time, in milliseconds; `run` lets it pass, `sleep` lets it pass by the wall clock alone. */
export class Machine {
  monotonic = 0;
  wall = 1_700_000_000_000;
  /** Timers of the page fire at multiples of this only; 0 for at once. */
  throttleMs = 0;
  /** A frozen page runs neither timers nor messages; they come when it thaws. */
  frozen = false;
  dice = 0.5;
  readonly jobs = new Set<Job>();
  readonly wakers = new Set<() => void>();

  run(ms: number): void {
    const end = this.monotonic + ms;
    for (;;) {
      const next = this.next();
      if (!next || this.due(next) > end) break;
      this.pass(this.due(next) - this.monotonic);
      if (next.every === undefined) this.jobs.delete(next);
      else next.at = this.monotonic + next.every;
      next.run();
    }
    this.pass(end - this.monotonic);
  }

  /** The lid is closed: the monotonic clock of many systems stands still. */
  sleep(ms: number): void {
    this.wall += ms;
  }

  wake(): void {
    for (const waker of this.wakers) waker();
  }

  add(ms: number, run: () => void, kind: Job["kind"], every?: number): Cancel {
    const at = this.monotonic + ms;
    const job: Job = every === undefined ? { at, run, kind } : { at, run, kind, every };
    this.jobs.add(job);
    return () => this.jobs.delete(job);
  }

  private pass(ms: number): void {
    this.monotonic += Math.max(0, ms);
    this.wall += Math.max(0, ms);
  }

  private due(job: Job): number {
    if (job.kind === "world") return job.at;
    if (this.frozen) return Infinity;
    const beat = job.kind === "timer" ? Math.max(1, this.throttleMs) : 1;
    const due = Math.ceil(job.at / beat) * beat;
    return Math.max(due, this.monotonic);
  }

  private next(): Job | undefined {
    let first: Job | undefined;
    for (const job of this.jobs) {
      if (!first || this.due(job) < this.due(first)) first = job;
    }
    return first;
  }
}

/** One connection as both ends see it. */
class Wire implements OpenSocket {
  private over = false;
  private pingedAt: number | undefined;
  private lastHeard: number;
  readonly said: ClientMessage[] = [];
  welcomed = false;

  constructor(
    private readonly net: Net,
    private readonly events: SocketEvents,
  ) {
    this.lastHeard = net.machine.monotonic;
    net.later(() => {
      if (net.down) this.endByServer(1006);
      else if (!net.hole && !this.over) events.onOpen();
    });
    this.watch();
  }

  send(message: ClientMessage): void {
    this.net.later(() => this.net.hole || this.over || this.hear(message));
  }

  close(): void {
    this.over = true;
  }

  tell(message: ServerMessage): void {
    this.net.later(() => {
      if (this.net.hole) return;
      const arrive = (): void => void (this.over || this.events.onMessage(message));
      this.net.machine.add(0, arrive, "message");
    });
  }

  endByServer(code: number): void {
    if (this.over) return;
    this.over = true;
    this.net.closed.push(code);
    if (!this.net.hole) this.events.onClose(code);
  }

  private hear(message: ClientMessage): void {
    this.said.push(message);
    this.lastHeard = this.net.machine.monotonic;
    this.pingedAt = undefined;
    if (message.type === "ping") this.tell({ type: "pong" });
    if (message.type === "request") {
      this.net.asked.push(message.id);
      this.tell({ type: "reply", id: message.id });
    }
    if (message.type !== "hello") return;
    const resumed = message.resume?.session === "s" && this.net.keepsSession;
    this.welcomed = true;
    const session = { version: 1, session: "s", resumed, heartbeatMs: 25_000 };
    this.tell({ type: "welcome", ...session, user: user("ann") });
    const missed = this.net.events.slice(message.resume?.lastEvent ?? 0);
    for (const event of missed) this.tell({ type: "event", ...event });
    if (this.net.sick) this.net.machine.add(2 * ONE_WAY_MS, () => this.endByServer(4500), "world");
  }

  private watch(): void {
    this.net.machine.add(1_000, () => {
      const now = this.net.machine.monotonic;
      if (this.net.patient) return;
      if (this.pingedAt !== undefined && now - this.pingedAt >= HEARTBEAT_TIMEOUT_MS) {
        return this.endByServer(4408);
      }
      if (this.pingedAt === undefined && now - this.lastHeard >= HEARTBEAT_INTERVAL_MS) {
        this.pingedAt = now;
        this.tell({ type: "ping" });
      }
      if (!this.over) this.watch();
    }, "world");
  }
}

/** The network with the server at its other end. */
export class Net {
  readonly wires: Wire[] = [];
  /** Codes of the connections that the server ended. */
  readonly closed: number[] = [];
  /** Ids of the requests that arrived. */
  readonly asked: number[] = [];
  /** When attempts were made. */
  readonly attempts: number[] = [];
  readonly events: { number: number; body: EventBody }[] = [];
  /** Nothing arrives, and nobody is told. */
  hole = false;
  /** Attempts are refused. */
  down = false;
  keepsSession = true;
  /** The server asks for no sign of life and ends nothing by itself. */
  patient = false;
  /** The server welcomes and fails right after. */
  sick = false;

  constructor(readonly machine: Machine) {}

  /** The newest connection. */
  get wire(): Wire {
    const wire = this.wires.at(-1);
    if (!wire) throw new Error("nothing was opened");
    return wire;
  }

  later(run: () => void): void {
    this.machine.add(ONE_WAY_MS, run, "world");
  }

  /** The server has news; a dead wire loses them, a resume repeats them. */
  tell(body: EventBody): void {
    const event = { number: this.events.length + 1, body };
    this.events.push(event);
    this.wire.tell({ type: "event", ...event });
  }

  open(events: SocketEvents): OpenSocket {
    this.attempts.push(this.machine.monotonic);
    const wire = new Wire(this, events);
    this.wires.push(wire);
    return wire;
  }
}

/** One signed-in device on its machine. */
export class LinkWorld {
  readonly machine = new Machine();
  readonly net = new Net(this.machine);
  readonly seen: EventBody[] = [];
  readonly over: string[] = [];
  welcomes = 0;
  readonly link: Link;

  constructor() {
    const { machine, net } = this;
    const owner: LinkOwner = {
      sessionKey: () => "key",
      knownCalls: () => [],
      onWelcome: () => void this.welcomes++,
      onEvent: (body) => void this.seen.push(body),
      onSessionOver: (message) => void this.over.push(message),
    };
    const ports: Ports = {
      now: () => ({ monotonic: machine.monotonic, wall: machine.wall }),
      dice: () => machine.dice,
      after: (ms, run) => machine.add(ms, run, "timer"),
      every: (ms, run) => machine.add(ms, run, "timer", ms),
      onWake: (run) => {
        machine.wakers.add(run);
        return () => machine.wakers.delete(run);
      },
      openSocket: (_url, events) => net.open(events),
    };
    this.link = new Link("ws://server", owner, ports);
  }

  /** Connected and welcomed. */
  static connected(): LinkWorld {
    const world = new LinkWorld();
    void world.link.start();
    world.machine.run(1_000);
    if (!world.link.open) throw new Error("the link did not open");
    return world;
  }
}
