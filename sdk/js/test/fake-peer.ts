/** A pretended RTCPeerConnection that keeps the rules of negotiation (RFC 8829) and no media. */

/** A track that knows whether it was stopped. */
export class FakeTrack {
  enabled = true;
  live = true;
  constructor(readonly kind: string) {}
  stop(): void {
    this.live = false;
  }
}

/** What sends one section. */
export class FakeSender {
  constructor(public track: FakeTrack | null) {}
  replaceTrack = async (track: FakeTrack | null): Promise<void> => {
    this.track = track;
  };
  setStreams(): void {}
}

interface FakeTransceiver {
  direction: string;
  readonly sender: FakeSender;
  readonly receiver: { readonly track: FakeTrack };
}

interface FakeDescription {
  readonly type: "offer" | "answer";
  readonly sdp: string;
}

/** The data channel, which tests open and speak through. */
export class FakeChannel {
  readyState = "connecting";
  readonly sent: string[] = [];
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  send(text: string): void {
    this.sent.push(text);
  }
  open(): void {
    this.readyState = "open";
    this.onopen?.();
  }
  close(): void {
    if (this.readyState === "closed") return;
    this.readyState = "closed";
    this.onclose?.();
  }
}

let sessions = 0;
let fragments = 0;

/** The value of an attribute. */
export function attribute(sdp: string | undefined, name: string): string | undefined {
  return new RegExp(`^a=${name}:(.*?)\r?$`, "m").exec(sdp ?? "")?.[1];
}

/** One connection. It throws where a browser would, and where an answer is to another offer. */
export class FakePeer {
  static all: FakePeer[] = [];
  connectionState = "new";
  signalingState = "stable";
  /** Settled descriptions and pending ones, as in the standard. */
  currentLocal: FakeDescription | null = null;
  currentRemote: FakeDescription | null = null;
  pendingLocal: FakeDescription | null = null;
  pendingRemote: FakeDescription | null = null;
  readonly session = String(++sessions);
  readonly channel = new FakeChannel();
  /** Candidates that were taken, and the number of those that belong to nothing. */
  readonly candidates: string[] = [];
  strays = 0;
  restarts = 0;
  onconnectionstatechange: (() => void) | null = null;
  onnegotiationneeded: (() => void) | null = null;
  onicecandidate: ((event: { candidate: unknown }) => void) | null = null;
  ontrack: ((event: { track: FakeTrack }) => void) | null = null;
  private transceivers: FakeTransceiver[] = [];
  private version = 0;
  private fragment: string | undefined;
  private wantsRestart = false;
  private isAsking = false;

  constructor() {
    FakePeer.all.push(this);
  }

  get localDescription(): FakeDescription | null {
    return this.pendingLocal ?? this.currentLocal;
  }

  createDataChannel(): FakeChannel {
    this.checkNeed();
    return this.channel;
  }

  addTransceiver(track: FakeTrack | string): FakeTransceiver {
    const kind = typeof track === "string" ? track : track.kind;
    const sender = new FakeSender(typeof track === "string" ? null : track);
    const made = { direction: "sendrecv", sender, receiver: { track: new FakeTrack(kind) } };
    this.transceivers.push(made);
    this.checkNeed();
    return made;
  }

  getTransceivers(): FakeTransceiver[] {
    return [...this.transceivers];
  }

  getSenders(): FakeSender[] {
    return this.transceivers.map(({ sender }) => sender);
  }

  restartIce(): void {
    this.restarts++;
    this.wantsRestart = true;
    this.checkNeed();
  }

  async setLocalDescription(given?: { type: "rollback" }): Promise<void> {
    await pause();
    this.refuseIfClosed();
    if (given) return this.rollBack();
    const isAnswer = this.signalingState === "have-remote-offer";
    const remote = this.pendingRemote;
    const moved = attribute(remote?.sdp, "ice-ufrag") !== this.remoteFragment();
    const isNew = !this.fragment || (isAnswer ? moved && this.currentRemote : this.wantsRestart);
    const fragment = isNew ? `u${++fragments}` : this.localFragment();
    const answers = isAnswer ? attribute(remote?.sdp, "fake-offer") : undefined;
    const made = this.write(isAnswer ? "answer" : "offer", String(fragment), answers);
    this.fragment = String(fragment);
    if (isAnswer) {
      [this.currentLocal, this.currentRemote] = [made, remote];
      this.settle();
    } else {
      this.pendingLocal = made;
      this.signalingState = "have-local-offer";
    }
    if (isNew) setTimeout(() => this.gather(String(fragment)), 0);
  }

  async setRemoteDescription(given: FakeDescription): Promise<void> {
    await pause();
    this.refuseIfClosed();
    if (given.type === "offer") {
      if (this.pendingLocal) this.takeBack();
      this.pendingRemote = given;
      this.signalingState = "have-remote-offer";
      this.takeSections(given.sdp);
      return;
    }
    if (this.signalingState !== "have-local-offer") throw new Error("InvalidStateError: answer");
    const offer = attribute(this.pendingLocal?.sdp, "fake-offer");
    if (attribute(given.sdp, "fake-answers") !== offer) throw new Error("wrong answer");
    [this.currentLocal, this.currentRemote] = [this.pendingLocal, given];
    this.takeSections(given.sdp);
    this.settle();
  }

