/** A pretended browser and server: enough of both to run the whole client in Node. */

import type { CallView, ClientMessage, ServerMessage, Verb } from "../src/wire/protocol.js";
import { FakePeer, FakeStream, FakeTrack } from "./fake-peer.js";
import { user, view } from "./views.js";

type Answer = { call?: CallView; error?: { code: number; message: string } };
type HttpAnswer = { status: number; body: unknown };

/** The pretended world; one a test. */
export class World {
  readonly sockets: FakeSocket[] = [];
  readonly tracks: FakeTrack[] = [];
  readonly http: { method: string; url: string; body: unknown }[] = [];
  readonly peers: FakePeer[] = [];
  readonly unhandled: unknown[] = [];
  captures = 0;
  /** What a request is answered with; undefined for silence. */
  onRequest: (body: Verb) => Answer | undefined = () => ({});
  /** What reading over HTTP answers; a promise for a slow server. */
  onGet: (url: URL) => HttpAnswer | Promise<HttpAnswer> = () => ({ status: 404, body: {} });
  /** What a device that connects anew is told to be alive. */
  snapshot: CallView[] = [];
  /** What `POST /v1/sessions` answers. */
  onSignIn: (body: { userId: string }) => HttpAnswer = ({ userId }) => ({
    status: 200,
    body: { sessionKey: `key-${userId}`, user: user(userId) },
  });
  /** Waits before the browser hands out devices. */
  grant: Promise<void> = Promise.resolve();

  /** Puts the pretended browser in place. */
  static install(): World {
    const world = new World();
    FakePeer.all = world.peers;
    const globals = globalThis as unknown as { [name: string]: unknown };
    globals["RTCPeerConnection"] = FakePeer;
    globals["MediaStream"] = FakeStream;
    globals["WebSocket"] = class extends FakeSocket {
      constructor() {
        super(world);
      }
    };
    globals["fetch"] = (url: string, init: RequestInit) => world.fetch(url, init);
    Object.defineProperty(globalThis, "navigator", {
      configurable: true,
      value: { mediaDevices: { getUserMedia: world.getUserMedia } },
    });
    return world;
  }

  /** The newest connection. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error("no socket was opened");
    return socket;
  }

  private async fetch(url: string, init: RequestInit): Promise<unknown> {
    const body: unknown = init.body ? JSON.parse(String(init.body)) : undefined;
    const method = init.method ?? "GET";
    this.http.push({ method, url, body });
    const answer = await this.answerHttp(method, url, body);
    return { ok: answer.status < 400, status: answer.status, json: async () => answer.body };
  }

  private answerHttp(method: string, url: string, body: unknown) {
    if (method === "POST") return this.onSignIn(body as { userId: string });
    if (method === "GET") return this.onGet(new URL(url));
    return { status: 200, body: {} };
  }

  private readonly getUserMedia = async (wanted: MediaStreamConstraints): Promise<FakeStream> => {
    this.captures++;
    await this.grant;
    const kinds = (["audio", "video"] as const).filter((kind) => wanted[kind]);
    const tracks = kinds.map((kind) => new FakeTrack(kind));
    this.tracks.push(...tracks);
    return new FakeStream(tracks);
  };
}

/** One connection to the pretended server. */
export class FakeSocket {
  static readonly OPEN = 1;
  readyState = 0;
  readonly sent: ClientMessage[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  private number = 0;

  constructor(private readonly world: World) {
    world.sockets.push(this);
    queueMicrotask(() => {
      this.readyState = 1;
      this.onopen?.();
    });
  }

  send(text: string): void {
    const message = JSON.parse(text) as ClientMessage;
    this.sent.push(message);
    queueMicrotask(() => this.answer(message));
  }

  close(): void {
    this.readyState = 3;
  }

  /** The server closes. */
  drop(code: number): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }

  say(message: ServerMessage): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  /** A numbered event about a call. */
  tell(call: CallView): void {
    this.say({ type: "event", number: ++this.number, body: { event: "call", call } });
  }

  /** The other side's wish for this side's negotiation state, by way of the server. */
  ask(callId: string, leg: number): void {
    const signal = { revision: 0, candidates: [] };
    this.say({
      type: "event",
      number: ++this.number,
      body: { event: "signal", callId, leg, signal },
    });
  }

  /** What was asked, negotiation left out. */
  asked(): Verb[] {
    const bodies = this.sent.map((one) => (one.type === "request" ? one.body : undefined));
    return bodies.filter((body) => body !== undefined).filter(({ verb }) => verb !== "signal");
  }

  /** The verbs of it. */
  verbs(): string[] {
    return this.asked().map(({ verb }) => verb);
  }

  private answer(message: ClientMessage): void {
    if (message.type === "hello") {
      const me = user(message.sessionKey.replace(/^key-/, ""));
      const session = { version: 1, session: "s", resumed: false, heartbeatMs: 30_000 };
      this.say({ type: "welcome", ...session, user: me });
      const body = { event: "snapshot", calls: this.world.snapshot } as const;
      this.say({ type: "event", number: ++this.number, body });
    } else if (message.type === "request") {
      const answer = this.world.onRequest(message.body);
      if (answer) this.say({ type: "reply", id: message.id, ...answer });
    }
  }
}

/** Lets everything that is due happen. */
export async function settle(): Promise<void> {
  for (let n = 0; n < 5; n++) await new Promise((resolve) => setTimeout(resolve, 0));
}

/** The view of a call that ann dials. */
export function outgoing(changes: Partial<CallView> = {}): CallView {
  return view({ myRole: "dc_caller", ...changes });
}
