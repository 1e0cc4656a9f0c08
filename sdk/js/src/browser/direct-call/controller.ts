/** Drives one call: turns the person's deeds into requests and the server's views into events. */

import {
  mySettings,
  otherSide,
  resultOfEnding,
  theirSettings,
  type CallEvent,
} from "../../core/calls.js";
import { durationMs } from "../../core/duration.js";
import {
  DirectCallEndResult,
  DirectCallUserRole,
  type EndResult,
  type Role,
} from "../../core/enums.js";
import { CallError, ErrorCode } from "../../core/errors.js";
import { DirectCallUser } from "../../core/user.js";
import type { CallView, MediaPath, MediaSettings, UserView, Verb } from "../../wire/protocol.js";
import { later, logWarning } from "../log.js";
import type { CallHost } from "./call-host.js";
import { callLog, type CallLog } from "./call-log.js";
import { CallMedia } from "./call-media.js";
import type { AcceptParams, DirectCall, DirectCallOption } from "./direct-call.js";
import { fire } from "./fire.js";
import { Seat } from "./seat.js";

/** An `end()` or a path given up that the server does not answer ends the call after this time. */
const END_LIMIT_MS = 3_000;
/**
 * The other side's word that it ended the call takes effect here after this time at the latest;
 * until then the server may say it with the true duration.
 */
const PEER_END_LIMIT_MS = 1_000;

/** An event of a call's object: one that views mean, or one of the media path. */
export type ObjectEvent = CallEvent | { readonly name: "onReconnecting" | "onReconnected" };

/** One call. */
export class Controller {
  /** Where the object stands that this controller drives. */
  seat = new Seat(this);
  readonly media: CallMedia;
  caller: DirectCallUser;
  callee: DirectCallUser;
  /** Set while `dial` waits for its answer: tells the application why it came to nothing. */
  onDialOver: ((error: CallError) => void) | undefined;
  private receivedAt = performance.now();
  /** The duration at the moment at which the call ended for the person. */
  private finalMs: number | undefined;
  private rang = false;
  private accepting = false;
  private ending = false;
  private opening: Promise<void> | undefined;
  private toldSettings: MediaSettings | undefined;
  /** What the dial wanted whose call this became. */
  private taken: MediaSettings | undefined;

  constructor(
    public view: CallView,
    readonly host: CallHost,
  ) {
    this.caller = new DirectCallUser(view.caller, DirectCallUserRole.CALLER);
    this.callee = new DirectCallUser(view.callee, DirectCallUserRole.CALLEE);
    this.media = new CallMedia(view.isVideoCall, {
      onSignal: (signal, leg) => {
        const toLeg = leg === undefined ? {} : { leg };
        host.oneShot({ verb: "signal", callId: this.view.callId, ...toLeg, signal });
      },
      onPath: (path) => this.handlePath(path),
      onReconnecting: () => this.fire({ name: "onReconnecting" }),
      onReconnected: () => this.fire({ name: "onReconnected" }),
      onSettings: () => this.handleOwnSettings(),
      onRemoteSettings: (settings) => {
        const { callId, myRole } = this.view;
        // What a view sets off is told after the events of that view.
        queueMicrotask(() => host.takeSettings(callId, otherSide(myRole), settings));
      },
      onRemoteEnd: () => this.handleRemoteEnd(),
    });
  }

  /** The object that the application holds. */
  get call(): DirectCall {
    return this.seat.call;
  }

  get isOver(): boolean {
    return this.view.state === "ended";
  }

  /** It is over, or about to be by this person's own deed. */
  get isEnding(): boolean {
    return this.isOver || this.ending;
  }

  /** It rings here and the person has neither answered nor refused. */
  get isRingingHere(): boolean {
    const { state, myRole } = this.view;
    if (this.accepting || this.ending) return false;
    return state === "ringing" && myRole === DirectCallUserRole.CALLEE;
  }

  /** The person takes part in it, and it is not on hold. */
  get isActive(): boolean {
    if (this.isOver || this.ending || this.isRingingHere) return false;
    return !this.media.settings.onHold;
  }

  get remoteSettings(): MediaSettings {
    return theirSettings(this.view);
  }

  duration(): number {
    if (!this.isOver && this.finalMs !== undefined) return this.finalMs;
    return durationMs(this.view, this.receivedAt, performance.now());
  }

  log(call: DirectCall): CallLog | null {
    return callLog(this.view, call.caller, call.callee);
  }