  async addIceCandidate(given: { candidate: string; usernameFragment: string }): Promise<void> {
    await pause();
    const remote = this.pendingRemote ?? this.currentRemote;
    if (!remote) throw new Error("InvalidStateError: candidate");
    if (attribute(remote.sdp, "ice-ufrag") === given.usernameFragment) {
      this.candidates.push(given.candidate);
    } else {
      this.strays++;
      throw new Error("OperationError: unknown fragment");
    }
  }

  close(): void {
    this.connectionState = "closed";
    this.signalingState = "closed";
    this.channel.close();
  }

  become(state: string): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  /** Whether both sides are at rest and each knows the other's connection and credentials. */
  static isJoined(one: FakePeer, two: FakePeer): boolean {
    const name = (sdp: string | undefined): string =>
      `${/^o=\S+ (\S+)/m.exec(sdp ?? "")?.[1]} ${attribute(sdp, "ice-ufrag")}`;
    const sees = (a: FakePeer, b: FakePeer): boolean =>
      a.signalingState === "stable" &&
      a.currentRemote !== null &&
      name(a.currentRemote.sdp) === name(b.currentLocal?.sdp);
    return sees(one, two) && sees(two, one);
  }

  private localFragment(): string | undefined {
    return attribute(this.currentLocal?.sdp, "ice-ufrag");
  }

  private remoteFragment(): string | undefined {
    return attribute(this.currentRemote?.sdp, "ice-ufrag");
  }

  private write(type: "offer" | "answer", fragment: string, answers?: string): FakeDescription {
    const version = ++this.version;
    const lines = [
      "v=0",
      `o=- ${this.session} ${version} IN IP4 127.0.0.1`,
      ...this.transceivers.map(({ receiver }) => `m=${receiver.track.kind} 9 UDP/TLS/RTP/SAVPF 0`),
      `a=ice-ufrag:${fragment}`,
      type === "offer" ? `a=fake-offer:${this.session}/${version}` : `a=fake-answers:${answers}`,
      "",
    ];
    return { type, sdp: lines.join("\r\n") };
  }

  private rollBack(): void {
    if (!this.pendingLocal) throw new Error("InvalidStateError: rollback");
    this.takeBack();
    this.signalingState = "stable";
    this.isAsking = false;
    this.checkNeed();
  }

  /** What was offered never was. */
  private takeBack(): void {
    this.pendingLocal = null;
    this.fragment = this.localFragment();
  }

  private takeSections(sdp: string): void {
    const kinds = [...sdp.matchAll(/^m=(\w+)/gm)].map((match) => match[1] ?? "");
    for (const [index, kind] of kinds.entries()) {
      if (this.transceivers[index]) continue;
      const receiver = { track: new FakeTrack(kind) };
      this.transceivers.push({ direction: "recvonly", sender: new FakeSender(null), receiver });
      this.ontrack?.(receiver);
    }
  }

  private settle(): void {
    this.pendingLocal = this.pendingRemote = null;
    this.signalingState = "stable";
    if (this.fragment === this.localFragment() && this.restarted()) this.wantsRestart = false;
    this.isAsking = false;
    this.checkNeed();
  }

  /** The fragment that a wanted restart shall replace is the one of its time. */
  private replaces: string | undefined;

  private restarted(): boolean {
    return this.replaces !== this.localFragment();
  }

  private checkNeed(): void {
    if (this.wantsRestart) this.replaces ??= this.localFragment();
    else this.replaces = undefined;
    if (this.isAsking || this.signalingState !== "stable") return;
    if (!this.wantsRestart && this.currentLocal) return;
    this.isAsking = true;
    queueMicrotask(() => this.signalingState === "stable" && this.onnegotiationneeded?.());
  }

  private gather(fragment: string): void {
    for (const name of ["host", "more"]) {
      const candidate = `candidate:${name} ${fragment}`;
      this.onicecandidate?.({
        candidate: { candidate, sdpMid: "0", sdpMLineIndex: 0, usernameFragment: fragment },
      });
    }
  }

  private refuseIfClosed(): void {
    if (this.signalingState === "closed") throw new Error("InvalidStateError: closed");
  }
}

async function pause(): Promise<void> {
  for (let n = 0; n < 3; n++) await null;
}

/** A stream of tracks. */
export class FakeStream {
  constructor(private tracks: FakeTrack[] = []) {}
  getTracks = (): FakeTrack[] => [...this.tracks];
  getAudioTracks = (): FakeTrack[] => this.tracks.filter((one) => one.kind === "audio");
  getVideoTracks = (): FakeTrack[] => this.tracks.filter((one) => one.kind === "video");
  addTrack = (track: FakeTrack): void => void this.tracks.push(track);
  removeTrack = (track: FakeTrack): void => {
    this.tracks = this.tracks.filter((one) => one !== track);
  };
}
