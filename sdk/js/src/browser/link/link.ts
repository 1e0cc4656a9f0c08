/** Keeps the device connected: reconnects, heartbeats, requests with their answers. */

import { backoffMs, goodbyeMs } from "../../core/backoff.js";
import { CallError, ErrorCode } from "../../core/errors.js";
import { Liveness, TICK_MS, type Verdict } from "../../core/liveness.js";
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
import { browserPorts, type Cancel, type OpenSocket, type Ports } from "./ports.js";

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

/** Close codes after which coming back is of no use, with what the application is told. */
const FINAL_CODES: Record<number, string> = {
  4401: "The session is no longer valid; authenticate again.",
  4410: "The session was ended: signed out elsewhere, user removed or token revoked.",
  4426: "The server does not speak this SDK's protocol version; update the SDK.",
};

/** What a browser reports for a connection that ended without a close frame. */
const NO_CLOSE_FRAME = 1006;

/** The connection of one signed-in device. */
export class Link {
  private readonly session = new Session();
  private readonly replies = new Map<number, Deferred<Reply>>();
  private readonly liveness: Liveness;
  private socket: OpenSocket | undefined;
  private welcomed: Deferred<void> = deferred();
  private isOpen = false;
  private running = false;
  private attempt = 0;
  private goodbyeDelay: number | undefined;
  private cancelRetry: Cancel = nothing;
  private cancelWatch: Cancel = nothing;

  constructor(
    private readonly url: string,
    private readonly owner: LinkOwner,
    private readonly ports: Ports = browserPorts,
  ) {
    this.liveness = new Liveness(ports.now());
  }

  /** Connects, and stays connected until `stop`. Resolves when the session is open. */
  start(): Promise<void> {
    if (!this.running) {
      this.running = true;
      const stopTicks = this.ports.every(TICK_MS, () => {
        this.obey(this.liveness.handleTick(this.ports.now()));
      });
      const stopWakes = this.ports.onWake(() => this.checkNow());
      this.cancelWatch = () => {
        stopTicks();
        stopWakes();
      };
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
    this.cancelRetry();
    this.cancelWatch();
    this.session.clear();
    for (const reply of this.replies.values()) reply.reject(reason);
    this.replies.clear();
    this.welcomed.reject(reason);
  }

  /** The network may be another one: a wait is cut short, an open connection is tested. */
  checkNow(): void {
    if (this.running) this.obey(this.liveness.handleWake(this.ports.now()));
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
    this.cancelRetry();
    this.drop();
    this.liveness.handleOpening();
    this.socket = this.ports.openSocket(this.url, {
      onOpen: () => {
        const { owner } = this;
        this.send(this.session.hello(owner.sessionKey(), owner.knownCalls()));
      },
      onMessage: (message) => this.handleMessage(message),
      onClose: (code) => this.handleClose(code),
    });
  }

  private drop(): void {
    this.socket?.close();
    this.socket = undefined;
    this.liveness.handleLost();
    if (this.isOpen) this.welcomed = deferred();
    this.isOpen = false;
  }

  private reconnectIn(delay: number): void {
    if (!this.running) return;
    this.drop();
    this.cancelRetry();
    this.cancelRetry = this.ports.after(delay, () => this.connect());
  }

  private send(message: ClientMessage): void {
    this.socket?.send(message);
  }

  private handleMessage(message: ServerMessage): void {
    this.liveness.handleHeard();
    // A server that welcomes and fails right after it is not well: only more than a welcome is.
    if (this.isOpen && message.type !== "error" && message.type !== "goodbye") this.attempt = 0;
    switch (message.type) {
      case "welcome":
        return this.handleWelcome(message);
      case "reply":
        return this.handleReply(message);
      case "event": {
        const verdict = this.session.handleEvent(message);
        if (verdict === "gap") return this.connect();
        if (verdict === "handle") this.owner.onEvent(message.body, this.session.named);
        return this.send(this.session.ack());
      }
      case "ping":
        // Answered here and not by a timer: a background tab's timers are throttled, its messages
        // are not.
        return this.send({ type: "pong" });
      case "pong":
        return;
      case "goodbye":
        this.goodbyeDelay = goodbyeMs(message.retryAfterMs, this.ports.dice());
        return;
      case "error":
        return logWarning(`the server refused a message: ${message.error.message}`);
    }
  }

  private handleWelcome(welcome: Welcome): void {
    this.isOpen = true;
    this.liveness.handleWelcome(welcome.heartbeatMs);
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
    const delay = this.goodbyeDelay ?? backoffMs(this.attempt++, this.ports.dice());
    this.goodbyeDelay = undefined;
    logInfo(`connection lost (${code}), trying again in ${delay} ms`);
    this.reconnectIn(delay);
  }

  private obey(verdict: Verdict): void {
    switch (verdict) {
      case "well":
        return;
      case "ask":
        return this.send({ type: "ping" });
      case "retry":
        // The network is there a moment before its routes are: a first try that fails is followed
        // soon by the next.
        this.attempt = 0;
        return this.connect();
      case "dead":
        if (!this.isOpen) return this.handleClose(NO_CLOSE_FRAME);
        logInfo("the connection gives no sign of life, opening another");
        return this.connect();
    }
  }
}

function nothing(): void {}
