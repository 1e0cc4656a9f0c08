/** A pretended browser and server: enough of both to run the whole client in Node. */

import type { CallView, ClientMessage, ServerMessage, Verb } from "../src/wire/protocol.js";
import { user, view } from "./views.js";

type Answer = { call?: CallView; error?: { code: number; message: string } };

/** A track that knows whether it was stopped. */
class FakeTrack {
  enabled = true;
  live = true;
  constructor(readonly kind: string) {}
  stop(): void {
    this.live = false;
  }
}

class FakeStream {
  constructor(private tracks: FakeTrack[] = []) {}
  getTracks = (): FakeTrack[] => [...this.tracks];
  getAudioTracks = (): FakeTrack[] => this.tracks.filter((one) => one.kind === "audio");
  getVideoTracks = (): FakeTrack[] => this.tracks.filter((one) => one.kind === "video");
  addTrack = (track: FakeTrack): void => void this.tracks.push(track);
  removeTrack = (track: FakeTrack): void => {
    this.tracks = this.tracks.filter((one) => one !== track);
  };
}

class FakePeer {
  static all: FakePeer[] = [];
  connectionState = "new";
  signalingState = "stable";
  localDescription = null;
  onconnectionstatechange: (() => void) | null = null;
  constructor() {
    FakePeer.all.push(this);
  }
  addTransceiver(): object {
    return {};
  }
  getTransceivers(): object[] {
    return [];
  }
  restartIce(): void {}
  close(): void {
    this.connectionState = "closed";
  }
  become(state: string): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
}

/** The pretended world; one a test. */
export class World {
  readonly sockets: FakeSocket[] = [];
  readonly tracks: FakeTrack[] = [];
  readonly http: { method: string; body: unknown }[] = [];
  readonly peers: FakePeer[] = [];
  readonly unhandled: unknown[] = [];
  captures = 0;
  /** What a request is answered with; undefined for silence. */
  onRequest: (body: Verb) => Answer | undefined = () => ({});
  /** What `POST /v1/sessions` answers. */
  onSignIn: (body: { userId: string }) => { status: number; body: unknown } = ({ userId }) => ({
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
    globals["fetch"] = (_: string, init: RequestInit) => world.fetch(init);
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

  private async fetch(init: RequestInit): Promise<unknown> {
    const body: unknown = init.body ? JSON.parse(String(init.body)) : undefined;
    this.http.push({ method: init.method ?? "GET", body });
    const answer =
      init.method === "POST"
        ? this.onSignIn(body as { userId: string })
        : { status: 200, body: {} };
    return { ok: answer.status < 400, status: answer.status, json: async () => answer.body };
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

  /** The verbs that were asked. */
  verbs(): string[] {
    const bodies = this.sent.map((one) => (one.type === "request" ? one.body.verb : undefined));
    return bodies.filter((verb) => verb !== undefined);
  }

  private answer(message: ClientMessage): void {
    if (message.type === "hello") {
      const me = user(message.sessionKey.replace(/^key-/, ""));
      const session = { version: 1, session: "s", resumed: false, heartbeatMs: 30_000 };
      this.say({ type: "welcome", ...session, user: me });
      const body = { event: "snapshot", calls: [] } as const;
      this.say({ type: "event", number: ++this.number, body: { ...body, calls: [] } });
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
