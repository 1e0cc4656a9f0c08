/** The peer connection of one leg: perfect negotiation over state that may be late or repeated. */

import type { PeerMessage } from "../../core/peer-message.js";
import type { PathSign } from "../../core/path.js";
import { hasFragment, sessionOf, withoutCandidates } from "../../core/sdp.js";
import type { Description, Signal } from "../../wire/protocol.js";
import { logWarning } from "../log.js";
import { LocalCandidates, RemoteCandidates, inSignals } from "./candidates.js";
import { SideChannel } from "./side-channel.js";
import { offerSections, senderOf, takeSections } from "./sections.js";

/** A kind of media. */
export type Kind = "audio" | "video";

/** What a peer tells its owner. */
export interface PeerEvents {
  /** State for the other side. */
  onSignal(signal: Signal): void;
  /** The connection's state changed. */
  onSign(sign: PathSign): void;
  /** The other side looks for a path. */
  onAttempt(): void;
  /** Messages can be sent. */
  onOpen(): void;
  onMessage(message: PeerMessage): void;
}

/** What a peer needs. */
export interface PeerOptions {
  /** The caller makes the first offer and wins a collision; the callee yields (the polite side). */
  readonly isCaller: boolean;
  readonly isVideoCall: boolean;
  /** Neither own candidates are told nor the other side's used, until `release`. */
  readonly keepsCandidates: boolean;
  readonly events: PeerEvents;
}

/** Repeated questions are answered at this distance, so that a flood of them costs little. */
const ANSWER_PAUSE_MS = 250;
/** Fresh connections that the other side causes keep this distance; a browser has few of them. */
const RENEW_PAUSE_MS = 1_000;
/** After its last words a connection is kept for this long, so that they arrive. */
const LINGER_MS = 500;

/**
 * What is signalled is state, not a stream of messages. A signal with a description tells the
 * sender's whole state, one without adds candidates, and one without either asks for the
 * receiver's state; its revision 0 says that the asker has none of its own. Revisions rise over
 * both sides: a description is above all that its maker has seen, so an answer is above the offer
 * that it answers, and anything not above what was taken in is late or repeated. Nobody answers
 * a repetition, so nothing echoes; whoever was cut off tells and asks (`publish`).
 *
 * Steps run one after another, each in the state that the last one left. That is what the flags
 * `makingOffer` and `isSettingRemoteAnswerPending` of the pattern stand for (W3C WebRTC 1.0,
 * 10.7), so a collision is an offer that finds the state not stable.
 */
