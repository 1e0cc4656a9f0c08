/** The media of one call: capture, peer connection, views, and the state of the path. */

import type { Role } from "../../core/enums.js";
import type { PeerMessage } from "../../core/peer-message.js";
import type { PathEffect } from "../../core/path.js";
import type { CandidateTiming, MediaPath, MediaSettings, Signal } from "../../wire/protocol.js";
import { logWarning } from "../log.js";
import { Capture } from "../media/capture.js";
import { Legs } from "../media/legs.js";
import { PathWatch } from "../media/path-watch.js";
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

/**
 * Media from the person's deed to the end of the call. While it rings the two sides look for a
 * path, without capture and without tracks; tracks are sent only from `establish` on, which
 * follows the server's word that this leg was answered (P7).
 */
export class CallMedia {
  readonly localView = new MediaView(true);
  readonly remoteView = new MediaView(false);
  /** What this side sends, or will. */
  settings: MediaSettings;
  private readonly legs: Legs;
  private isVideo: boolean;
  private capture: Capture | undefined;
  private watch: PathWatch | undefined;
  private remote: MediaSettings | undefined;
  private lastWords = false;
  private closed = false;

  constructor(
    isVideoCall: boolean,
    private readonly events: CallMediaEvents,
  ) {
    this.isVideo = isVideoCall;
    this.settings = { audioEnabled: true, videoEnabled: isVideoCall, onHold: false, revision: 0 };
    this.legs = new Legs({
      onSignal: (signal, leg) => events.onSignal(signal, leg),
      onSign: (sign) => this.watch?.handleSign(sign),
      onAttempt: () => this.watch?.handleAttemptSeen(),
      onOpen: () => this.tellSettings(),
      onMessage: (message) => this.handleMessage(message),
    });
  }

  /** Whether the call may carry video. */
  get isVideoCall(): boolean {
    return this.isVideo;
  }

  /** Opens the devices. Only the person's own `dial` or `accept` leads here. */
  async open(): Promise<void> {
    if (this.closed) return;
    const capture = new Capture();
    this.capture = capture;
    const opened = await capture.open(this.settings, this.isVideo);
    if (this.closed) return;
    // The person may have muted or stopped the camera while the browser asked.
    const audioEnabled = opened.audioEnabled && this.settings.audioEnabled;
    const videoEnabled = opened.videoEnabled && this.settings.videoEnabled;
    if (audioEnabled !== this.settings.audioEnabled) this.change({ audioEnabled });
    if (videoEnabled !== this.settings.videoEnabled) this.change({ videoEnabled });
    if (!videoEnabled || this.settings.onHold) capture.closeCamera();
    this.applyTracks();
    this.localView.setStream(capture.stream);
  }

  /** The call turned out to be an audio call: its camera is closed at once and never opened. */
  becomeAudioCall(): void {
    if (!this.isVideo) return;
    this.isVideo = false;
    this.stopVideo();
  }

  /** It rings: the two sides look for a path. Repeating it changes nothing. */
  ring(role: Role, candidates: CandidateTiming): void {
    if (!this.closed) this.legs.ring(role, this.isVideo, candidates);
  }

  /** The person answers here: kept candidates are told. */
  accepting(): void {
    this.legs.release();
  }

  /** The call is answered, by the device that has this leg. Repeating it changes nothing. */
  establish(role: Role, answeredLeg: number | undefined): void {
    if (this.closed || this.watch) return;
    // An empty capture sends nothing: media that the person did not open stays closed.
    this.capture ??= new Capture();
    const isEarly = this.legs.establish(role, this.isVideo, answeredLeg);
    const { winner } = this.legs;
    if (!winner) return;
    this.watch = new PathWatch(role, isEarly, (effect) => this.follow(effect));
    this.applyTracks();
    this.remoteView.setStream(winner.remote);
    this.tellSettings();
    this.watch.handleSign(winner.sign);
    this.legs.tellHeard();
  }

  /** Takes in the other side's negotiation state. */
  handleSignal(signal: Signal, leg: number): void {
    this.legs.handleSignal(signal, leg, this.isVideo);
  }

  /** The other side's settings as the server has them. */
  handleRemoteSettings(settings: MediaSettings): void {
    if (this.remote && settings.revision <= this.remote.revision) return;
    this.remote = settings;
    this.applyTracks();
  }