  /** The view after a change, without its events and without any effect on the media. */
  know(view: CallView): void {
    this.caller = keep(this.caller, view.caller, DirectCallUserRole.CALLER);
    this.callee = keep(this.callee, view.callee, DirectCallUserRole.CALLEE);
    // A view made here repeats the server's last figure, and the clock goes on from that.
    if (view.elapsedMs !== this.view.elapsedMs) this.receivedAt = performance.now();
    this.view = view;
  }

  /** The view after a change, without its events. */
  setView(view: CallView): void {
    const { media } = this;
    this.know(view);
    switch (view.state) {
      case "ringing":
        if (!this.ending) media.ring(view.myRole, view.calleeCandidates);
        break;
      case "established":
      case "connected":
        if (this.ending) break;
        media.handleRemoteSettings(theirSettings(view));
        media.establish(view.myRole, view.answeredLeg);
        break;
      case "ended":
        media.close();
    }
    this.syncSettings();
  }

  /** Runs the handler of an event, if there is one. */
  fire(event: ObjectEvent): void {
    if (this.ending && !this.isOver) return;
    fire(this.call, event);
  }

  /** The application was handed the ring: the caller may know that it rings here. */
  handleRung(): void {
    this.rang = true;
    if (this.isRingingHere) this.tell({ verb: "ringing", callId: this.view.callId });
  }

  /** The session is open again: what the others may have missed is published anew. */
  handleWelcome(isResumed: boolean): void {
    if (this.isOver || this.ending) return;
    if (!isResumed && this.rang) this.handleRung();
    this.media.publish();
  }

  /** Takes the media options of `dial` or `accept`. */
  takeOption(option: DirectCallOption): void {
    const { media } = this;
    // An absent view leaves one that was set before; applications pass null for "none yet".
    if (option.localMediaView) media.localView.setElement(option.localMediaView);
    if (option.remoteMediaView) media.remoteView.setElement(option.remoteMediaView);
    const { settings } = media;
    media.settings = {
      ...settings,
      audioEnabled: option.audioEnabled ?? settings.audioEnabled,
      videoEnabled: media.isVideoCall && (option.videoEnabled ?? settings.videoEnabled),
    };
  }

  /** The settings that `dial` carries to the server. */
  settingsToDial(): MediaSettings {
    this.toldSettings = this.media.settings;
    return this.toldSettings;
  }

  /** Answers a call that rings here. */
  accept(params: AcceptParams): void {
    if (!this.isRingingHere) return;
    this.takeOption(params.callOption ?? {});
    this.beginAccept();
    void this.sendAccept(this.view.callId, params.holdActiveCall === true);
  }

  /** The person answers here, by `accept` or by a dial of their own. */
  beginAccept(): void {
    this.accepting = true;
    this.media.accepting();
  }

  /** Opens the devices, once, however many deeds of the person lead here. */
  open(): Promise<void> {
    this.opening ??= this.media.open();
    return this.opening;
  }

  /** Takes over what the person wants to send, from the dial that answers this call. */
  takeSettings(dialled: Controller): void {
    const { media } = this;
    const { settings } = dialled.media;
    const videoEnabled = media.isVideoCall && settings.videoEnabled;
    const isOther = videoEnabled !== settings.videoEnabled;
    const revision = settings.revision + (isOther ? 1 : 0);
    media.settings = { ...settings, videoEnabled, revision };
    this.toldSettings = dialled.toldSettings;
    this.taken = settings;
  }

  /** Takes over its views, and what the person changed since its settings were taken. */
  takeRest(dialled: Controller): void {
    const { media, taken } = this;
    const { settings, localView, remoteView } = dialled.media;
    const [local, remote] = [localView.current, remoteView.current];
    localView.setElement(null);
    remoteView.setElement(null);
    if (local) media.localView.setElement(local);
    if (remote) media.remoteView.setElement(remote);
    if (!taken) return;
    if (settings.audioEnabled !== taken.audioEnabled) media.setAudio(settings.audioEnabled);
    if (settings.onHold !== taken.onHold) media.setHold(settings.onHold);
    if (settings.videoEnabled === taken.videoEnabled) return;
    if (settings.videoEnabled) media.startVideo();
    else media.stopVideo();
  }

  /** The two objects change places: each goes on with the other's call. */
  changeSeats(other: Controller): void {
    [this.seat, other.seat] = [other.seat, this.seat];
    this.seat.driver = this;
    other.seat.driver = other;
  }

