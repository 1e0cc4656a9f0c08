/** Drives one call: turns the person's deeds into requests and the server's views into events. */

import { mySettings, resultOfEnding, theirSettings, type AppEvent } from "../../core/calls.js";
import { durationMs } from "../../core/duration.js";
import { DirectCallEndResult, type EndResult } from "../../core/enums.js";
import { CallError, ErrorCode } from "../../core/errors.js";
import { DirectCallUser } from "../../core/user.js";
import type { CallView, MediaSettings, Reply, UserView, Verb } from "../../wire/protocol.js";
import { contain, later, logWarning } from "../log.js";
import { callLog, type CallLog } from "./call-log.js";
import { CallMedia } from "./call-media.js";
import { DirectCall, type DirectCallOption } from "./direct-call.js";

/** What a call asks of the client. */
export interface CallHost {
  request(body: Verb): Promise<Reply>;
  oneShot(body: Verb): void;
  /** Takes in a view that a reply carried. */
  take(view: CallView): void;
  /** Ends the call by this device's own knowledge. */
  endHere(callId: string, result: EndResult): void;
}

/** An `end()` that the server does not answer takes effect here after this time. */
const END_LIMIT_MS = 10_000;

/** Events that a call's object has handlers for. */
type CallEventName = Exclude<AppEvent, "onRinging"> | "onReconnecting" | "onReconnected";

/** One call. */
export class Controller {
  readonly call: DirectCall;
  readonly media: CallMedia;
  caller: DirectCallUser;
  callee: DirectCallUser;
  /** Set while `dial` waits for its answer: tells the application why it came to nothing. */
  onDialOver: ((error: CallError) => void) | undefined;
  private receivedAt = performance.now();
  private accepting = false;
  private ending = false;
  private toldSettings: MediaSettings | undefined;

  constructor(
    public view: CallView,
    private readonly host: CallHost,
  ) {
    this.caller = new DirectCallUser(view.caller, "dc_caller");
    this.callee = new DirectCallUser(view.callee, "dc_callee");
    this.media = new CallMedia(view.isVideoCall, {
      onSignal: (signal) => host.oneShot({ verb: "signal", callId: this.view.callId, signal }),
      onPath: (path) => this.tell({ verb: "media", callId: this.view.callId, path }),
      onReconnecting: () => this.fire("onReconnecting"),
      onReconnected: () => this.fire("onReconnected"),
      onSettings: () => this.syncSettings(),
    });
    this.call = new DirectCall(this);
  }

  get isOver(): boolean {
    return this.view.state === "ended";
  }

  get remoteSettings(): MediaSettings {
    return theirSettings(this.view);
  }

  duration(): number {
    return durationMs(this.view, this.receivedAt, performance.now());
  }

  log(call: DirectCall): CallLog | null {
    return callLog(this.view, call.caller, call.callee);
  }

  /** The view after a change, without its events. */
  setView(view: CallView): void {
    this.caller = keep(this.caller, view.caller, "dc_caller");
    this.callee = keep(this.callee, view.callee, "dc_callee");
    this.view = view;
    this.receivedAt = performance.now();
    if (view.state === "established" || view.state === "connected") {
      if (!this.ending) this.media.establish(view.myRole === "dc_caller");
    } else if (view.state === "ended") {
      this.media.close();
    }
    this.syncSettings();
  }

  /** Runs the handler of an event, if there is one. */
  fire(event: CallEventName): void {
    if (this.ending && event !== "onEnded") return;
    const handler = this.call[event];
    if (typeof handler === "function") contain(event, () => handler(this.call));
  }

  /** The session is open again: what the other device may have missed is published anew. */
  handleWelcome(): void {
    if (!this.isOver && !this.ending) this.media.publish();
  }

  /** Takes the media options of `dial` or `accept`. */
  takeOption(option: DirectCallOption): void {
    const { media } = this;
    // An absent view leaves one that was set before; applications pass null for "none yet".
    if (option.localMediaView) media.localView.setElement(option.localMediaView);
    if (option.remoteMediaView) media.remoteView.setElement(option.remoteMediaView);
    const { audioEnabled, videoEnabled } = media.settings;
    media.settings = {
      audioEnabled: option.audioEnabled ?? audioEnabled,
      videoEnabled: media.isVideoCall && (option.videoEnabled ?? videoEnabled),
    };
  }