  /** The connection to the server came back: the other side may have missed anything. */
  publish(): void {
    this.legs.publish();
  }

  /** The device may have another address: looks for a new path. */
  networkChanged(): void {
    if (this.watch) this.watch.handleNetworkChange();
    else this.legs.restart();
  }

  /** Mutes or unmutes. */
  setAudio(enabled: boolean): void {
    if (this.settings.audioEnabled === enabled) return;
    this.change({ audioEnabled: enabled });
    this.applyTracks();
    this.announce();
  }

  /** Stops the camera, light and all. */
  stopVideo(): void {
    if (!this.settings.videoEnabled) return;
    this.change({ videoEnabled: false });
    this.capture?.closeCamera();
    this.applyTracks();
    this.announce();
  }

  /** Opens the camera again; an audio call has none, a held call opens it when it is taken back. */
  startVideo(): void {
    if (!this.isVideo || this.closed || this.settings.videoEnabled) return;
    this.change({ videoEnabled: true });
    if (!this.capture || this.settings.onHold) return this.announce();
    void this.reopenCamera().then((isOpen) => isOpen && this.announce());
  }

  /**
   * Puts the call on hold: this side neither sends nor plays, and the camera's light goes off. Or
   * takes it back: what the settings say is sent again.
   */
  setHold(on: boolean): void {
    if (this.closed || this.settings.onHold === on) return;
    this.change({ onHold: on });
    if (on) this.capture?.closeCamera();
    this.applyTracks();
    this.announce();
    if (!on && this.settings.videoEnabled && this.capture) void this.reopenCamera();
  }

  /** Tells the other side directly that the call is over; before `close`. */
  tellEnd(): void {
    const { winner } = this.legs;
    if (!winner?.canSay) return;
    this.lastWords = true;
    winner.say({ kind: "end" });
  }

  /** Stops all devices and closes the connections, for good. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.watch?.stop();
    this.legs.close(this.lastWords);
    this.capture?.release();
    this.localView.setStream(null);
    this.remoteView.setStream(null);
  }

  private change(changes: Partial<MediaSettings>): void {
    this.settings = { ...this.settings, ...changes, revision: this.settings.revision + 1 };
  }

  private announce(): void {
    this.events.onSettings();
    this.tellSettings();
  }

  private tellSettings(): void {
    this.legs.winner?.say({ kind: "settings", settings: this.settings });
  }

  /** Whether it is open, as it was wanted; if the browser refuses, the settings say so. */
  private async reopenCamera(): Promise<boolean> {
    try {
      await this.capture?.openCamera();
    } catch (cause) {
      logWarning(`the camera did not open: ${String(cause)}`);
      if (this.closed || !this.settings.videoEnabled) return false;
      this.change({ videoEnabled: false });
      this.announce();
    }
    if (this.closed || !this.settings.videoEnabled) return false;
    this.applyTracks();
    return true;
  }

  /** Makes what is sent and played what the settings of both sides say. */
  private applyTracks(): void {
    const { capture, settings } = this;
    const { winner } = this.legs;
    if (capture?.audio) capture.audio.enabled = settings.audioEnabled;
    if (!winner || this.closed) return;
    const sends = !settings.onHold && !this.remote?.onHold;
    winner.attach("audio", sends ? capture?.audio : undefined);
    winner.attach("video", sends ? capture?.video : undefined);
    winner.setPlaying(!settings.onHold);
  }

  private handleMessage(message: PeerMessage): void {
    if (this.closed) return;
    if (message.kind === "end") return this.events.onRemoteEnd();
    this.handleRemoteSettings(message.settings);
    this.events.onRemoteSettings(message.settings);
  }

  private follow(effect: PathEffect): void {
    const { winner } = this.legs;
    switch (effect) {
      case "up":
        return this.events.onPath("up");
      case "down":
        this.events.onPath("down");
        return this.events.onReconnecting();
      case "up_again":
        this.events.onPath("up");
        return this.events.onReconnected();
      case "failed":
        return this.events.onPath("failed");
      case "restart":
        return winner?.restart();
      case "renew":
        return winner?.refresh();
    }
  }
}
