/** Keeps the device connected: reconnects, heartbeats, requests with their answers. */

import { backoffMs, goodbyeMs } from "../../core/backoff.js";
import { CallError, ErrorCode } from "../../core/errors.js";
import { Session } from "../../core/session.js";
import type {
  ClientMessage,
  EventBody,
  Reply,
  ServerMessage,
  Verb,
  Welcome,
} from "../../wire/protocol.js";
import { logInfo, logWarning } from "../log.js";
import { deferred, type Deferred } from "../quiet-promise.js";
import { Socket } from "./socket.js";

/** What the link asks of and tells its owner. */
export interface LinkOwner {
  /** The key for the next `hello`. */
  sessionKey(): string;
  /** The calls believed to be alive, for the next `hello`. */
  knownCalls(): string[];
  onWelcome(welcome: Welcome): void;
  onEvent(body: EventBody, named: readonly string[]): void;
  /** The server ended the session; the link has stopped. */
  onSessionOver(message: string): void;
}

/** After a `ping`, silence for this long means that the connection is dead. */
const PONG_LIMIT_MS = 10_000;
/** A connection that is not welcomed within this time is given up. */
const WELCOME_LIMIT_MS = 15_000;
/** Close codes after which coming back is of no use, with what the application is told. */
const FINAL_CODES: Record<number, string> = {
  4401: "The session is no longer valid; authenticate again.",
  4410: "The session was ended: signed out elsewhere, user removed or token revoked.",
  4426: "The server does not speak this SDK's protocol version; update the SDK.",
};

/** The connection of one signed-in device. */
export class Link {
  private readonly session = new Session();
  private readonly replies = new Map<number, Deferred<Reply>>();
  private socket: Socket | undefined;
  private welcomed: Deferred<void> = deferred();
  private isOpen = false;
  private running = false;
  private attempt = 0;
  private named: string[] = [];
  private heartbeatMs = 30_000;
  private lastHeard = 0;
  private pingSentAt: number | undefined;
  private goodbyeDelay: number | undefined;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private watchTimer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly url: string,
    private readonly owner: LinkOwner,
  ) {}

  /** Connects, and stays connected until `stop`. Resolves when the session is open. */
  start(): Promise<void> {
    if (!this.running) {
      this.running = true;
      globalThis.addEventListener?.("online", this.checkNow);
      globalThis.document?.addEventListener("visibilitychange", this.checkNow);
      this.connect();
    }
    return this.welcomed.promise;
  }

  /** Whether the session is open at this moment. */
  get open(): boolean {
    return this.isOpen;
  }

  /** Ends the connection; all that waits fails with `reason`. */
  stop(reason: CallError): void {
    this.running = false;
    this.drop();
    clearTimeout(this.retryTimer);
    globalThis.removeEventListener?.("online", this.checkNow);
    globalThis.document?.removeEventListener("visibilitychange", this.checkNow);
    this.session.clear();
    for (const reply of this.replies.values()) reply.reject(reason);
    this.replies.clear();
    this.welcomed.reject(reason);
  }

  /** Asks the server; survives reconnects. */
  request(body: Verb): Promise<Reply> {
    const answer = deferred<Reply>();
    const request = this.running ? this.session.request(body) : undefined;
    if (!request) {
      const text = this.running
        ? "Too many requests wait for the server."
        : "There is no session any more.";
      answer.reject(new CallError(ErrorCode.WS_NOT_CONNECTED, text));
      return answer.promise;
    }
    this.replies.set(request.id, answer);
    if (this.isOpen) this.socket?.send({ type: "request", ...request });
    return answer.promise;
  }

  /** Asks if the session is open, and keeps nothing. */
  oneShot(body: Verb): void {
    if (!this.isOpen) return;
    this.socket?.send({ type: "request", ...this.session.oneShot(body) });
  }

  private connect(): void {
    clearTimeout(this.retryTimer);
    this.drop();
    this.lastHeard = performance.now();
    this.socket = new Socket(this.url, {
      onOpen: () => {
        this.named = this.owner.knownCalls();
        this.send(this.session.hello(this.owner.sessionKey(), this.named));
      },
      onMessage: (message) => this.handleMessage(message),
      onClose: (code) => this.handleClose(code),
    });
    this.watchTimer = setInterval(() => this.watch(), 1_000);
  }

  private drop(): void {
    clearInterval(this.watchTimer);
    this.socket?.close();
    this.socket = undefined;
    this.pingSentAt = undefined;
    if (this.isOpen) this.welcomed = deferred();
    this.isOpen = false;
  }

  private reconnectIn(delay: number): void {
    if (!this.running) return;
    this.drop();
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => this.connect(), delay);
  }

  private send(message: ClientMessage): void {
    this.socket?.send(message);
  }

  private handleMessage(message: ServerMessage): void {
    this.lastHeard = performance.now();
    this.pingSentAt = undefined;
    switch (message.type) {
      case "welcome":
        return this.handleWelcome(message);
      case "reply":
        return this.handleReply(message);
      case "event": {
        const verdict = this.session.handleEvent(message);
        if (verdict === "gap") return this.reconnectIn(0);
        if (verdict === "handle") this.owner.onEvent(message.body, this.named);
        return this.send(this.session.ack());
      }
      case "ping":
        // Answered here and not by a timer: a background tab's timers are throttled, its messages
        // are not.
        return this.send({ type: "pong" });
      case "pong":
        return;
      case "goodbye":
        this.goodbyeDelay = goodbyeMs(message.retryAfterMs, Math.random());
        return;
      case "error":
        return logWarning(`the server refused a message: ${message.error.message}`);
    }
  }

  private handleWelcome(welcome: Welcome): void {
    this.isOpen = true;
    this.attempt = 0;
    this.heartbeatMs = welcome.heartbeatMs;
    for (const request of this.session.handleWelcome(welcome)) {
      this.send({ type: "request", ...request });
    }
    logInfo(welcome.resumed ? "reconnected" : "connected");
    this.owner.onWelcome(welcome);
    this.welcomed.resolve();
  }

  private handleReply(reply: Reply): void {
    if (!this.session.handleReply(reply)) return;
    this.replies.get(reply.id)?.resolve(reply);
    this.replies.delete(reply.id);
  }

  private handleClose(code: number): void {
    const final = FINAL_CODES[code];
    if (final) {
      this.stop(new CallError(ErrorCode.USER_NOT_AUTHENTICATED, final));
      return this.owner.onSessionOver(final);
    }
    const delay = this.goodbyeDelay ?? backoffMs(this.attempt++, Math.random());
    this.goodbyeDelay = undefined;
    logInfo(`connection lost (${code}), trying again in ${delay} ms`);
    this.reconnectIn(delay);
  }

  /** A connection on which nothing comes is asked for a sign of life, then given up. */
  private watch(): void {
    const now = performance.now();
    const limit = this.isOpen ? this.heartbeatMs : WELCOME_LIMIT_MS;
    if (this.pingSentAt !== undefined && now - this.pingSentAt > PONG_LIMIT_MS) {
      this.reconnectIn(0);
    } else if (this.pingSentAt === undefined && now - this.lastHeard > limit) {
      if (this.isOpen) this.ping();
      else this.handleClose(1006);
    }
  }

  private ping(): void {
    this.pingSentAt = performance.now();
    this.send({ type: "ping" });
  }

  /** The network or the page came back: waits are cut short, an open connection is tested. */
  private readonly checkNow = (): void => {
    if (!this.running || globalThis.document?.visibilityState === "hidden") return;
    if (this.isOpen) this.ping();
    else if (this.socket === undefined) this.connect();
  };
}
