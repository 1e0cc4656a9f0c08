/** The local camera and microphone of one call, from the person's own deed to the end. */

import { CallError, ErrorCode } from "../../core/errors.js";
import type { MediaSettings } from "../../wire/protocol.js";

/** The documented limits of video. */
const VIDEO: MediaTrackConstraints = {
  width: { ideal: 1280, max: 1280 },
  height: { ideal: 720, max: 720 },
  frameRate: { ideal: 24, max: 24 },
};

/**
 * What this device sends. Only `dial`, `accept`, `startVideo` and the like may call `open` and
 * `openCamera`: no message from the network leads here (P7). After `release` nothing captures,
 * also if the browser hands out a device only then.
 */
export class Capture {
  /** One stream for the whole call; tracks come and go, so views need not be set again. */
  readonly stream: MediaStream = new MediaStream();
  private released = false;
  private cameraWanted = 0;

  /** Opens what `settings` ask for; gives back what there really is. */
  async open(settings: MediaSettings, isVideoCall: boolean): Promise<MediaSettings> {
    const wantsVideo = isVideoCall && settings.videoEnabled;
    await this.acquire({ audio: true, video: wantsVideo && VIDEO });
    const [audio] = this.stream.getAudioTracks();
    if (audio) audio.enabled = settings.audioEnabled;
    return {
      ...settings,
      audioEnabled: settings.audioEnabled && audio !== undefined,
      videoEnabled: this.stream.getVideoTracks().length > 0,
    };
  }

  /** The microphone's track. */
  get audio(): MediaStreamTrack | undefined {
    return this.stream.getAudioTracks()[0];
  }

  /** The camera's track. */
  get video(): MediaStreamTrack | undefined {
    return this.stream.getVideoTracks()[0];
  }

  /** Opens the camera; gives its track unless it was closed again meanwhile. */
  async openCamera(): Promise<MediaStreamTrack | undefined> {
    if (this.released || this.video) return this.video;
    const wanted = ++this.cameraWanted;
    const opened = await devices().getUserMedia({ video: VIDEO });
    if (this.released || wanted !== this.cameraWanted || this.video) {
      stopAll(opened);
      return this.video;
    }
    for (const track of opened.getVideoTracks()) this.stream.addTrack(track);
    return this.video;
  }

  /** Stops the camera, so that its light goes off. */
  closeCamera(): void {
    this.cameraWanted++;
    for (const track of this.stream.getVideoTracks()) {
      track.stop();
      this.stream.removeTrack(track);
    }
  }

  /** Stops everything, for good. */
  release(): void {
    this.released = true;
    stopAll(this.stream);
    for (const track of this.stream.getTracks()) this.stream.removeTrack(track);
  }

  /** A missing device is done without; a refused one is an error. */
  private async acquire(wanted: MediaStreamConstraints): Promise<void> {
    try {
      this.adopt(await devices().getUserMedia(wanted));
    } catch (cause) {
      if (cause instanceof CallError || !isMissing(cause)) throw refused(cause);
      if (!wanted.video || this.released) return;
      await this.acquire({ audio: true }).catch(() => undefined);
      if (this.audio || this.released) return;
      await this.acquire({ video: wanted.video, audio: false }).catch(() => undefined);
    }
  }

  private adopt(opened: MediaStream): void {
    if (this.released) return stopAll(opened);
    for (const track of opened.getTracks()) this.stream.addTrack(track);
  }
}

function devices(): MediaDevices {
  const found = globalThis.navigator?.mediaDevices as MediaDevices | undefined;
  if (found) return found;
  throw new CallError(
    ErrorCode.ERR_REQUEST_FAILED,
    "The browser gives no camera or microphone here: open the page over https or on localhost.",
  );
}

function isMissing(cause: unknown): boolean {
  const name = (cause as { name?: unknown } | null)?.name;
  return name === "NotFoundError" || name === "NotReadableError" || name === "OverconstrainedError";
}

function refused(cause: unknown): CallError {
  if (cause instanceof CallError) return cause;
  const detail = cause instanceof Error ? cause.message : String(cause);
  const text = `The browser did not give the camera or microphone: ${detail}`;
  return new CallError(ErrorCode.ERR_REQUEST_FAILED, text);
}

function stopAll(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}