  /** Cancels, declines or hangs up. */
  end(): void {
    if (this.isOver || this.ending) return;
    this.finalMs = this.duration();
    this.ending = true;
    this.media.tellEnd();
    this.media.close();
    const { callId, myRole } = this.view;
    if (this.onDialOver) {
      const text = "The call was ended before the server answered.";
      const error = new CallError(ErrorCode.DIAL_CANCELED, text);
      return this.failDial(DirectCallEndResult.CANCELED, error);
    }
    void this.sendEnd({ verb: "end", callId }, myRole, END_LIMIT_MS);
  }

  /** A dial came to nothing: the object ends at once, the application is told after the task. */
  failDial(result: EndResult, error: CallError): void {
    if (this.isOver) return;
    const tell = this.onDialOver;
    this.onDialOver = undefined;
    const by = result === DirectCallEndResult.CANCELED ? DirectCallUserRole.CALLER : undefined;
    this.close(result, by);
    later(() => {
      tell?.(error);
      this.fire({ name: "onEnded" });
    });
  }

  /** The object ends as things stand; its `onEnded` is the caller's to fire. */
  close(result: EndResult, by: Role | undefined): void {
    this.ending = true;
    const durationMs = this.duration();
    const ended = { result, at: Date.now(), durationMs, ...(by ? { by } : {}) };
    this.setView({ ...this.view, state: "ended", ended });
  }

  private async sendAccept(callId: string, holdActiveCall: boolean): Promise<void> {
    const { host, media } = this;
    let by: Role | undefined;
    try {
      await this.open();
      if (this.isOver || this.ending) return;
      if (holdActiveCall) host.holdOthers(this);
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
      by = DirectCallUserRole.CALLEE;
    }
    if (!this.isOver && this.view.state === "ringing") {
      host.endHere(callId, DirectCallEndResult.ACCEPT_FAILED, by);
    }
  }

  /** A path that was given up ends the call: by the server's word, or here if it is away too. */
  private handlePath(path: MediaPath): void {
    const { callId, state } = this.view;
    this.tell({ verb: "media", callId, path });
    if (path !== "failed" || state !== "connected") return;
    const endedAfterMs = this.duration();
    setTimeout(() => {
      if (this.isOver || this.ending) return;
      this.finalMs = endedAfterMs;
      this.host.endHere(callId, DirectCallEndResult.CONNECTION_LOST);
    }, END_LIMIT_MS);
  }

  /** The other side says over the data channel that it ended the call. */
  private handleRemoteEnd(): void {
    const { callId, myRole, state } = this.view;
    if (this.isOver || this.ending) return;
    // While it rings, a device of the callee speaks for itself alone: the server judges that.
    if (state === "ringing" && myRole === DirectCallUserRole.CALLER) return;
    this.finalMs = this.duration();
    this.ending = true;
    this.media.close();
    const body = { verb: "end", callId, endedByPeer: true } as const;
    void this.sendEnd(body, otherSide(myRole), PEER_END_LIMIT_MS);
  }

  private async sendEnd(body: Verb & { verb: "end" }, by: Role, limitMs: number): Promise<void> {
    const { host } = this;
    const endHere = (): void => {
      if (!this.isOver) host.endHere(body.callId, resultOfEnding(this.view, by), by);
    };
    const limit = setTimeout(endHere, limitMs);
    try {
      const reply = await host.request(body);
      if (reply.call) host.take(reply.call);
      if (reply.error) endHere();
    } catch {
      endHere();
    }
    // A decline of a busy device may leave the call as it is for others; here it is over.
    if (this.isOver) clearTimeout(limit);
  }

  private handleOwnSettings(): void {
    this.syncSettings();
    // What the application asked for is told after its own lines, as every event is.
    queueMicrotask(() => {
      const { callId, myRole } = this.view;
      if (!this.ending) this.host.takeSettings(callId, myRole, this.media.settings);
    });
  }

  /** Tells the server what this side sends, if it does not know yet. */
  private syncSettings(): void {
    const { view, media } = this;
    if (this.isOver || this.ending || view.callId === "") return;
    if (view.state === "ringing" && view.myRole === DirectCallUserRole.CALLEE) return;
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
  if (a.audioEnabled !== b.audioEnabled || a.videoEnabled !== b.videoEnabled) return false;
  return a.onHold === b.onHold;
}

/** The instance that applications hold stays the same as long as nothing changed. */
function keep(old: DirectCallUser, view: UserView, role: Role): DirectCallUser {
  const next = new DirectCallUser(view, role);
  return JSON.stringify(old) === JSON.stringify(next) ? old : next;
}
