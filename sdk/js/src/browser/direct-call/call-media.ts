/** The media of one call: capture, peer connection, views, and the state of the path. */

import { DirectCallUserRole, type Role } from "../../core/enums.js";
import type { CandidateTiming, MediaPath, MediaSettings, Signal } from "../../wire/protocol.js";
import { logWarning } from "../log.js";
import { Capture } from "../media/capture.js";
import { Peer } from "../media/peer.js";
import { MediaView } from "../media/view.js";

/** What the media tells the call. */
export interface CallMediaEvents {
  /** State for the other side; the caller names the `leg` it is for while several ring. */
  onSignal(signal: Signal, leg: number | undefined): void;
  /** From the accept on. */
  onPath(path: MediaPath): void;
  /** Followed by `onReconnected` or by the end of the call. */
  onReconnecting(): void;
  onReconnected(): void;
  /** Own settings changed; their revision is raised already. */
  onSettings(): void;
  /** The other side's settings, by the data channel. */
  onRemoteSettings(settings: MediaSettings): void;
  /** The other side ended the call, by the data channel. */
  onRemoteEnd(): void;
}

/** A path that is down for this long is given up. */
const DOWN_LIMIT_MS = 30_000;
/** Signals that may wait for the peer connection; more than a negotiation ever has. */
const MAX_EARLY_SIGNALS = 64;

/** Media from the person's deed to the end of the call. */
export class CallMedia {
  readonly localView = new MediaView(true);
  readonly remoteView = new MediaView(false);
  /** What this side sends, or will. */
  settings: MediaSettings;
  private isVideo: boolean;
  private capture: Capture | undefined;
  private peer: Peer | undefined;
  private early: Signal[] = [];
  private closed = false;
  private wasUp = false;
  private isDown = false;
  private downTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    isVideoCall: boolean,
    private readonly events: CallMediaEvents,
  ) {
    this.isVideo = isVideoCall;
    this.settings = { audioEnabled: true, videoEnabled: isVideoCall, onHold: false, revision: 0 };
  }

  /** Whether the call may carry video. */
  get isVideoCall(): boolean {
    return this.isVideo;
  }

  /** The call turned out to be an audio call: its camera is closed at once and never opened. */
  becomeAudioCall(): void {
    if (!this.isVideo) return;
    this.isVideo = false;
    this.stopVideo();
  }

  /** It rings: the two sides prepare the path. */
  ring(_role: Role, _candidates: CandidateTiming): void {}

  /** The person answers here. */
  accepting(): void {}

  /** Opens the devices. Only the person's own `dial` or `accept` leads here. */
  async open(): Promise<void> {
    if (this.closed) return;
    const capture = new Capture();
    this.capture = capture;
    const wanted = { ...this.settings };
    const opened = await capture.open(wanted, this.isVideoCall);
    if (this.closed) return;
    // The person may have muted or stopped the camera while the browser asked.
    this.settings = {
      ...this.settings,
      audioEnabled: opened.audioEnabled && this.settings.audioEnabled,
      videoEnabled: opened.videoEnabled && this.settings.videoEnabled,
    };
    this.applyAudio();
    if (!this.settings.videoEnabled) capture.closeCamera();
    this.localView.setStream(capture.stream);
  }

  /** The call is established: the peer connection comes to life. */
  establish(role: Role, _answeredLeg: number | undefined): void {
    if (this.closed || this.peer) return;
    // An empty capture sends nothing: media that the person did not open stays closed.
    this.capture ??= new Capture();
    this.peer = new Peer({
      isCaller: role === DirectCallUserRole.CALLER,
      isVideoCall: this.isVideoCall,
      capture: this.capture,
      events: {
        onSignal: (signal) => this.events.onSignal(signal, undefined),
        onConnectionState: (state) => this.handleState(state),
      },
    });
    this.remoteView.setStream(this.peer.remote);
    for (const signal of this.early) this.peer.handleSignal(signal);
    this.early = [];
  }

  /** Takes in the other side's negotiation state. */
  handleSignal(signal: Signal, _leg: number): void {
    if (this.closed) return;
    if (this.peer) this.peer.handleSignal(signal);
    else if (this.early.length < MAX_EARLY_SIGNALS) this.early.push(signal);
  }

  /** The connection to the server came back: the other side may have missed anything. */
  publish(): void {
    this.peer?.publish();
  }

  /** Mutes or unmutes. */
  setAudio(enabled: boolean): void {
    if (this.settings.audioEnabled === enabled) return;
    this.change({ audioEnabled: enabled });
    this.applyAudio();
    this.events.onSettings();
  }

  /** Stops the camera, light and all. */
  stopVideo(): void {
    if (!this.settings.videoEnabled) return;
    this.change({ videoEnabled: false });
    this.capture?.closeCamera();
    void this.replaceVideo();
    this.events.onSettings();
  }

  /** Opens the camera again; an audio call has none. */
  startVideo(): void {
    if (!this.isVideoCall || this.closed || this.settings.videoEnabled) return;
    this.change({ videoEnabled: true });
    if (!this.capture) return this.events.onSettings();
    this.capture.openCamera().then(
      () => {
        if (this.closed || !this.settings.videoEnabled) return;
        void this.replaceVideo();
        this.events.onSettings();
      },
      (cause: unknown) => {
        logWarning(`the camera did not open: ${String(cause)}`);
        this.change({ videoEnabled: false });
        this.events.onSettings();
      },
    );
  }

  /** Puts the call on hold or takes it back: on hold this side neither sends nor plays. */
  setHold(on: boolean): void {
    if (this.settings.onHold === on) return;
    this.change({ onHold: on });
    this.events.onSettings();
  }

  /** The other side's settings as the server has them. */
  handleRemoteSettings(_settings: MediaSettings): void {}

  /** Tells the other side directly that the call is over; before `close`. */
  tellEnd(): void {}

  /** The device may have another address. */
  networkChanged(): void {
    this.peer?.restart();
  }

  /** Stops all devices and closes the connection, for good. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    clearTimeout(this.downTimer);
    this.peer?.close();
    this.capture?.release();
    this.localView.setStream(null);
    this.remoteView.setStream(null);
    this.early = [];
  }

  private change(changes: Partial<MediaSettings>): void {
    this.settings = { ...this.settings, ...changes, revision: this.settings.revision + 1 };
  }

  private applyAudio(): void {
    if (this.capture?.audio) this.capture.audio.enabled = this.settings.audioEnabled;
  }

  private async replaceVideo(): Promise<void> {
    await this.peer?.replace("video", this.capture?.video).catch((cause: unknown) => {
      logWarning(`the camera's track was not replaced: ${String(cause)}`);
    });
  }

  private handleState(state: RTCPeerConnectionState): void {
    if (this.closed) return;
    if (state === "connected") this.handleUp();
    else if (state === "disconnected") this.handleDown();
    else if (state === "failed") {
      this.handleDown();
      this.peer?.restart();
    }
  }

  private handleUp(): void {
    clearTimeout(this.downTimer);
    const wasDown = this.isDown;
    this.isDown = false;
    if (this.wasUp && !wasDown) return;
    this.wasUp = true;
    this.events.onPath("up");
    if (wasDown) this.events.onReconnected();
  }

  private handleDown(): void {
    if (!this.wasUp || this.isDown) return;
    this.isDown = true;
    this.events.onPath("down");
    this.events.onReconnecting();
    this.downTimer = setTimeout(() => this.events.onPath("failed"), DOWN_LIMIT_MS);
  }
}