export class Peer {
  /** What comes from the other side. */
  readonly remote = new MediaStream();
  /** Only names the stream, by which the other side keeps sound and picture together. */
  private readonly outgoing = new MediaStream();
  private readonly tracks: { [kind in Kind]?: MediaStreamTrack | undefined } = {};
  private pc: RTCPeerConnection;
  private channel: SideChannel;
  private local: LocalCandidates;
  private incoming = new RemoteCandidates();
  private queue: Promise<void> = Promise.resolve();
  private revision = 0;
  private remoteRevision = 0;
  /** The session of the other side's connection; undefined until this one has a description. */
  private remoteSession: string | undefined;
  private keeps: boolean;
  private plays = true;
  private isBroken = false;
  private isClosed = false;
  private answeredAt = -Infinity;
  private askedFresh = false;
  private renewedAt = -Infinity;
  private answerTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: PeerOptions) {
    this.keeps = options.keepsCandidates;
    [this.pc, this.channel, this.local] = this.connect();
  }

  /** The connection's state. */
  get sign(): PathSign {
    const { connectionState } = this.pc;
    return connectionState === "new" || connectionState === "closed"
      ? "connecting"
      : connectionState;
  }

  /** Whether the two sides have exchanged descriptions. */
  get isSettled(): boolean {
    return this.remoteSession !== undefined && this.pc.signalingState === "stable";
  }

  /** Sends a track of a kind, or none; needs no negotiation. */
  attach(kind: Kind, track: MediaStreamTrack | undefined): void {
    if (this.tracks[kind] === track) return;
    this.tracks[kind] = track;
    senderOf(this.pc, kind)
      ?.replaceTrack(track ?? null)
      .catch((cause: unknown) => {
        if (!this.isClosed) logWarning(`a track was not replaced: ${String(cause)}`);
      });
  }

  /** Plays what comes from the other side, or nothing. */
  setPlaying(on: boolean): void {
    this.plays = on;
    for (const track of this.remote.getTracks()) track.enabled = on;
  }

  /** Takes in what the other side published. */
  handleSignal(signal: Signal): void {
    this.enqueue(() => this.takeIn(signal));
  }

  /** After an outage of signalling: tells the whole state and asks for the other side's. */
  publish(): void {
    this.enqueue(async () => {
      this.tellState();
      this.ask();
    });
  }

  /** The kept candidates may be told, and the other side's be used. */
  release(): void {
    if (!this.keeps) return;
    this.keeps = false;
    this.enqueue(async () => {
      this.tellCandidates(this.local.take(this.pc.localDescription?.sdp ?? ""));
      await this.useCandidates();
    });
  }

  /** Looks for a new path, or makes the negotiation go on that a path waits for. */
  restart(): void {
    this.enqueue(async () => {
      if (this.isBroken) this.renew();
      else if (this.isSettled) return this.pc.restartIce();
      this.tellState();
      this.ask();
    });
  }

  /**
   * Looks for a path on a fresh connection, if this one is settled. Chromium hides the addresses
   * of a connection that was made before the page had leave to capture, for all its life.
   */
  refresh(): void {
    this.enqueue(async () => {
      if (this.isSettled) return this.renew();
      this.tellState();
      this.ask();
    });
  }

  /** A connection that was never used is made anew: the page may capture by now. */
  refreshUnused(): void {
    this.enqueue(async () => {
      if (this.remoteSession !== undefined) return;
      this.renew();
      this.ask();
    });
  }

  /** Sends a message, if the channel is open. */
  say(message: PeerMessage): void {
    this.channel.say(message);
  }

  /** Whether a message would be sent. */
  get canSay(): boolean {
    return this.channel.isOpen;
  }

  /** Closes the connection; `lastWords` were said and shall arrive. */
  close(lastWords = false): void {
    if (this.isClosed) return;
    this.isClosed = true;
    clearTimeout(this.answerTimer);
    this.drop(lastWords && this.channel.isOpen);
  }

  private connect(): [RTCPeerConnection, SideChannel, LocalCandidates] {
    const { isCaller, isVideoCall, events } = this.options;
    const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    const local = new LocalCandidates((candidates) => this.tellCandidates(candidates));
    const channel = new SideChannel(pc, {
      onOpen: () => events.onOpen(),
      onMessage: (message) => events.onMessage(message),
    });
    pc.onicecandidate = ({ candidate }) => candidate && local.add(candidate);
    pc.onconnectionstatechange = () => events.onSign(this.sign);
    pc.ontrack = ({ track }) => {
      track.enabled = this.plays;
      if (!this.remote.getTracks().includes(track)) this.remote.addTrack(track);
    };
    pc.onnegotiationneeded = () => this.enqueue(() => this.offer(pc));
    if (isCaller) offerSections(pc, this.outgoing, isVideoCall, this.tracks);
    return [pc, channel, local];
  }

  /** Takes down the present connection. */
  private drop(lingers: boolean): void {
    const { pc, channel } = this;
    pc.onicecandidate = null;
    pc.onconnectionstatechange = null;
    pc.onnegotiationneeded = null;
    pc.ontrack = null;
    this.local.close();
    channel.silence();
    if (!lingers) return pc.close();
    for (const sender of pc.getSenders()) sender.replaceTrack(null).catch(() => undefined);
    const timer = setTimeout(() => pc.close(), LINGER_MS);
    channel.onClosed(() => {
      clearTimeout(timer);
      pc.close();
    });
  }

  /** Goes on with a fresh connection; answers to what the old one offered count no more. */
  private renew(): void {
    if (this.isClosed) return;
    this.drop(false);
    for (const track of this.remote.getTracks()) this.remote.removeTrack(track);
    this.revision = Math.max(this.revision, this.remoteRevision) + 1;
    this.remoteSession = undefined;
    this.incoming = new RemoteCandidates();
    this.isBroken = false;
    this.askedFresh = false;
    [this.pc, this.channel, this.local] = this.connect();
    this.options.events.onSign("connecting");
  }

  /** The same at the other side's wish; what is refused, the next attempt of either side does. */
  private renewSeldom(): boolean {
    const now = performance.now();
    if (now - this.renewedAt < RENEW_PAUSE_MS) return false;
    this.renewedAt = now;
    this.renew();
    return true;
  }

  private enqueue(step: () => Promise<void>): void {
    this.queue = this.queue.then(() => (this.isClosed ? undefined : step())).catch((cause) => {
      if (this.isClosed) return;
      this.isBroken = true;
      logWarning(`negotiation: ${String(cause)}`);
    });
  }

  /** The browser asks again by itself once the state is stable. */
  private async offer(pc: RTCPeerConnection): Promise<void> {
    if (pc !== this.pc || pc.signalingState !== "stable") return;
    // The callee's first description is an answer: the caller's offer names the sections.
    if (!this.options.isCaller && this.remoteSession === undefined) return;
    await this.describe();
  }

  /** Makes the description that the state calls for, and tells it. */
  private async describe(): Promise<void> {
    await this.pc.setLocalDescription();
    this.revision = Math.max(this.revision, this.remoteRevision) + 1;
    this.tellState();
  }

  private signal(whole: Signal): void {
    for (const signal of inSignals(whole)) this.options.events.onSignal(signal);
  }

  private tellState(): void {
    const description = this.pc.localDescription;
    if (!description || this.isClosed) return;
    const type = description.type === "answer" ? "answer" : "offer";
    const candidates = this.local.take(description.sdp);
    this.signal({
      revision: this.revision,
      description: { type, sdp: withoutCandidates(description.sdp) },
      candidates: this.keeps ? [] : candidates,
    });
  }

  private tellCandidates(candidates: Signal["candidates"]): void {
    const sdp = this.pc.localDescription?.sdp ?? "";
    const current = candidates.filter((one) => hasFragment(sdp, one.usernameFragment));
    if (this.keeps || this.isClosed || current.length === 0) return;
    this.signal({ revision: this.revision, candidates: current });
  }

  private ask(): void {
    if (this.isClosed) return;
    const revision = this.remoteSession === undefined ? 0 : this.revision;
    this.signal({ revision, candidates: [] });
  }

  private async takeIn(signal: Signal): Promise<void> {
    const { revision, description, candidates } = signal;
    if (!description && candidates.length === 0) return this.answer(revision === 0);
    if (description && !(await this.takeDescription(revision, description))) return;
    this.incoming.add(revision, candidates);
    await this.useCandidates();
  }

  /** Answers a question; an asker without state, where we know one, has a fresh connection. */
  private answer(isFresh: boolean): void {
    this.askedFresh ||= isFresh && this.remoteSession !== undefined;
    clearTimeout(this.answerTimer);
    const wait = this.answeredAt + ANSWER_PAUSE_MS - performance.now();
    if (wait > 0) {
      const later = (): void => this.enqueue(async () => this.answer(false));
      this.answerTimer = setTimeout(later, wait);
      return;
    }
    this.answeredAt = performance.now();
    if (!this.askedFresh || !this.options.isCaller) this.tellState();
    else this.renewSeldom();
    this.askedFresh = false;
  }

  private async useCandidates(): Promise<void> {
    if (this.keeps || this.remoteSession === undefined) return;
    for (const candidate of this.incoming.take(this.remoteRevision)) {
      await this.pc.addIceCandidate(candidate).catch((cause: unknown) => {
        if (!this.isClosed) logWarning(`candidate: ${String(cause)}`);
      });
    }
  }

  /** Whether the signal's candidates are of use. */
  private async takeDescription(revision: number, description: Description): Promise<boolean> {
    const { isCaller, isVideoCall } = this.options;
    const isOffer = description.type === "offer";
    const session = sessionOf(description.sdp);
    const isOther = this.remoteSession !== undefined && session !== this.remoteSession;
    if (isOther && revision >= this.remoteRevision) {
      // A caller offers anew on a fresh connection; a callee takes the offer on one.
      if (!this.renewSeldom()) return false;
      if (!isCaller && !isOffer) this.ask();
      if (isCaller || !isOffer) return false;
    } else if (revision <= this.remoteRevision) {
      if (isOffer && revision === this.remoteRevision) await this.answerAgain();
      return !isOther;
    }
    if (isOffer ? isCaller && this.pc.signalingState !== "stable" : this.isLate(revision)) {
      return false;
    }
    await this.pc.setRemoteDescription({ ...description, sdp: withoutCandidates(description.sdp) });
    this.remoteRevision = revision;
    this.remoteSession = session;
    this.options.events.onAttempt();
    this.isBroken = false;
    if (!isOffer) return true;
    if (!isCaller) await takeSections(this.pc, this.outgoing, isVideoCall, this.tracks);
    await this.describe();
    return true;
  }

  /**
   * The caller still offers what was answered before an offer of our own: it missed the answer,
   * and it ignores our offer as colliding. So we yield: the offer is taken back, the answer told
   * again; the browser then asks for the offer anew.
   */
  private async answerAgain(): Promise<void> {
    if (this.options.isCaller || this.pc.signalingState !== "have-local-offer") return;
    await this.pc.setLocalDescription({ type: "rollback" });
    this.revision += 1;
    this.tellState();
  }

  /** An answer that belongs to no offer, or to an earlier one. */
  private isLate(revision: number): boolean {
    return this.pc.signalingState !== "have-local-offer" || revision <= this.revision;
  }
}
