/** The peer connection of one call: perfect negotiation over state that may come twice. */

import type { Candidate, Signal } from "../../wire/protocol.js";
import { logWarning } from "../log.js";
import type { Capture } from "./capture.js";

/** What a peer tells its owner. */
export interface PeerEvents {
  /** State for the other side. */
  onSignal(signal: Signal): void;
  onConnectionState(state: RTCPeerConnectionState): void;
}

/** What a peer needs. */
export interface PeerOptions {
  /** The caller makes the offers and wins a collision; the callee yields (the polite side). */
  readonly isCaller: boolean;
  readonly isVideoCall: boolean;
  readonly capture: Capture;
  readonly events: PeerEvents;
}

/** Candidates wait this long for company, so that one message carries many. */
const BATCH_MS = 30;
/**
 * A side that hears a description again lost its connection and may have missed ours, so it gets
 * ours; unless it just had it. Shorter risks an echo between two fresh sessions.
 */
const REPUBLISH_PAUSE_MS = 5_000;

/** One peer connection. */
export class Peer {
  /** What comes from the other side. */
  readonly remote = new MediaStream();
  private readonly pc: RTCPeerConnection;
  private readonly options: PeerOptions;
  private readonly local: Candidate[] = [];
  private readonly seen = new Set<string>();
  private queue: Promise<void> = Promise.resolve();
  private unsent: Candidate[] = [];
  private revision = 0;
  private remoteRevision = 0;
  private makingOffer = false;
  private ignoredRevision = 0;
  private publishedAt = -Infinity;
  private batchTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PeerOptions) {
    this.options = options;
    this.pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    this.pc.onicecandidate = ({ candidate }) => this.gathered(candidate);
    this.pc.onconnectionstatechange = () => {
      options.events.onConnectionState(this.pc.connectionState);
    };
    this.pc.ontrack = ({ track }) => {
      if (!this.remote.getTracks().includes(track)) this.remote.addTrack(track);
    };
    this.pc.onnegotiationneeded = () => {
      if (options.isCaller || this.remoteRevision > 0) this.enqueue(() => this.offer());
    };
    if (options.isCaller) this.addTransceivers();
  }

  /** The connection's state. */
  get state(): RTCPeerConnectionState {
    return this.pc.connectionState;
  }

  /** Sends another track of a kind, or none, without a new negotiation. */
  async replace(kind: "audio" | "video", track: MediaStreamTrack | undefined): Promise<void> {
    await this.sender(kind)?.replaceTrack(track ?? null);
  }

  /** Takes in what the other side published; repeated or late state changes nothing. */
  handleSignal(signal: Signal): void {
    this.enqueue(() => this.takeIn(signal));
  }

  /** Publishes the whole state: the other side may have missed any part of it. */
  publish(): void {
    const description = this.pc.localDescription;
    if (!description || this.revision === 0) {
      // Nothing to tell yet: revision 0 asks the other side for its state.
      return this.options.events.onSignal({ revision: 0, candidates: [] });
    }
    this.publishedAt = performance.now();
    this.unsent = [];
    const kind = description.type === "answer" ? "answer" : "offer";
    this.options.events.onSignal({
      revision: this.revision,
      description: { type: kind, sdp: description.sdp },
      candidates: [...this.local],
    });
  }

  /** Looks for a new path; the caller's part, so that the two sides do not collide. */
  restart(): void {
    if (this.options.isCaller) this.pc.restartIce();
  }

  /** Closes the connection. */
  close(): void {
    clearTimeout(this.batchTimer);
    this.pc.onicecandidate = null;
    this.pc.onconnectionstatechange = null;
    this.pc.onnegotiationneeded = null;
    this.pc.ontrack = null;
    this.pc.close();
  }

  /** Negotiation steps run one after another: each reads the state the last one left. */
  private enqueue(step: () => Promise<void>): void {
    this.queue = this.queue.then(step).catch((cause: unknown) => {
      if (this.pc.signalingState !== "closed") logWarning(`negotiation: ${String(cause)}`);
    });
  }

  private addTransceivers(): void {
    const { capture, isVideoCall } = this.options;
    const init: RTCRtpTransceiverInit = { direction: "sendrecv", streams: [capture.stream] };
    this.pc.addTransceiver(capture.audio ?? "audio", init);
    if (isVideoCall) preferVp8(this.pc.addTransceiver(capture.video ?? "video", init));
  }

  private sender(kind: string): RTCRtpSender | undefined {
    const all = this.pc.getTransceivers();
    return all.find((one) => one.receiver.track.kind === kind)?.sender;
  }

  private async offer(): Promise<void> {
    if (this.pc.signalingState !== "stable") return;
    this.makingOffer = true;
    try {
      this.startRevision();
      await this.pc.setLocalDescription();
      this.publish();
    } finally {
      this.makingOffer = false;
    }
  }

  private startRevision(): void {
    this.revision += 1;
    this.local.length = 0;
    this.unsent = [];
  }

  private async takeIn(signal: Signal): Promise<void> {
    const { revision, description, candidates } = signal;
    if (revision === 0) {
      if (this.revision > 0) this.publish();
      return;
    }
    if (description) {
      if (revision <= this.remoteRevision) this.answerRepetition();
      else if (!(await this.takeDescription(revision, description))) return;
    }
    if (revision !== this.remoteRevision || revision === this.ignoredRevision) return;
    for (const candidate of candidates) {
      const name = JSON.stringify(candidate);
      if (this.seen.has(name)) continue;
      this.seen.add(name);
      await this.pc.addIceCandidate(candidate).catch((cause: unknown) => {
        logWarning(`candidate: ${String(cause)}`);
      });
    }
  }

  private answerRepetition(): void {
    if (performance.now() - this.publishedAt > REPUBLISH_PAUSE_MS) this.publish();
  }

  private async takeDescription(revision: number, description: RTCSessionDescriptionInit) {
    const { isCaller } = this.options;
    const isOffer = description.type === "offer";
    const collides = isOffer && (this.makingOffer || this.pc.signalingState !== "stable");
    if (isCaller && collides) {
      this.ignoredRevision = revision;
      return false;
    }
    if (!isOffer && this.pc.signalingState !== "have-local-offer") return false;
    await this.pc.setRemoteDescription(description);
    this.remoteRevision = revision;
    this.seen.clear();
    if (!isOffer) return true;
    if (!isCaller) await this.useOfferedTransceivers();
    this.startRevision();
    await this.pc.setLocalDescription();
    this.publish();
    return true;
  }

  /** The callee sends on the sections that the caller offered. */
  private async useOfferedTransceivers(): Promise<void> {
    const { capture } = this.options;
    for (const transceiver of this.pc.getTransceivers()) {
      if (transceiver.direction === "sendrecv") continue;
      const isAudio = transceiver.receiver.track.kind === "audio";
      transceiver.direction = "sendrecv";
      transceiver.sender.setStreams?.(capture.stream);
      await transceiver.sender.replaceTrack((isAudio ? capture.audio : capture.video) ?? null);
    }
  }

  private gathered(candidate: RTCIceCandidate | null): void {
    if (!candidate) return;
    const { sdpMid, sdpMLineIndex, usernameFragment } = candidate;
    const line = { candidate: candidate.candidate, sdpMid, sdpMLineIndex, usernameFragment };
    this.local.push(line);
    this.unsent.push(line);
    clearTimeout(this.batchTimer);
    this.batchTimer = setTimeout(() => {
      if (this.unsent.length === 0) return;
      this.options.events.onSignal({ revision: this.revision, candidates: this.unsent });
      this.unsent = [];
    }, BATCH_MS);
  }
}

/** VP8 first, as documented; the others stay as a fallback. */
function preferVp8(transceiver: RTCRtpTransceiver): void {
  const codecs = globalThis.RTCRtpReceiver?.getCapabilities?.("video")?.codecs;
  if (!codecs || !transceiver.setCodecPreferences) return;
  const isVp8 = (codec: { mimeType: string }): boolean => codec.mimeType === "video/VP8";
  transceiver.setCodecPreferences([
    ...codecs.filter(isVp8),
    ...codecs.filter((codec) => !isVp8(codec)),
  ]);
}
