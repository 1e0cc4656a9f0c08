/** One signalling session: event numbers, acknowledgement, resume, and requests that survive. */

import {
  PROTOCOL_VERSION,
  type ClientMessage,
  type Event,
  type Reply,
  type Request,
  type Verb,
  type Welcome,
} from "../wire/protocol.js";

/** What to do with a numbered event. */
export type EventVerdict = "handle" | "duplicate" | "gap";

/**
 * Requests that wait for an answer; one more is refused. A device has no use for so many, and all
 * of them are sent again at once after an outage: fewer than a server takes in one go (200).
 */
export const MAX_PENDING = 128;

/**
 * The session's memory across connections. It decides; whoever owns it does the sending. After
 * `handleWelcome` the requests it returns are sent again in their order: every verb may be
 * repeated, so a request whose answer was lost with the connection is done once.
 */
export class Session {
  private id: string | undefined;
  private lastEvent = 0;
  private asked: readonly string[] = [];
  /**
   * The calls that the snapshot of this session answers for: those of the hello that began it. One
   * that is sent again after a resume knows nothing of the calls that came since.
   */
  named: readonly string[] = [];
  private nextRequest = 1;
  private readonly pending = new Map<number, Request>();

  /** The first message of a connection. */
  hello(sessionKey: string, calls: string[]): ClientMessage {
    this.asked = calls;
    const hello: ClientMessage = {
      type: "hello",
      versions: [PROTOCOL_VERSION],
      sessionKey,
      calls,
    };
    if (this.id !== undefined) hello.resume = { session: this.id, lastEvent: this.lastEvent };
    return hello;
  }

  /** The session is open: what has to be sent again. A fresh one numbers its events anew. */
  handleWelcome(welcome: Welcome): Request[] {
    if (!welcome.resumed) {
      this.lastEvent = 0;
      this.named = this.asked;
    }
    this.id = welcome.session;
    return [...this.pending.values()];
  }

  /** Events come in order and once; a hole means that this connection lost something. */
  handleEvent(event: Event): EventVerdict {
    if (event.number <= this.lastEvent) return "duplicate";
    if (event.number !== this.lastEvent + 1) return "gap";
    this.lastEvent = event.number;
    return "handle";
  }

  /** All events so far were handled. */
  ack(): ClientMessage {
    return { type: "ack", number: this.lastEvent };
  }

  /** A request that is kept until it is answered; undefined if too many wait already. */
  request(body: Verb): Request | undefined {
    this.dropSuperseded(body);
    if (this.pending.size >= MAX_PENDING) return undefined;
    const request = { id: this.nextRequest++, body };
    this.pending.set(request.id, request);
    return request;
  }

  /** A request that is worth nothing after this connection, such as negotiation state. */
  oneShot(body: Verb): Request {
    return { id: this.nextRequest++, body };
  }

  /** An answer: the request it belongs to, if that still waits. */
  handleReply(reply: Reply): Request | undefined {
    const request = this.pending.get(reply.id);
    this.pending.delete(reply.id);
    return request;
  }

  /** The session is over: the requests that will never be answered. */
  clear(): Request[] {
    const left = [...this.pending.values()];
    this.pending.clear();
    this.id = undefined;
    this.lastEvent = 0;
    return left;
  }

  /** Reports of a state are replaced by the next report, so an outage never piles them up. */
  private dropSuperseded(body: Verb): void {
    if (body.verb !== "media" && body.verb !== "settings") return;
    for (const [id, request] of this.pending) {
      if (request.body.verb === body.verb && request.body.callId === body.callId) {
        this.pending.delete(id);
      }
    }
  }
}