  /** The settings that `dial` carries to the server. */
  settingsToDial(): MediaSettings {
    this.toldSettings = this.media.settings;
    return this.toldSettings;
  }

  /** Answers a call that rings here. */
  accept(option: DirectCallOption): void {
    const { view } = this;
    if (view.state !== "ringing" || view.myRole === "dc_caller") return;
    if (this.accepting || this.ending) return;
    this.accepting = true;
    this.takeOption(option);
    void this.sendAccept(view.callId);
  }

  /** Cancels, declines or hangs up. */
  end(): void {
    if (this.isOver || this.ending) return;
    this.ending = true;
    this.media.close();
    const { callId } = this.view;
    if (this.onDialOver) {
      const text = "The call was ended before the server answered.";
      const error = new CallError(ErrorCode.DIAL_CANCELED, text);
      return this.failDial(DirectCallEndResult.CANCELED, error);
    }
    void this.sendEnd(callId);
  }

  /** A dial came to nothing: the object ends at once, the application is told after the task. */
  failDial(result: EndResult, error: CallError): void {
    if (this.isOver) return;
    const tell = this.onDialOver;
    this.onDialOver = undefined;
    this.ending = true;
    const by = result === DirectCallEndResult.CANCELED ? { by: "dc_caller" as const } : {};
    const ended = { result, at: Date.now(), durationMs: 0, ...by };
    this.setView({ ...this.view, state: "ended", ended });
    later(() => {
      tell?.(error);
      this.fire("onEnded");
    });
  }

  private async sendAccept(callId: string): Promise<void> {
    const { host, media } = this;
    try {
      await media.open();
      if (this.isOver || this.ending) return;
      const { settings } = media;
      this.toldSettings = settings;
      const reply = await host.request({ verb: "accept", callId, settings });
      if (reply.call) host.take(reply.call);
      if (!reply.error) return;
      logWarning(`accept was refused: ${reply.error.message}`);
    } catch (cause) {
      if (this.isOver || this.ending) return;
      logWarning(`accept failed: ${String(cause)}`);
      // The person meant to answer here and cannot; the caller shall not wait for it.
      this.tell({ verb: "end", callId });
    }
    if (!this.isOver && this.view.state === "ringing") {
      host.endHere(callId, DirectCallEndResult.ACCEPT_FAILED);
    }
  }

  private async sendEnd(callId: string): Promise<void> {
    const { host } = this;
    const endHere = (): void => {
      if (!this.isOver) host.endHere(callId, resultOfEnding(this.view) as EndResult);
    };
    const limit = setTimeout(endHere, END_LIMIT_MS);
    try {
      const reply = await host.request({ verb: "end", callId });
      if (reply.call) host.take(reply.call);
      if (reply.error) endHere();
    } catch {
      endHere();
    }
    // A decline of a busy device may leave the call as it is for others; here it is over.
    if (this.isOver) clearTimeout(limit);
  }

  /** Tells the server what this side sends, if it does not know yet. */
  private syncSettings(): void {
    const { view, media } = this;
    if (this.isOver || this.ending || view.callId === "") return;
    if (view.state === "ringing" && view.myRole === "dc_callee") return;
    const known = this.toldSettings ?? mySettings(view);
    if (same(known, media.settings)) return;
    this.toldSettings = media.settings;
    this.tell({ verb: "settings", callId: view.callId, settings: media.settings });
  }

  /** Sends what needs no answer; a refusal comes from a call that is over. */
  private tell(body: Verb): void {
    this.host.request(body).then(
      (reply) => {
        if (reply.call) this.host.take(reply.call);
      },
      () => undefined,
    );
  }
}

function same(a: MediaSettings, b: MediaSettings): boolean {
  return a.audioEnabled === b.audioEnabled && a.videoEnabled === b.videoEnabled;
}

/** The instance that applications hold stays the same as long as nothing changed. */
function keep(old: DirectCallUser, view: UserView, role: "dc_caller" | "dc_callee") {
  const next = new DirectCallUser(view, role);
  return JSON.stringify(old) === JSON.stringify(next) ? old : next;
}
