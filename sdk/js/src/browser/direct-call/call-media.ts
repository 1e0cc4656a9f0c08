/** The media of one call: capture, peer connection, views, and the state of the path. */

import type { MediaPath, MediaSettings, Signal } from "../../wire/protocol.js";
import { logWarning } from "../log.js";
import { Capture } from "../media/capture.js";
import { Peer } from "../media/peer.js";
import { MediaView } from "../media/view.js";

/** What the media tells the call. */
export interface MediaEvents {
  onSignal(signal: Signal): void;
  onPath(path: MediaPath): void;
  onReconnecting(): void;
  onReconnected(): void;
  onSettings(): void;
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
  settings: MediaSettings = { audioEnabled: true, videoEnabled: true };
  private capture: Capture | undefined;
  private peer: Peer | undefined;
  private early: Signal[] = [];
  private closed = false;
  private wasUp = false;
  private isDown = false;
  private downTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly isVideoCall: boolean,
    private readonly events: MediaEvents,
  ) {
    this.settings = { audioEnabled: true, videoEnabled: isVideoCall };
  }

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
      audioEnabled: opened.audioEnabled && this.settings.audioEnabled,
      videoEnabled: opened.videoEnabled && this.settings.videoEnabled,
    };
    this.applyAudio();
    if (!this.settings.videoEnabled) capture.closeCamera();
    this.localView.setStream(capture.stream);
  }

  /** The call is established: the peer connection comes to life. */
  establish(isCaller: boolean): void {
    if (this.closed || this.peer) return;
    // An empty capture sends nothing: media that the person did not open stays closed.
    this.capture ??= new Capture();
    this.peer = new Peer({
      isCaller,
      isVideoCall: this.isVideoCall,
      capture: this.capture,
      events: {
        onSignal: (signal) => this.events.onSignal(signal),
        onConnectionState: (state) => this.handleState(state),
      },
    });
    this.remoteView.setStream(this.peer.remote);
    for (const signal of this.early) this.peer.handleSignal(signal);
    this.early = [];
  }

  /** Takes in the other side's negotiation state. */
  handleSignal(signal: Signal): void {
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
    this.settings = { ...this.settings, audioEnabled: enabled };
    this.applyAudio();
    this.events.onSettings();
  }

  /** Stops the camera, light and all. */
  stopVideo(): void {
    if (!this.settings.videoEnabled) return;
    this.settings = { ...this.settings, videoEnabled: false };
    this.capture?.closeCamera();
    void this.replaceVideo();
    this.events.onSettings();
  }

  /** Opens the camera again; an audio call has none. */
  startVideo(): void {
    if (!this.isVideoCall || this.closed || this.settings.videoEnabled) return;
    this.settings = { ...this.settings, videoEnabled: true };
    if (!this.capture) return this.events.onSettings();
    this.capture.openCamera().then(
      () => {
        if (this.closed || !this.settings.videoEnabled) return;
        void this.replaceVideo();
        this.events.onSettings();
      },
      (cause: unknown) => {
        logWarning(`the camera did not open: ${String(cause)}`);
        this.settings = { ...this.settings, videoEnabled: false };
        this.events.onSettings();
      },
    );
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
